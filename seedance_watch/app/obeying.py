"""Orders are obeyed: by the daemon, and where none runs in its place."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from seedance_watch.app.build import Built, build
from seedance_watch.app.control import Answer, asked
from seedance_watch.app.reading import begun
from seedance_watch.config.resolved import Config
from seedance_watch.core.errors import SeedanceWatchError, SpoolError
from seedance_watch.core.orders import Act, Gone, Order
from seedance_watch.core.pauses import LaneOrder

_TRIES, _PATIENCE_S = 20, 0.25


async def give(config: Config, order: Order) -> Answer:
    """Give one order; see give_all."""
    return (await give_all(config, [order]))[0]


async def give_all(config: Config, orders: Sequence[Order | LaneOrder]) -> list[Answer]:
    """Give orders to the daemon; where none runs, act in its place, under its lock.

    Raises:
        SpoolError: A daemon runs that does not listen; the message names it.
        JournalError: The journal cannot be used.
    """
    answers: list[Answer] = []
    for patience in range(_TRIES, -1, -1):
        for order in orders[len(answers) :]:
            answer = await asked(config.state_dir, order)
            if answer is None:
                break
            answers.append(answer)
        try:
            return answers + await _alone(config, orders[len(answers) :])
        except SpoolError:  # a daemon is just starting, or stopping
            if not patience:
                raise
        await asyncio.sleep(_PATIENCE_S)
    raise AssertionError


async def _alone(config: Config, orders: Sequence[Order | LaneOrder]) -> list[Answer]:
    """Obey without a daemon: nothing but that is done, and no journal is begun for it."""
    if not orders:
        return []
    if not begun(config):
        return [Answer(False, "there are no jobs yet: `run` has not been started here")] * len(
            orders
        )
    built = await build(config, stop=asyncio.Event(), listeners=())
    try:
        await built.daemon.load()
        return [_later(await obeyed(built, order)) for order in orders]
    finally:
        await built.close()


def _later(answer: Answer) -> Answer:
    """Say who does the rest."""
    later = f"{answer.said}. No daemon runs: what follows is done by the next `run`"
    return replace(answer, said=later) if answer.obeyed else answer


async def obeyed(built: Built, order: Order | LaneOrder) -> Answer:
    """Let a daemon obey, and put what came of it into words."""
    try:
        if isinstance(order, LaneOrder):
            return Answer(True, await built.pauses.obey(order))
        if order.act is Act.RETRY:
            return Answer(True, await built.daemon.retry(order.job_id))
        job = await built.daemon.obey(order)
    except SeedanceWatchError as error:
        return Answer(False, str(error), gone=isinstance(error, Gone))
    held = f", held: {job.hold.reason}" if job.hold else ""
    return Answer(True, f"job {job.id} is {job.state}{held}")
