"""A browser for the tests of the page, and a studio with a sandbox."""

from collections.abc import Iterator

import browsing
import pytest
from playwright.sync_api import Browser
from telling.conftest import hurried, sandbox, studio

__all__ = ["browser", "hurried", "sandbox", "studio"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all; each test opens a window of its own."""
    with browsing.launched() as launched:
        yield launched
