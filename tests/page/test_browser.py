"""The page in a real browser, beside a real daemon and the sandbox."""

import json
from pathlib import Path
from typing import Any

import browsing
import pytest
import serving
from playwright.sync_api import Browser, Page, expect

from seedance_watch import samples

PHONE: Any = {
    "viewport": {"width": 360, "height": 740},
    "is_mobile": True,
    "has_touch": True,
    "color_scheme": "dark",
    "reduced_motion": "reduce",
}
_SMALL = """() => [...document.querySelectorAll("a, button, summary, input, select, textarea")]
  .map((each) => [each, (each.closest("label.zone") ?? each).getBoundingClientRect()])
  .filter(([, { width, height }]) => width > 1 && height > 1 && height < 44)
  .map(([each, { height }]) => `${each.outerHTML.slice(0, 80)} ${height}`)"""


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A picture to drop."""
    samples.copy("boat.jpg", tmp_path / "boat.jpg")
    return tmp_path / "boat.jpg"


def shots(page: Page, count: int) -> None:
    """Wait until so many videos are on the contact sheet."""
    expect(page.locator(".shot")).to_have_count(count)


def readable(page: Page) -> None:
    """Let axe-core look for what somebody could not read or reach."""
    page.evaluate(f"async () => {{ {browsing.axe()} }}")
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = page.evaluate("(values) => axe.run({ runOnly: { type: 'tag', values } })", tags)
    said = [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
    assert said == []


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
        video = page.locator(".shot video")
        page.locator(".shot .frame").hover()
        window.plays(video)
        page.get_by_role("button", name="Play boat").click()
        window.plays(video)

        site.studio.drop('prompt = "waves"', name="second")
        shots(page, 2)
        window.plays(page.locator(".frame.open video"))  # the other one disturbed nothing
        assert page.evaluate("document.documentElement.dataset.stays") == "yes"
        assert [each for each in window.asked if not each.startswith(f"{site.url}/")] == []
        assert window.errors == []


@pytest.mark.usefixtures("daemon")
def test_mistakes_are_said_beside_their_field_and_corrected(
    browser: Browser, site: browsing.Site, picture: Path
) -> None:
    """No prompt and no picture, a provider that fails: read, corrected, tried again to a video."""
    site.sandbox.fault("task_failed", "rivya.create")
    with browsing.window(browser, base_url=site.url) as window:
        page = window.page
        page.goto("/")
        prompt, make = page.get_by_label("What should happen?"), page.get_by_text("Make it")
        broken = picture.with_name("broken.png")
        broken.write_bytes(b"\x89PNG\r\n\x1a\nno picture")
        page.get_by_label("Picture", exact=True).set_input_files(broken)
        prompt.fill("waves")
        make.click()
        expect(page.locator("#wrong-image")).not_to_be_empty()
        page.get_by_label("Picture", exact=True).set_input_files(picture)
        prompt.fill("")
        make.click()
        expect(page.locator("#wrong-prompt")).to_contain_text("prompt")
        expect(prompt).to_be_focused()
        prompt.fill("waves")
        expect(page.locator("#wrong-prompt")).to_be_empty()
        make.click()

        failed = page.locator(".row.failed")
        expect(failed.locator(".why")).to_contain_text("refused the image")
        failed.get_by_role("button", name="Correct it").click()
        expect(page.locator(".chosen")).to_contain_text("boat.jpg")
        expect(prompt).to_have_value("waves")
        prompt.fill("calm waves")
        make.click()
        shots(page, 1)
        expect(page.locator(".shot .prompt")).to_have_text("calm waves")
        expect(failed).to_have_count(0)

        site.sandbox.fault("task_failed", "rivya.create")
        site.studio.drop('prompt = "more waves"', name="second")
        failed.locator("summary").click()
        failed.get_by_role("button", name="I am sure").click()
        shots(page, 2)
        expect(failed).to_have_count(0)
        wrong = [each for each in window.errors if "422 POST" not in each]
        assert wrong == []


def test_held_jobs_are_released_and_cancelled(browser: Browser, site: browsing.Site) -> None:
    """By keyboard alone, on a page that was never reloaded."""
    site.studio.configure(more="[providers.rivya.budget]\nper_day = 0")
    with serving.daemon(site.studio), browsing.window(browser, base_url=site.url) as window:
        page = window.page
        page.goto("/")
        site.studio.drop('prompt = "one"', name="one")
        held = page.locator(".row.held")
        expect(held.locator(".why")).to_contain_text("per_day")
        page.keyboard.press("Tab")
        expect(page.get_by_text("To the videos and jobs")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#main")).to_be_focused()
        reach(page, "Cancel: one")
        page.keyboard.press("Enter")
        expect(page.get_by_text("cancelled by a person")).to_be_visible()
        expect(held).to_have_count(0)

        reach(page, "Try again: one")
        page.keyboard.press("Space")
        expect(held.locator(".why")).to_contain_text("per_day")
        text = site.studio.config.read_text().replace("per_day = 0", "per_day = 100")
        site.studio.config.write_text(text)
    with serving.daemon(site.studio), browsing.window(browser, base_url=site.url) as window:
        window.page.goto("/")
        shots(window.page, 1)


def reach(page: Page, name: str) -> None:
    """Press Tab until something of that name has the focus."""
    there = page.get_by_label(name)
    expect(there).to_be_visible()
    for _ in range(80):
        page.keyboard.press("Tab")
        if there.evaluate("it => it === document.activeElement"):
            return
    raise AssertionError(name)


def test_the_page_comes_back_by_itself(browser: Browser, site: browsing.Site) -> None:
    """While the daemon is away it says so, keeps what was typed, and then goes on."""
    with browsing.window(browser, base_url=site.url) as window:
        page = window.page
        with serving.daemon(site.studio):
            page.goto("/")
            expect(page.get_by_text("Live", exact=True)).to_be_visible()
            page.get_by_label("What should happen?").fill("half a thou")
        expect(page.get_by_text("Not connected")).to_be_visible()
        site.studio.drop('prompt = "meanwhile"', name="meanwhile")
        with serving.daemon(site.studio):
            shots(page, 1)
            expect(page.get_by_text("Live", exact=True)).to_be_visible()
            expect(page.get_by_label("What should happen?")).to_have_value("half a thou")


def test_a_phone_shows_everything_behind_a_token(
    browser: Browser, site: browsing.Site, picture: Path
) -> None:
    """Dark, 360 pixels wide: nothing is cut off, everything is large enough for a thumb."""
    token = "correct-horse-battery"
    (site.studio.folder / "page.token").write_text(token)
    site.studio.configure(more='token_file = "page.token"')  # the last table is [web]
    site.studio.drop('prompt = "waves"\nwaves = 1', name="wrong")
    site.studio.drop('prompt = "waves"', name="harbour/a-rather-long-name-of-a-shot-0001")
    options: Any = {"base_url": site.url, **PHONE}
    with serving.daemon(site.studio), browsing.window(browser, **options) as window:
        page = window.page
        page.goto("/")
        readable(page)
        page.get_by_label("Token").fill("wrong")
        page.get_by_role("button", name="Log in").click()
        expect(page.locator("#wrong-token")).not_to_be_empty()
        page.get_by_label("Token").fill(token)
        page.get_by_role("button", name="Log in").click()
        shots(page, 1)
        expect(page.locator(".row.failed")).to_have_count(1)
        page.get_by_label("Picture", exact=True).set_input_files(picture)
        for look in ("board", "job"):
            if look == "job":
                page.locator(".shot h3 a").click()
                expect(page.get_by_role("heading", name="What happened")).to_be_visible()
            readable(page)
            assert page.evaluate("document.documentElement.scrollWidth") == 360
            assert page.evaluate(_SMALL) == []
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert max(json.loads(background.replace("rgb(", "[").replace(")", "]"))) < 60


def test_without_scripts_forms_do_the_same(
    browser: Browser, site: browsing.Site, picture: Path
) -> None:
    """A drop that is refused comes back with its reasons; a right one becomes a video."""
    options: Any = {"base_url": site.url, "java_script_enabled": False}
    with serving.daemon(site.studio), browsing.window(browser, **options) as window:
        page = window.page
        page.goto("/")
        page.get_by_role("button", name="Make it").click()
        expect(page.locator("#wrong-prompt")).to_contain_text("prompt is missing")
        page.get_by_label("Picture", exact=True).set_input_files(picture)
        page.get_by_label("What should happen?").fill("waves")
        page.get_by_role("button", name="Make it").click()

        def appeared() -> bool:
            page.goto("/")
            return bool(page.locator(".shot video[controls]").count())

        window.until(appeared)
