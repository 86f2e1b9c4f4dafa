"""The pictures of docs/PAGE.md, from a real run: `pytest tests/page --write-screenshots`."""

import io
from pathlib import Path
from typing import Any

import browsing
import pytest
import serving
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from seedance_watch import samples

TO = browsing.ROOT / "docs/images"
MOST_BYTES = 150_000
DESK: Any = {"viewport": {"width": 1280, "height": 860}, "color_scheme": "light"}
PHONE: Any = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
    "color_scheme": "light",
}
SHOTS = (
    ("ridge/shot01", "mountains.jpg", "mist drifts over the ridges, the first light comes"),
    ("ridge/shot02", "forest.jpg", "light falls between the trees, slow push in"),
    ("harbour/lighthouse", "lighthouse.jpg", "the lamp turns once, the waves glitter"),
    ("harbour/boat", "boat.jpg", "the boat rocks gently, rain begins"),
    ("city/dusk", "city.png", "windows light up one after another"),
    ("ridge/shot03", "mountains.jpg", "a flock of birds crosses the valley"),
)


def drop(site: browsing.Site, name: str, picture: str, wish: str) -> None:
    """Drop a sample picture with a wish."""
    path = (site.studio.inbox / name).with_suffix(Path(picture).suffix)
    path.parent.mkdir(parents=True, exist_ok=True)
    samples.copy(picture, path)
    path.with_suffix(".toml").write_text(f"{wish}\n", encoding="utf-8")


def keep(page: Page, name: str) -> None:
    """Write what the page looks like, small."""
    page.wait_for_function("[...document.images].every((each) => each.complete)")
    page.wait_for_timeout(1500)  # posters have no event of their own
    shot = Image.open(io.BytesIO(page.screenshot(animations="disabled")))
    TO.mkdir(parents=True, exist_ok=True)
    path = TO / f"{name}.webp"
    for quality in (88, 80, 70, 60):
        shot.convert("RGB").save(path, quality=quality, method=6)
        if path.stat().st_size < MOST_BYTES:
            return
    raise AssertionError(f"{name} is too large")


def test_the_pictures_are_from_a_real_run(
    browser: Browser, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Videos, a running task, a mistake, a job that waits for tomorrow's budget."""
    if not request.config.getoption("--write-screenshots"):
        pytest.skip("only with --write-screenshots")
    with browsing.site(tmp_path) as site:
        site.sandbox.turn(tiny_videos="no", video_scale=0.5, fps=12)
        site.studio.configure(watch='name = "studio"')
        site.studio.configure(more="[providers.rivya.budget]\nper_day = 130")
        site.studio.configure(more="[providers.segmind.budget]\nper_month = 5")
        desk = browsing.window(browser, base_url=site.url, **DESK)
        with serving.daemon(site.studio), desk as large:
            page = large.page
            page.goto("/")
            site.sandbox.turn(time_factor=1.0, rivya_processing_s="14-16", rivya_queue_s="0-1")
            for name, picture, prompt in SHOTS:
                drop(site, name, picture, f'prompt = "{prompt}"')
            expect(page.locator(".shot")).to_have_count(len(SHOTS))
            site.sandbox.turn(rivya_processing_s="60-90")
            drop(site, "city/night", "city.png", 'prompt = "rain on the streets"\ndurration = 5')
            drop(site, "storm/shot04", "lighthouse.jpg", 'prompt = "the storm comes closer"')
            expect(page.locator(".row.making")).to_have_count(1)
            drop(site, "storm/shot05", "boat.jpg", 'prompt = "the sail tears"\ntakes = 2')
            expect(page.locator(".row.held")).to_have_count(1)
            expect(page.locator(".row.making")).to_have_count(2)
            page.wait_for_timeout(5000)
            page.mouse.move(0, 0)
            page.evaluate("document.querySelector('#said').textContent = ''")
            keep(page, "page-desktop")
            page.emulate_media(color_scheme="dark")
            keep(page, "page-dark")
            page.locator(".shot h3 a").nth(3).click()
            expect(page.get_by_role("heading", name="What happened")).to_be_visible()
            keep(page, "page-job")
            with browsing.window(browser, base_url=site.url, **PHONE) as small:
                small.page.goto("/")
                expect(small.page.locator(".shot")).to_have_count(len(SHOTS))
                keep(small.page, "page-phone")
