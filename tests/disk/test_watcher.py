"""Events are hints, and whether they arrive at all is proved."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from inboxes import FAST, PROMPT, TINY, fact, watching
from structlog.testing import capture_logs
from watchdog.observers.inotify_c import InotifyConstants, InotifyEvent, Mask, WatchDescriptor

from seedance_watch.disk import watcher
from seedance_watch.disk.ears import Ears, Hints


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty inbox."""
    path = tmp_path / "inbox"
    path.mkdir()
    return path


@asynccontextmanager
async def listening(root: Path, **given: Any) -> AsyncIterator[tuple[watcher.Watcher, Hints]]:
    """Watch a folder, with hints that arrive in the loop."""
    hints = Hints(asyncio.get_running_loop())
    given = {"recursive": True, "canary": ("canary", lambda: None), **given}
    watch = watcher.start(root, hints.from_thread, **given)
    assert watch is not None
    try:
        yield watch, hints
    finally:
        watch.stop()


@pytest.mark.parametrize("sub", ["", "x", "x/y z"])
async def test_hint_names_the_folder(root: Path, sub: str) -> None:
    """A file that is written or moved in is a hint to look into its folder."""
    (root / sub).mkdir(parents=True, exist_ok=True)
    async with listening(root) as (_, hints):
        (root / sub / "a.png").write_bytes(b"1")
        await fact(lambda: sub in hints.folders)
        hints.folders.clear()
        (root.parent / "b.png").write_bytes(b"1")
        (root.parent / "b.png").rename(root / sub / "b.png")
        await fact(lambda: sub in hints.folders)


async def test_our_own_folder_costs_no_watches(root: Path) -> None:
    """Claimed drops take none of the system's watches, old ones as little as new ones."""
    (root / ".seedance" / "work" / "old").mkdir(parents=True)
    async with listening(root) as (watch, hints):
        (root / ".seedance" / "work" / "new").mkdir()
        (root / ".seedance" / "ends").mkdir()
        (root / "sub").mkdir()
        (root / "sub" / "a.png").write_bytes(b"1")
        await fact(lambda: "sub" in hints.folders)
        heard = {each.short_str for each in watch._fd._watch_for_wd.values()}
        assert len(heard) == 3, heard  # the inbox, its private folder for the canary, sub


async def test_moving_away_delays_nothing(root: Path) -> None:
    """A claim's move out of the inbox does not hold up the next event."""
    async with listening(root) as (_, hints):
        waits_s = []
        for _ in range(5):
            (root / "a.png").write_bytes(b"1")
            await fact(lambda: "" in hints.folders)
            (root / "a.png").rename(root.parent / "a.png")
            hints.folders.clear()
            began_s = time.monotonic()
            (root / "b.png").write_bytes(b"1")
            await fact(lambda: "" in hints.folders)
            waits_s.append(time.monotonic() - began_s)
            hints.folders.clear()
        assert min(waits_s) < 0.4  # each would wait for half a second


async def test_own_folder_is_no_hint(root: Path) -> None:
    """What happens in .seedance is nobody's drop."""
    (root / ".seedance").mkdir()
    async with listening(root) as (_, hints):
        (root / ".seedance" / "a.png").write_bytes(b"1")
        (root / "b.png").write_bytes(b"1")
        await fact(lambda: bool(hints.folders))
        assert hints.folders == {""}


async def test_canary_is_told(root: Path) -> None:
    """The canary's name is a proof and no hint."""
    heard: list[str] = []
    (root / ".seedance").mkdir()
    async with listening(root, canary=("tweet", lambda: heard.append("tweet"))) as (_, hints):
        (root / ".seedance" / "tweet").write_bytes(b"")
        await fact(lambda: bool(heard))
        assert not hints.folders


async def test_overflow_is_told(root: Path) -> None:
    """When the kernel's queue overflowed, anything may have happened."""
    async with listening(root) as (watch, hints):
        mask = Mask(InotifyConstants.IN_Q_OVERFLOW)
        watch._fd.handle_event(InotifyEvent(WatchDescriptor(-1), mask, 0, b""))
        await fact(lambda: hints.all)


async def test_folder_met_twice(root: Path) -> None:
    """Folders made and filled at once warn about nothing and end no thread."""
    async with listening(root) as (watch, hints):
        for number in range(50):
            (root / f"{number}" / "deep").mkdir(parents=True)
            (root / f"{number}" / "deep" / "a.png").write_bytes(b"1")
        await fact(lambda: "49" in hints.folders or "49/deep" in hints.folders)
        assert watch.healthy()


@pytest.mark.parametrize("how", ["moved", "replaced", "removed"])
async def test_health(root: Path, how: str) -> None:
    """A folder that is gone or another one is noticed."""
    async with listening(root) as (watch, _):
        assert watch.healthy()
        root.rmdir() if how == "removed" else root.rename(root.parent / "old")
        if how == "replaced":
            root.mkdir()
        assert not watch.healthy()


def test_stop_twice(root: Path) -> None:
    """Stopping again does nothing."""
    watch = watcher.start(root, lambda _: None, recursive=True, canary=("c", lambda: None))
    assert watch is not None
    watch.stop()
    watch.stop()
    assert not watch.healthy()


def test_not_there(root: Path) -> None:
    """Where nothing can be watched scans do it, and the log says so."""
    with capture_logs() as logs:
        gone = root / "gone"
        assert watcher.start(gone, print, recursive=True, canary=("c", lambda: None)) is None
    assert [line["event"] for line in logs] == ["watcher.failed"]


# The canary


def ears(root: Path, **given: Any) -> Ears:
    """Give ears that make up their mind soon."""
    settings = {"recursive": True, "events": "auto", "proof_s": 0.05, **given}
    return Ears(root, lambda _: None, **settings)


def elsewhere(root: Path) -> Callable[..., watcher.Watcher | None]:
    """Watch another folder: an inbox whose events do not arrive."""
    root.mkdir()
    return lambda _root, hint, **given: watcher.start(root, hint, **given)


@pytest.mark.parametrize("recursive", [True, False])
async def test_events_are_proved(root: Path, recursive: bool) -> None:
    """Where the canary's event arrives, events are believed."""
    some = ears(root, recursive=recursive)
    try:
        assert some.check()
        await fact(some.believed)
        assert not some.check()
        assert [path for path in root.rglob("*") if path.is_file()] == []
    finally:
        some.stop()


async def test_deaf_is_told_once(root: Path) -> None:
    """Where the canary's event does not arrive, that is said once and scans do it."""
    deaf = ears(root, start=elsewhere(root.parent / "other"))
    try:
        with capture_logs() as logs:
            deaf.check()
            await fact(lambda: deaf.check() or bool(logs))
            deaf.check()
        assert [line["event"] for line in logs] == ["watcher.polling"]
        assert not deaf.believed()
    finally:
        deaf.stop()


async def test_always_needs_no_proof(root: Path) -> None:
    """With events = "always" they are believed without the canary."""
    deaf = ears(root, start=elsewhere(root.parent / "other"), events="always")
    try:
        with capture_logs() as logs:
            deaf.check()
            assert deaf.believed()
            assert deaf.doubted_s() is None
        assert logs == []
    finally:
        deaf.stop()


def test_never_listens(root: Path) -> None:
    """With events = "never" nothing is armed."""
    some = ears(root, events="never")
    assert not some.check()
    assert not some.believed()


async def test_unproved_is_scanned_often(root: Path) -> None:
    """Where no canary can be made the inbox is scanned as often as a network share."""
    (root / ".seedance").write_bytes(b"")
    settings = replace(FAST, proof_s=0.1, scan_network_s=0.1)
    async with watching(root, settings=settings) as taker:
        await fact(lambda: bool(taker.said("watcher.polling")))
        (root / "a.png").write_bytes(TINY)
        (root / "a.toml").write_bytes(PROMPT)
        await taker.exactly("a.png+a.toml")
        assert taker.inbox.facts.mode == "scans"
        before = taker.inbox.facts.last_scan_at
        await fact(lambda: taker.inbox.facts.last_scan_at != before)
        assert len(taker.said("watcher.polling")) == 1
