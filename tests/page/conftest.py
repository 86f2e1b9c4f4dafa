"""A browser for the tests of the page, and a studio with a sandbox."""

from collections.abc import Iterator

import browsing
import pytest
import serving
from playwright.sync_api import Browser
from telling.conftest import hurried, sandbox, studio

__all__ = ["hurried", "sandbox", "studio"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests of a file, each with a window of its own.

    It runs an event loop in this thread until it ends, so no async test may lie in that file.
    """
    with browsing.launched() as launched:
        yield launched


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[browsing.Site]:
    """A studio with a page, which is not served yet."""
    with browsing.site(tmp_path_factory.mktemp("site")) as made:
        yield made


@pytest.fixture
def daemon(site: browsing.Site) -> Iterator[serving.Running]:
    """The daemon of the site, as a process."""
    with serving.daemon(site.studio) as running:
        yield running
