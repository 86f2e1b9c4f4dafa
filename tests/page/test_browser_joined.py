"""A joined video plays from its first picture to its last, through its joints."""

from pathlib import Path

import browsing
from playwright.sync_api import Browser

from seedance_watch.app.joining import joined
from seedance_watch.media.decoders import Decoders
from seedance_watch.sandbox.render import VideoSpec, render

PAGE = """<video src=film.mp4 muted></video><script>
const video = document.querySelector("video");
video.onended = () => { window.over = video.getVideoPlaybackQuality().totalVideoFrames };
video.play();
</script>"""


def test_a_browser_plays_a_joined_video_to_its_end(browser: Browser, tmp_path: Path) -> None:
    """Every picture of every shot comes by, and it lasts as long as all of them."""
    shots = [tmp_path / f"shot{number}.mp4" for number in range(3)]
    for number, shot in enumerate(shots):
        spec = VideoSpec(
            images=(), prompt="", duration_s=1, short_side_px=64, ratio=None, fps=6, seed=number
        )
        shot.write_bytes(render(spec))
    joined(shots, tmp_path / "film.mp4", Decoders(), max_bytes=10**9)
    (tmp_path / "page.html").write_text(PAGE)

    with browsing.window(browser) as window:
        window.page.goto((tmp_path / "page.html").as_uri())
        window.until(lambda: window.page.evaluate("window.over"))

        assert window.page.evaluate("window.over") == 18
        assert window.page.evaluate("video.duration") == 3
        assert window.page.evaluate("video.error") is None
