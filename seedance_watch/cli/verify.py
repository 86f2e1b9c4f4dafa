"""`verify`: videos compared with their receipts."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from seedance_watch.app.verified import BARE, Decode, Finding, Placed, placed, verified
from seedance_watch.cli.exits import Exit, say, show
from seedance_watch.config.load import find_config, load
from seedance_watch.faces import log
from seedance_watch.media.decoders import Decoders
from seedance_watch.media.workers import Workers

_MOST_BYTES = 1 << 40  # whatever was placed once was not too large


def verify(
    *folders: Path,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    decode: Annotated[bool, Parameter(negative="")] = False,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Compare videos with their receipts: are they there, as large, and byte for byte the same.

    Exits with 1 when something is missing or changed. Only reads.

    Parameters
    ----------
    folders
        Where to look, with all below; without one the outboxes of the configuration.
    config
        The configuration; found as by `run`.
    decode
        Also decode every video from its first to its last frame.
    as_json
        One JSON object with everything.
    """
    log.configure(level="warning")
    roots = folders or tuple(each.outbox for each in load(find_config(config)).watches)
    try:
        videos = [video for root in dict.fromkeys(roots) for video in placed(root)]
    except OSError as error:
        say(f"seedance-watch verify: cannot look into {error.filename!r}: {error.strerror}")
        return Exit.SOME_FAILED
    with ExitStack() as stack:
        decoder = stack.enter_context(_decoder()) if decode else None
        found = list(stack.enter_context(_progress(videos, decoder)))
    _tell(found, as_json=as_json)
    return Exit.SOME_FAILED if any(each.bad for each in found) else Exit.OK


def _tell(found: list[Finding], *, as_json: bool) -> None:
    bad = [each for each in found if each.bad]
    bare = [each for each in found if each.code == BARE]
    good = len(found) - len(bad) - len(bare)
    if as_json:
        counts = {"checked": len(found), "good": good, "bad": len(bad), "bare": len(bare)}
        show(json.dumps({**counts, "findings": [asdict(each) for each in (*bad, *bare)]}))
        return
    for each in bad:
        say(f"{each.video}: {each.said}" + (f" (job {each.job})" if each.job else ""))
    for each in bare:
        show(f"{each.video}: {each.said}")
    show(f"{good} of {len(found) - len(bare)} videos are as they were placed")


@contextmanager
def _decoder() -> Iterator[Decode]:
    """Give what decodes, in a process of its own."""
    workers = Workers()
    try:
        yield partial(Decoders(workers.do).verify, max_bytes=_MOST_BYTES)
    finally:
        workers.close()


@contextmanager
def _progress(videos: list[Placed], decode: Decode | None) -> Iterator[Iterator[Finding]]:
    """Verify one by one; on a terminal a bar shows how far that is."""
    console = Console(stderr=True)
    columns = (TextColumn("verifying"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    task = bar.add_task("", total=sum(each.size_bytes for each in videos))

    def each() -> Iterator[Finding]:
        for video in videos:
            yield verified(video, decode)
            bar.advance(task, video.size_bytes)

    with bar:
        yield each()
