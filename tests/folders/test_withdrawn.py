"""Deleting what still waits in the inbox takes the wish back: no job, no cost, nothing left."""

import pytest
import studios
from living import living

from seedance_watch.core.events import Claimed, Claiming, Intended
from seedance_watch.sandbox.server import Sandbox


def removed(studio: studios.Studio, *names: str) -> None:
    for name in names:
        (studio.inbox / name).unlink()


def left(studio: studios.Studio) -> list[str]:
    """Give what is left over in private folders for claimed files."""
    return sorted(path.name for path in (studio.inbox / ".seedance" / "work").glob("*"))


async def test_a_file_that_waits_for_its_partner_can_be_deleted(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """Nothing is remembered of it: the same name is a new wish later."""
    async with living(studio) as life:
        studio.drop('prompt = "waves"\n', images=())
        await life.until(lambda: life.said("inbox.scanned"))
        removed(studio, "shot.toml")
        await life.pulses(6)
        assert life.events == []
        studio.drop('prompt = "rain"\n')
        await life.until(lambda: life.states() == ["done"])
    assert 'prompt = "rain"' in (studio.outbox / "shot.toml").read_text()
    assert len(sandbox.ledger("charge")) == 1


@pytest.mark.parametrize("takes", [1, 3])
@pytest.mark.parametrize(
    ("deleted", "stays"),
    [
        (("shot.png", "shot.toml"), []),
        (("shot.png",), ["shot.toml"]),
        (("shot.toml",), ["shot.png"]),
    ],
)
async def test_a_pair_that_was_found_but_not_taken_yet_can_be_deleted(
    takes: int,
    deleted: tuple[str, ...],
    stays: list[str],
    studio: studios.Studio,
    sandbox: Sandbox,
) -> None:
    """All takes of it are withdrawn, also when only one of its files is gone; the other stays."""
    async with living(studio) as life:
        life.when(Claiming, lambda: removed(studio, *deleted))
        studio.drop(f'prompt = "waves"\ntakes = {takes}\n')
        await life.until(lambda: life.states() == ["cancelled"] * takes)
        await life.pulses(6)
        assert life.count(Intended) == life.count(Claimed) == 0
        assert len(life.jobs) == takes
        assert studio.seen("inbox") == stays
        assert left(studio) == []
    for kind in ("outbox", "done", "failed", "held"):
        assert studio.seen(kind) == [], "nothing was wished any more, so nothing is told"
    assert sandbox.ledger("charge") == []


async def test_a_pair_deleted_while_no_daemon_runs_is_withdrawn_at_the_next_start(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """Stopped between the will to take it and the taking; then the folder has the last word."""
    async with living(studio) as life:
        life.when(Claiming, life.stop.set)
        studio.drop('prompt = "waves"\ntakes = 2\n')
        await life.until(life.stop.is_set)
    assert studio.seen("inbox") == ["shot.png", "shot.toml"]
    removed(studio, "shot.png", "shot.toml")
    async with living(studio) as life:
        await life.until(lambda: life.states() == ["cancelled", "cancelled"])
        assert left(studio) == []
        studio.drop('prompt = "rain"\n')
        await life.until(lambda: life.states() == ["cancelled", "cancelled", "done"])
    assert len(sandbox.ledger("charge")) == 1
