"""Joins videos to one: as they are where they are alike, else encoded again."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.extras import Joined
from seedance_watch.disk import files
from seedance_watch.media.answers import Bug
from seedance_watch.media.decoders import Decoders


@contextmanager
def only_faults(doing: str) -> Iterator[None]:
    """Let a mistake in this program cost an extra and not hold its job.

    Raises:
        Fault: GARBLED, in place of the mistake.
    """
    try:
        yield
    except Bug as error:
        reason = f"a mistake in this program while {doing}: {error}; please report it"
        raise Fault(FaultKind.GARBLED, reason, code="bug") from error


def joined(videos: Sequence[Path], target: Path, decoders: Decoders, *, max_bytes: int) -> Joined:
    """Join videos, and decode what came of it from the first to the last frame; blocking.

    Args:
        videos: In order.
        target: Where the joined video goes; replaced. Beside it are files on their way.
        decoders: Do the work.
        max_bytes: No single one of the videos is larger.

    Raises:
        Fault: GARBLED: they cannot be joined. LOCAL: our own machine.
    """
    with only_faults("joining videos"):
        why = decoders.differing(videos)
        pictures = [target.with_name(f"{target.name}.{n}") for n in range(len(videos))]
        try:
            if why:
                decoders.level(videos, pictures)
            decoders.join(target, pictures if why else videos, videos)
        finally:
            for each in pictures:
                with suppress(OSError):  # the end of the job removes what is left
                    files.remove(each)
        size = len(videos)
        return Joined(decoders.verify(target, max_bytes=size * max_bytes, parts=size), why)
