"""What costs much is bounded, and nobody waits for a seat that is free."""

import asyncio
from pathlib import Path

import pytest
import studios

from seedance_watch.engine.seats import Seats
from seedance_watch.sandbox.server import Sandbox

UPLOAD_S = 0.2


async def sit(seats: Seats, watch: str, leave: asyncio.Event, seated: list[str]) -> None:
    async with seats.seat(watch):
        seated.append(watch)
        await leave.wait()


async def settled() -> None:
    """Let every task go as far as it can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_one_seat_that_becomes_free_is_taken_once() -> None:
    """In the order of coming."""
    seats, leaves, seated = Seats(2), [asyncio.Event() for _ in range(5)], list[str]()
    async with asyncio.TaskGroup() as tasks:
        for number, leave in enumerate(leaves):
            tasks.create_task(sit(seats, f"w{number}", leave, seated))
        await settled()
        assert seated == ["w0", "w1"]
        leaves[0].set()
        await settled()
        assert seated == ["w0", "w1", "w2"]
        for leave in leaves:
            leave.set()
    assert seated == [f"w{number}" for number in range(5)]


async def test_a_seat_that_was_meant_for_one_who_left_goes_to_the_next() -> None:
    """One who waits is called, and cancelled before it can sit down."""
    seats, leave, seated = Seats(1), asyncio.Event(), list[str]()
    first, second, third = (
        asyncio.create_task(sit(seats, watch, leave, seated)) for watch in "abc"
    )
    await settled()
    first.cancel()
    while not first.done():
        await asyncio.sleep(0)
    second.cancel()
    await settled()
    assert seated == ["a", "c"]
    leave.set()
    await third


async def test_who_waits_for_a_hung_disk_keeps_no_seat_from_others() -> None:
    """It goes on when it can, then there is one more for a while."""
    hung, leave, seated = set[str](), asyncio.Event(), list[str]()
    seats = Seats(1, hung.__contains__)
    async with asyncio.TaskGroup() as tasks:
        for watch in "ab":
            tasks.create_task(sit(seats, watch, leave, seated))
        await settled()
        assert seated == ["a"]
        hung.add("a")
        await seats.look()
        await settled()
        assert seated == ["a", "b"]
        leave.set()


@pytest.fixture
def studio(sandbox: Sandbox, tmp_path: Path) -> studios.Studio:
    return studios.lay_out(tmp_path / "studio", sandbox.url)


async def test_four_pictures_are_uploaded_at_once(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """However many jobs a provider may have in work: each picture is in memory meanwhile."""
    text = studio.config.read_text()
    studio.config.write_text(text.replace("poll_first_s", "max_in_flight = 12\npoll_first_s"))
    sandbox.fault("delay_after", "rivya.upload", times=0, seconds=UPLOAD_S)
    for number in range(12):
        studio.drop(f'prompt = "waves {number}"\n', name=f"shot{number}")
    await studios.once(studio)

    begun = sorted(call.at for call in sandbox.calls("rivya.upload"))
    assert len(begun) == 12
    assert min(b - a for a, b in zip(begun, begun[4:], strict=False)) >= UPLOAD_S
    assert min(b - a for a, b in zip(begun, begun[3:], strict=False)) < UPLOAD_S
