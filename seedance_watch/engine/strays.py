"""Claimed files that no open job owns, as after a journal was lost."""

import asyncio
from collections.abc import Collection

import structlog

from seedance_watch.core.machine import AT_REST
from seedance_watch.ports import Journal, Spool

_CURE = (
    "nothing is done with it. If another daemon worked in this inbox, with a state_dir of its "
    "own, start that one: it knows whether this was paid. If none did, the journal was lost: "
    "look at the provider's own page, then move what is in it back to the inbox by hand"
)


async def tell_strays(spool: Spool, journal: Journal, known: Collection[str]) -> None:
    """Tell of job folders whose drop is not known; they are left as they are.

    The journal has the last word: a drop may be claimed meanwhile, and a job whose history
    cannot be read is open all the same.
    """
    for folder in await asyncio.to_thread(spool.strays, known.__contains__):
        if all(row.state in AT_REST for row in await journal.siblings(folder.name)):
            structlog.get_logger().error("spool.stray", folder=str(folder), cure=_CURE)
