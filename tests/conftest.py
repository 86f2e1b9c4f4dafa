"""What every test may use."""

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    """Leave no test the log that another one configured."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture
def anyio_backend() -> str:
    """Run async tests on asyncio, the loop that the daemon uses."""
    return "asyncio"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the long runs be asked for: `pytest tests/crash --every 1`."""
    parser.addoption(
        "--every", type=int, default=12, help="die at every n-th point of the crash sweep; 1: all"
    )
    parser.addoption(
        "--square", action="store_true", help="of the double crashes try every pair of points"
    )
    parser.addoption("--kills", type=int, default=3, help="how often kill -9 hits the daemon")
    parser.addoption(
        "--cuts", type=int, default=6, help="how many states of the disk a power cut leaves"
    )
    parser.addoption(
        "--write-screenshots", action="store_true", help="make docs/images/page*.png anew"
    )
    parser.addoption("--files", type=int, default=2000, help="how many files are dropped at once")


@pytest.fixture
def files(request: pytest.FixtureRequest) -> int:
    """How many files are dropped at once."""
    return int(request.config.getoption("--files"))


@pytest.fixture
def every(request: pytest.FixtureRequest) -> int:
    """How much of the crash sweeps is run."""
    return int(request.config.getoption("--every"))


@pytest.fixture
def square(request: pytest.FixtureRequest) -> bool:
    """Whether all pairs of crashes are tried."""
    return bool(request.config.getoption("--square"))


@pytest.fixture
def kills(request: pytest.FixtureRequest) -> int:
    """How often the daemon is killed."""
    return int(request.config.getoption("--kills"))


@pytest.fixture
def cuts(request: pytest.FixtureRequest) -> int:
    """How many power cuts each power test tries."""
    return int(request.config.getoption("--cuts"))
