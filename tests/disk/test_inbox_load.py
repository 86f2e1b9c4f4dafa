"""How quick the inbox is, and that its work grows with what happens, not with what lies there."""

import time
from pathlib import Path

import pytest
from inboxes import FAST, PROMPT, TINY, watching

from seedance_watch.disk.inbox import InboxSettings

USUAL = InboxSettings()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty inbox."""
    path = tmp_path / "inbox"
    path.mkdir()
    return path


def staged(root: Path, count: int, folder: str = "new") -> Path:
    """Lay pairs beside the inbox."""
    home = root.parent / folder
    home.mkdir()
    for number in range(count):
        (home / f"{number}.png").write_bytes(TINY)
        (home / f"{number}.toml").write_bytes(PROMPT)
    return home


def moved(home: Path, root: Path, number: int) -> None:
    """Move one pair into the inbox."""
    for ending in ("png", "toml"):
        (home / f"{number}.{ending}").rename(root / f"{number}.{ending}")


async def test_latency(root: Path) -> None:
    """A lone pair is handed over within a fraction of a second, with the usual settings."""
    home = staged(root, 50)
    async with watching(root, settings=USUAL) as taker:
        waits_s = []
        for number in range(50):
            began_s = time.monotonic()
            moved(home, root, number)
            await taker.until(number + 1)
            waits_s.append(taker.at_s[-1] - began_s)
        waits_s.sort()
        print(f"p50 {waits_s[25] * 1e3:.0f} ms, p99 {waits_s[-1] * 1e3:.0f} ms")
        assert waits_s[25] < 0.3


async def test_many_at_once(root: Path) -> None:
    """Two thousand pairs moved in at once are handed over, each once."""
    home = staged(root, 2000)
    async with watching(root, settings=USUAL) as taker:
        began_s = time.monotonic()
        for number in range(2000):
            moved(home, root, number)
        await taker.until(2000)
        first_s, all_s = taker.at_s[0] - began_s, taker.at_s[-1] - began_s
        print(f"2000 pairs: first {first_s:.2f} s, all {all_s:.2f} s")
        await taker.nothing_for(0.1, more_than=2000)
        assert len(set(taker.names)) == 2000


async def test_crowded_folder(root: Path) -> None:
    """Ten thousand orphans neither hold up a drop for long nor keep the inbox busy."""
    for number in range(10_000):
        (root / f"orphan{number}.toml").write_bytes(PROMPT)
    home = staged(root, 20)
    async with watching(root, settings=FAST) as taker:
        began_s = time.monotonic()
        used_s = time.process_time()
        for number in range(20):
            moved(home, root, number)
            await taker.until(number + 1)
        took_s = time.monotonic() - began_s
        cpu_s = time.process_time() - used_s
        print(f"20 pairs among 10000 orphans: {took_s:.2f} s, {cpu_s:.2f} s of them working")
        assert took_s < 60
