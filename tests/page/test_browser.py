"""The page in a real browser, beside a real daemon and the sandbox."""

from pathlib import Path

import browsing
import pytest
from playwright.sync_api import Browser, Page, expect

from seedance_watch import samples


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A picture to drop."""
    samples.copy("boat.jpg", tmp_path / "boat.jpg")
    return tmp_path / "boat.jpg"


def shots(page: Page, count: int) -> None:
    """Wait until so many videos are on the contact sheet."""
    expect(page.locator(".shot")).to_have_count(count)


@pytest.mark.usefixtures("daemon")
def test_a_picture_dropped_on_the_page_becomes_a_video_that_plays(
    browser: Browser, site: browsing.Site, picture: Path
) -> None:
    """Nobody reloads, no other host is asked, and text that looks like markup stays text."""
    with browsing.window(browser, base_url=site.url) as window:
        page = window.page
        page.goto("/")
        expect(page.get_by_text("No video yet")).to_be_visible()
        page.evaluate("document.documentElement.dataset.stays = 'yes'")
        browsing.drop_file(page, picture)
        page.get_by_label("What should happen?").fill("<img src=x onerror=alert(1)> rocks")
        page.get_by_role("button", name="Make it").click()

        shots(page, 1)
        expect(page.locator(".shot .prompt")).to_have_text("<img src=x onerror=alert(1)> rocks")
        page.get_by_role("button", name="Play boat").click()
        window.plays(page.locator(".shot video"))

        assert page.evaluate("document.documentElement.dataset.stays") == "yes"
        assert [each for each in window.asked if not each.startswith(f"{site.url}/")] == []
        assert window.errors == []
