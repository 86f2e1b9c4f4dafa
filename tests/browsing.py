"""A real browser without a window, and a page in it that notes what goes wrong."""

import base64
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import studios
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Response,
    expect,
    sync_playwright,
)

from seedance_watch.sandbox.server import Sandbox, threaded

DEADLINE_S = 40.0
ROOT = Path(__file__).parents[1]
expect.set_options(timeout=DEADLINE_S * 1000)
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_SWITCHES = ("--autoplay-policy=no-user-gesture-required", "--mute-audio", "--disable-gpu")


def chromium() -> str:
    """Give the path of Chromium, or skip."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    return found or pytest.skip("no Chromium here: tests/page/install.sh installs it")


def axe() -> str:
    """Give axe-core's script, or skip."""
    path = ROOT / ".cache/page/axe.min.js"
    if not path.exists():
        pytest.skip("no axe-core here: tests/page/install.sh fetches it")
    return path.read_text(encoding="utf-8")


@contextmanager
def launched() -> Iterator[Browser]:
    """Run a browser until the end of the block."""
    path = chromium()
    root = os.geteuid() == 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=[*_SWITCHES, *(["--no-sandbox"] if root else [])],
            chromium_sandbox=not root,
        )
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Site:
    """A studio with a page.

    Attributes:
        url: Where the page is served while its daemon runs.
        studio: The studio.
        sandbox: Makes its videos.
    """

    url: str
    studio: studios.Studio
    sandbox: Sandbox


@contextmanager
def site(folder: Path) -> Iterator[Site]:
    """Make a studio with a page that finds its drops quickly, and its sandbox."""
    with threaded(studios.KNOBS, time_factor=0) as sandbox:
        studio = studios.lay_out(folder / "studio", sandbox.url)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        studio.configure(watch="quiet_s = 0.2", more=f'[web]\nlisten = "{address}"')
        yield Site(f"http://{address}", studio, sandbox)


@dataclass
class Window:
    """A page in a browser.

    Attributes:
        page: The page.
        errors: What its console and its scripts complained about.
        asked: The addresses that it asked for.
    """

    page: Page
    errors: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def heard(self, said: ConsoleMessage) -> None:
        """Note what its console says; what was refused is noted with its address."""
        if said.type in {"error", "warning"} and "Failed to load resource" not in said.text:
            self.errors.append(said.text)

    def answered(self, answer: Response) -> None:
        """Note what was refused."""
        passing = answer.url.endswith("/thumb")  # a picture may be on its way to another folder
        if answer.status >= 400 and not passing:
            self.errors.append(f"{answer.status} {answer.request.method} {answer.url}")

    def plays(self, video: Locator) -> None:
        """Wait until a video is under way."""
        self.until(lambda: float(video.evaluate("v => v.paused ? 0 : v.currentTime")) > 0)

    def until(self, fact: Callable[[], Any]) -> None:
        """Wait for a fact; the page goes on meanwhile."""
        end = time.monotonic() + DEADLINE_S
        while not fact():
            assert time.monotonic() < end, f"it did not come about; {self.errors}"
            self.page.wait_for_timeout(50)


@contextmanager
def window(browser: Browser, *, base_url: str | None = None, **options: Any) -> Iterator[Window]:
    """Open a page of its own, with cookies of its own; options are those of a context."""
    context: BrowserContext = browser.new_context(base_url=base_url, **options)
    context.set_default_timeout(DEADLINE_S * 1000)
    found = Window(context.new_page())
    found.page.on("console", found.heard)
    found.page.on("pageerror", lambda error: found.errors.append(str(error)))
    found.page.on("response", found.answered)
    found.page.on("request", lambda request: found.asked.append(request.url))
    try:
        yield found
    finally:
        context.close()


def drop_file(page: Page, path: Path) -> None:
    """Drag a file onto a page and let go of it, as somebody with a mouse does."""
    content = base64.b64encode(path.read_bytes()).decode()
    carried = page.evaluate_handle(
        """async ([content, name]) => {
          const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
          const carried = new DataTransfer();
          carried.items.add(new File([bytes], name));
          return carried;
        }""",
        [content, path.name],
    )
    for kind in ("dragenter", "dragover", "drop"):
        page.dispatch_event("body", kind, {"dataTransfer": carried})
