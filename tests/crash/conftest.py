"""How much of the sweeps is run."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the long run be asked for: `pytest tests/crash --every 1`."""
    parser.addoption(
        "--every", type=int, default=4, help="die at every n-th point of the crash sweep; 1: all"
    )


@pytest.fixture
def every(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--every"))
