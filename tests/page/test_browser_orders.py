"""Orders that concern money, given in a real browser."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import browsing
import outcomes
import pytest
import serving
import studios
from playwright.sync_api import Browser, expect

from seedance_watch.core.model import State
from seedance_watch.core.offers import PAY_AGAIN
from seedance_watch.providers.segmind import Segmind


@pytest.mark.usefixtures("daemon")
def test_paying_again_takes_the_typed_words(browser: Browser, site: browsing.Site) -> None:
    """Other words pay nothing and are answered with what they would have done."""
    site.sandbox.fault("stuck", "rivya.create")
    site.studio.drop('prompt = "waves"')
    with browsing.window(browser, base_url=site.url) as window:
        page = window.page
        # An open question is about the job as it was shown; one that goes on is not paid again.
        window.until(lambda: [row.state for row in site.studio.rows()] == [State.RUNNING])
        page.goto("/")
        page.locator(".row", has_text="shot").get_by_role("link").first.click()
        page.get_by_label("Pay for another: shot").click()
        sure = page.locator("details.sure[open]")
        expect(sure).to_contain_text("pays a second time")
        sure.get_by_role("textbox").fill("yes")
        sure.get_by_role("button").click()
        expect(page.get_by_text(f"type: {PAY_AGAIN}")).to_be_visible()
        assert outcomes.charges_of(site.sandbox) == 1

        sure.get_by_role("textbox").fill(PAY_AGAIN)
        sure.get_by_role("button").click()
        expect(page.locator("video")).to_have_count(1)
        assert outcomes.charges_of(site.sandbox) == 2
        assert [each for each in window.errors if "409 POST" not in each] == []


def test_a_doubt_is_settled_by_a_task_id(
    browser: Browser, site: browsing.Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copied from the provider's own page into the form of the job that is held."""
    monkeypatch.setattr(Segmind, "doubts", replace(Segmind.doubts, looks_s=outcomes.LOOKS_S))
    site.studio.drop('prompt = "waves"\nprovider = "segmind"\n')
    site.sandbox.turn(segmind_history_delay_s=1e6)
    site.sandbox.fault("reset_after", "segmind.submit")
    with ThreadPoolExecutor(1) as beside:  # the browser has a loop in this thread
        beside.submit(asyncio.run, studios.once(site.studio)).result()
    task = site.sandbox.ledger("charge")[0].task_id
    with serving.daemon(site.studio), browsing.window(browser, base_url=site.url) as window:
        page = window.page
        page.goto("/")
        held = page.locator(".row.held")
        held.get_by_label("Adopt a task: shot").click()
        held.get_by_role("textbox").fill(task)
        held.locator("details.sure[open]").get_by_role("button").click()
        expect(page.locator(".shot")).to_have_count(1)
        assert window.errors == []
    assert outcomes.charges_of(site.sandbox) == 1


@pytest.mark.usefixtures("daemon")
def test_a_picture_is_pasted(browser: Browser, site: browsing.Site) -> None:
    """As from a program that copies pictures; text that is pasted stays text."""
    with browsing.window(browser, base_url=site.url) as window:
        page = window.page
        page.goto("/")
        prompt = page.get_by_label("What should happen?")
        page.evaluate(
            """async () => {
              const canvas = new OffscreenCanvas(640, 360);
              canvas.getContext("2d").fillRect(0, 0, 640, 360);
              const carried = new DataTransfer();
              carried.items.add(new File([await canvas.convertToBlob()], "image.png"));
              const said = { clipboardData: carried, bubbles: true, cancelable: true };
              document.body.dispatchEvent(new ClipboardEvent("paste", said));
            }"""
        )
        expect(page.locator(".chosen")).to_contain_text("image.png")
        expect(prompt).to_be_focused()
        page.keyboard.insert_text("waves")
        page.get_by_role("button", name="Make it").click()
        expect(page.locator(".shot .prompt")).to_have_text("waves")
        assert window.errors == []
