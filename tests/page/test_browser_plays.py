"""What the sandbox renders is what a browser plays."""

from pathlib import Path

import browsing
from playwright.sync_api import Browser

from seedance_watch.sandbox.render import VideoSpec, render


def test_a_browser_plays_the_sandbox_videos(browser: Browser, tmp_path: Path) -> None:
    """H.264 from the sandbox plays in Chromium, so a test may ask that of the page's videos."""
    spec = VideoSpec(images=(), prompt="", duration_s=2, short_side_px=64, ratio=None, fps=6)
    (tmp_path / "shot.mp4").write_bytes(render(spec))
    (tmp_path / "page.html").write_text("<video src=shot.mp4 muted autoplay loop></video>")

    with browsing.window(browser) as window:
        window.page.goto((tmp_path / "page.html").as_uri())

        window.plays(window.page.locator("video"))
