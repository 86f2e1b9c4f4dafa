"""Lending from a bucket, against a real S3 server that checks signatures."""

import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.providers.s3 import S3Host

ACCESS, SECRET = "ACCESSKEY1234567", "a-secret-of-some-length"


def rclone() -> str:
    """Find the server's program, which a test dependency brings."""
    beside = Path(sys.executable).parent / "rclone"
    found = str(beside) if beside.exists() else shutil.which("rclone")
    if not found:
        pytest.skip("rclone is not installed")
    return found


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[str]:
    """Serve S3 from a folder on loopback."""
    (tmp_path / "shots").mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [rclone(), "serve", "s3", "--auth-key", f"{ACCESS},{SECRET}", "--addr", address]
    server = subprocess.Popen([*command, str(tmp_path)], stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 60
        while not _listens(address):
            assert time.monotonic() < end, "the server did not start"
            time.sleep(0.02)
        yield f"http://{address}"
    finally:
        server.terminate()
        server.wait(10)


def _listens(address: str) -> bool:
    host, port = address.split(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True


def host(endpoint: str, *, secret: str = SECRET, bucket: str = "shots") -> S3Host:
    return S3Host(
        bucket=bucket,
        endpoint=endpoint,
        region="us-east-1",
        prefix="lent/",
        access_key=lambda: ACCESS,
        secret_key=lambda: secret,
        expires_s=600,
        path_style=True,
    )


def fetch(link: str) -> bytes:
    with urllib.request.urlopen(link) as answer:
        return bytes(answer.read())


async def test_a_lent_image_can_be_fetched_by_its_link_alone(endpoint: str) -> None:
    """The link carries its own proof, and no two uploads share an address."""
    lender = host(endpoint)
    first, second = await lender.lend(b"one", "image/png"), await lender.lend(b"two", "image/png")

    assert (fetch(first), fetch(second)) == (b"one", b"two")
    assert first.split("?")[0] != second.split("?")[0]
    assert SECRET not in first


async def test_a_forged_link_is_refused(endpoint: str) -> None:
    """The server checks what we sign, so the signature is right."""
    link = await host(endpoint).lend(b"one", "image/jpeg")
    with pytest.raises(urllib.error.HTTPError) as raised:
        fetch(link[:-4] + "0000")
    raised.value.close()

    assert raised.value.code == 403


async def test_a_wrong_secret_pauses_the_lane_and_is_not_told(endpoint: str) -> None:
    """DENIED, so that jobs wait; the reason says what to check and holds no key."""
    with pytest.raises(Fault) as raised:
        await host(endpoint, secret="another-secret-altogether").lend(b"one", "image/png")

    assert raised.value.kind is FaultKind.DENIED
    assert "check the bucket's keys" in raised.value.reason
    assert ACCESS not in raised.value.reason


async def test_a_server_that_is_away_is_tried_again() -> None:
    """Nothing listens there: busy, not denied."""
    with pytest.raises(Fault) as raised:
        await host("http://127.0.0.1:9").lend(b"one", "image/png")

    assert raised.value.kind is FaultKind.BUSY


async def test_a_missing_key_says_where_it_should_be() -> None:
    """The reader's own words are passed on."""

    def missing() -> str:
        raise LookupError("set AWS_ACCESS_KEY_ID")

    lender = S3Host("shots", None, "us-east-1", "", missing, missing)
    with pytest.raises(Fault) as raised:
        await lender.lend(b"one", "image/png")

    assert raised.value.code == "no_key"
    assert "AWS_ACCESS_KEY_ID" in raised.value.reason
