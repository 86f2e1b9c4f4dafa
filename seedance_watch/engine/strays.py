"""Claimed files that no open job owns, as after a journal was lost."""

import asyncio
from collections.abc import Collection

import structlog

from seedance_watch.ports import Spool

_CURE = (
    "nothing is done with it. If another daemon worked in this inbox, with a state_dir of its "
    "own, start that one: it knows whether this was paid. If none did, the journal was lost: "
    "look at the provider's own page, then move what is in it back to the inbox by hand"
)


async def tell_strays(spool: Spool, known: Collection[str]) -> None:
    """Tell of job folders whose drop is not known; they are left as they are."""
    for folder in await asyncio.to_thread(spool.strays, known.__contains__):
        structlog.get_logger().error("spool.stray", folder=str(folder), cure=_CURE)
