"""A browser for the tests of the page."""

from collections.abc import Iterator

import browsing
import pytest
from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all; each test opens a window of its own."""
    with browsing.launched() as launched:
        yield launched
