"""The heart beats on although the look at how things stand breaks."""

import asyncio
import socket
from pathlib import Path
from typing import Never

import studios
from structlog.testing import capture_logs

from seedance_watch.app.heart import Heart
from seedance_watch.app.service import Service
from seedance_watch.config.load import load
from seedance_watch.engine.threads import Threads
from seedance_watch.faces.systemd import Manager


class Blind(Service):
    """A service that cannot be looked at."""

    def look(self) -> Never:
        """Break."""
        raise RuntimeError("changed while it was looked at")


async def test_a_mistake_in_the_look_ends_nothing(studio: studios.Studio, tmp_path: Path) -> None:
    """It is told once, the service manager hears signs of life, and no status is made up."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager, capture_logs() as told:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(30)
        service = Blind(load(studio.config), Threads.installed())
        heart = Heart(service, Manager(str(tmp_path / "notify"), watchdog_s=0.04))
        async with asyncio.timeout(60):
            beating = asyncio.create_task(heart.run())
            heard = [await asyncio.to_thread(manager.recv, 1000) for _ in range(3)]
            beating.cancel()

    assert heard == [b"WATCHDOG=1"] * 3
    assert [each["event"] for each in told] == ["daemon.unseen"]
