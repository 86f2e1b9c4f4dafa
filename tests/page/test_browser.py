"""The page in a real browser, beside a real daemon and the sandbox."""

from pathlib import Path

import browsing
import pytest
import serving
from playwright.sync_api import Browser, expect

from seedance_watch import samples


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A picture to drop."""
    samples.copy("boat.jpg", tmp_path / "boat.jpg")
    return tmp_path / "boat.jpg"


@pytest.mark.usefixtures("daemon")
def test_a_picture_dropped_on_the_page_becomes_a_video_that_plays(
    browser: Browser, site: browsing.Site, picture: Path, daemon: serving.Running
) -> None:
    """Nobody reloads, nothing is asked of another host, and the console stays silent."""
    with browsing.window(browser, base_url=site.url) as window:
        page = window.page
        page.on("response", lambda r: r.request.method == "POST" and print("POST", r.status, r.headers, r.text(), r.request.headers))
        page.on("requestfailed", lambda r: print("FAILED", r.url, r.failure))
        page.goto("/")
        expect(page.get_by_text("No video yet")).to_be_visible()
        page.evaluate("document.documentElement.dataset.stays = 'yes'")
        browsing.drop_file(page, picture)
        page.get_by_label("What should happen?").fill("the boat <b>rocks</b> gently")
        page.get_by_role("button", name="Make it").click()

        page.wait_for_timeout(4000); page.screenshot(path="/tmp/mock/real.png", full_page=True); print(window.errors, daemon.lines[-30:])
        expect(page.locator(".shot")).to_have_count(1, timeout=5000)
        expect(page.locator(".shot .prompt")).to_have_text("the boat <b>rocks</b> gently")
        page.get_by_role("button", name="Play boat").click()
        window.plays(page.locator(".shot video"))

        assert page.evaluate("document.documentElement.dataset.stays") == "yes"
        assert [each for each in window.asked if not each.startswith(f"{site.url}/")] == []
        assert window.errors == []
