"""What every test may use."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """Run async tests on asyncio, the loop that the daemon uses."""
    return "asyncio"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the long runs be asked for: `pytest tests/crash --every 1`."""
    parser.addoption(
        "--every", type=int, default=4, help="die at every n-th point of the crash sweep; 1: all"
    )


@pytest.fixture
def every(request: pytest.FixtureRequest) -> int:
    """How much of the crash sweeps is run."""
    return int(request.config.getoption("--every"))
