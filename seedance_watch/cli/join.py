"""`join`: videos joined to one, by hand."""

from collections.abc import Sequence
from pathlib import Path

from seedance_watch.app.joining import joined
from seedance_watch.cli.exits import Exit, say, show
from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.extras import Joined
from seedance_watch.disk import files
from seedance_watch.faces import log
from seedance_watch.media.decoders import Decoders
from seedance_watch.media.workers import Workers

_MOST_BYTES = 1 << 40
_CODES = {FaultKind.GARBLED: Exit.SOME_FAILED}


def join(name: Path, first: Path, second: Path, /, *more: Path) -> int:
    """Join videos to one: as they are where they are alike, else encoded again as H.264.

    Nothing is overwritten. A chain of shots whose sidecar says `sequence` is joined by itself.

    Parameters
    ----------
    name
        The joined video; it must not exist.
    first
        The video that it begins with.
    second
        The video that follows.
    more
        Those that follow then.
    """
    log.configure(level="warning")
    target = name if name.suffix.lower() == ".mp4" else name.with_name(f"{name.name}.mp4")
    if files.exists(target):
        say(f"seedance-watch join: {str(target)!r} is there already; choose another name")
        return Exit.CANNOT_CREATE
    try:
        videos = [each.absolute() for each in (first, second, *more)]  # decoders work elsewhere
        made = _made(videos, target.absolute())
    except Fault as fault:
        say(f"seedance-watch join: {fault.reason}")
        return _CODES.get(fault.kind, Exit.CANNOT_CREATE)
    how = f"encoded again: {made.why}" if made.why else "pictures as they were"
    show(f"{target}: {2 + len(more)} videos, {made.clip.duration_s:.3g} s, {how}")
    return Exit.OK


def _made(videos: Sequence[Path], target: Path) -> Joined:
    """Join beside the target and name it when it is whole.

    Raises:
        Fault: It cannot be joined.
        OSError: It cannot be named.
    """
    part, workers = target.with_name(f".{target.name}.part"), Workers()
    decoders = Decoders(workers.do)
    try:
        clips = [decoders.verify(each, max_bytes=_MOST_BYTES) for each in videos]
        made = joined(videos, part, decoders, max_bytes=_MOST_BYTES)
        if made.clip.frames != sum(clip.frames for clip in clips):
            raise Fault(FaultKind.GARBLED, "pictures were lost; please report it")
        files.rename_new(part, target)
        files.sync_dir(target.parent)
    finally:
        workers.close()
        part.unlink(missing_ok=True)
    return made
