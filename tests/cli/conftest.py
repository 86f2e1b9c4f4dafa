"""What the tests of the command line share."""

from collections.abc import Iterator

import pytest
import studios

from seedance_watch.sandbox.server import Sandbox, threaded


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Services that answer at once."""
    with threaded(studios.KNOBS, time_factor=0) as running:
        yield running
