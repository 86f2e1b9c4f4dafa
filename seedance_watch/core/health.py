"""Whether a running daemon is well: every loop makes progress; and what else people should know.

Ill is what a restart may cure. A provider without credits or a share that is not mounted is no
illness: the daemon waits, and goes on by itself.
"""

from collections.abc import Iterator

from seedance_watch.core.snapshot import Live


def ills(live: Live) -> list[str]:
    """Say which loops make no progress; sentences, none when all do."""
    if live.silent:
        return [f"process {live.process} {live.silent}"]
    if not live.loops:
        return ["nothing runs yet: the journal is being read"]
    return [
        f"{loop.name}: no turn for {loop.still_s:.0f} s, {loop.most_s:.0f} s are usual at most"
        for loop in live.loops
        if loop.still_s > loop.most_s
    ]


def notes(live: Live) -> list[str]:
    """Say what waits for somebody outside; sentences, none when nothing does."""
    return [*_lanes(live), *_inboxes(live)]


def _lanes(live: Live) -> Iterator[str]:
    for lane in live.lanes:
        if lane.why:
            yield f"{lane.provider}: {lane.why}"


def _inboxes(live: Live) -> Iterator[str]:
    for inbox in live.inboxes:
        if inbox.closed:
            yield f"inbox of {inbox.watch}: {inbox.closed}"
