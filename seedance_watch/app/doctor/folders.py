"""Whether the folders are there, can be written, and tell of what happens in them."""

import asyncio
import os
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from seedance_watch.app.build import FOLDERS
from seedance_watch.app.doctor.check import Check, broken, good, note, warning
from seedance_watch.app.reading import JOURNAL, reading
from seedance_watch.config.resolved import Config
from seedance_watch.config.watches import ROLES, Watch
from seedance_watch.core.errors import ConfigError, JournalError, Outdated
from seedance_watch.disk import mounts, trial
from seedance_watch.disk.ears import Ears
from seedance_watch.disk.marks import Known
from seedance_watch.disk.places import cure_of
from seedance_watch.engine.clock import RealClock
from seedance_watch.journal.place import check_local

_PATIENCE_S = 20.0  # longer than sleeping disks take to spin up
_PROOF_S, _EVERY_S = 2.0, 0.05
_LIMITS = Path("/proc/sys/fs/inotify")
_FOLDERS_MOST = 200_000
_STATE_FREE_BYTES = 100 << 20  # a journal of many thousand jobs


async def folders(config: Config) -> list[Check]:
    """Look at the folders of every watch entry; one that does not answer holds up no other."""
    if not config.watches:
        cure = "add a [[watch]] entry with an inbox"
        return [broken("folders", "the configuration watches no folder", cure)]
    found: list[Check] = []
    for watch in config.watches:
        for role in ROLES:
            work = _Folder(config, watch, role)
            found += await _patiently(f"{role} of {watch.name}", work)
        found += await _patiently(f"inbox of {watch.name}", partial(_between, watch))
        found.append(await _events(watch))
    return [*found, *await _patiently("inotify", lambda: _inotify(config))]


async def _patiently(about: str, work: Callable[[], Iterable[Check]]) -> list[Check]:
    """Do blocking work that may hang on a drive."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await asyncio.to_thread(lambda: list(work()))
    except TimeoutError:
        cure = "check the network and the server of its share"
        return [broken(about, "it does not answer", cure)]
    except OSError as error:
        return [broken(about, f"{error.filename or ''}: {error.strerror}", cure_of(error))]


class _Folder:
    """Looks at one folder."""

    def __init__(self, config: Config, watch: Watch, role: str) -> None:
        self._config, self._watch, self._role = config, watch, role
        self._root = watch.folders[role]

    def __call__(self) -> Iterator[Check]:
        about = f"{self._role} of {self._watch.name}"
        first = not (self._config.state_dir / JOURNAL).exists()
        if first and not self._root.exists():
            yield note(about, f"{self._root} is not there yet", "the first `run` makes it")
            return
        wrong = trial.recognised(self._root, Known(self._config.state_dir / FOLDERS))
        if wrong:
            yield broken(about, f"{self._root}: {wrong}", "mount its share again")
            return
        trial.written(self._root)
        kind = mounts.type_of(self._root) or "a file system of unknown type"
        yield good(about, f"{self._root} on {kind}: can be read and written")
        if self._role == "outbox":
            yield self._room(about)

    def _room(self, about: str) -> Check:
        free, least = shutil.disk_usage(self._root).free, self._config.limits.min_free_bytes
        said = f"{free / 1e9:.1f} GB are free"
        if free >= least:
            return good(about, said)
        return broken(
            about, f"{said}, less than min_free_bytes ({least / 1e9:.1f} GB)", "make room"
        )


def _between(watch: Watch) -> Iterator[Check]:
    """Try whether originals can be renamed out of the inbox, or have to be copied."""
    if not all(watch.folders[role].is_dir() for role in ("inbox", "done", "failed")):
        return
    apart = [r for r in ("done", "failed") if not trial.together(watch.inbox, watch.folders[r])]
    about = f"inbox of {watch.name}"
    if apart:
        said = f"{' and '.join(apart)} cannot be reached by a rename: originals are copied there"
        yield note(about, said, "nothing; that is safe, and takes room for a moment")
    else:
        yield good(about, "originals are moved to done and failed by a rename")


async def _events(watch: Watch) -> Check:
    """See whether the system tells of a file that is made in the inbox."""
    about, every_s = f"events of {watch.name}", watch.settle.scan_network_s
    if watch.settle.events == "never":
        return note(about, f"switched off: the inbox is looked through every {every_s:.0f} s")
    if not watch.inbox.is_dir():
        return note(about, "the inbox is not there, so they cannot be tried")
    ears = Ears(
        watch.inbox, lambda _folder: None, recursive=False, events="auto", proof_s=_PROOF_S
    )
    try:
        heard = await _heard(ears)
    finally:
        await asyncio.to_thread(ears.stop)
    if heard:
        return good(about, "they arrive: drops are noticed at once")
    said = f"none arrive here: the inbox is looked through every {every_s:.0f} s"
    return note(about, said, "nothing, where it is a network share; drops take a little longer")


async def _heard(ears: Ears) -> bool:
    clock, never = RealClock(), asyncio.Event()
    await asyncio.to_thread(ears.check)
    for _ in range(round(_PROOF_S / _EVERY_S)):
        if ears.believed():
            return True
        await clock.pause(_EVERY_S, never)
    return False


def _inotify(config: Config) -> Iterator[Check]:
    """Compare the system's limits with the folders that are to be listened to."""
    try:
        most = int((_LIMITS / "max_user_watches").read_text())
    except (OSError, ValueError):
        yield note("inotify", "this system does not tell its limits")
        return
    listened = [each for each in config.watches if each.settle.events != "never"]
    count = sum(
        trial.count_folders(each.inbox, most=_FOLDERS_MOST) if each.recursive else 1
        for each in listened
    )
    said = f"{count} folders to listen to, {most} are allowed per user"
    if count < most // 2:
        yield good("inotify", said)
    else:
        cure = f"sudo sysctl fs.inotify.max_user_watches={4 * max(count, most)}"
        yield warning("inotify", f"{said}; beyond it inboxes are only scanned", cure)


def state(config: Config) -> Iterator[Check]:
    """Look at the state directory and the journal in it; blocking."""
    about, folder = "state directory", config.state_dir
    try:
        check_local(folder, mounts.type_of(folder))
        if not folder.is_dir():
            yield note(about, f"{folder} is not there yet", "the first `run` makes it")
            return
        trial.written(folder)
        if folder.stat().st_mode & stat.S_IRWXO:
            yield warning(about, f"{folder} is open to other users", f"chmod 700 {str(folder)!r}")
        yield from _journal(config)
    except ConfigError as error:
        yield broken(about, str(error), "set state_dir to a folder on a local disk")
    except OSError as error:
        yield broken(about, f"{folder}: {error.strerror}", cure_of(error))


def _journal(config: Config) -> Iterator[Check]:
    free = shutil.disk_usage(config.state_dir).free
    said = f"{config.state_dir}: can be written, {free / 1e9:.1f} GB are free"
    if free < _STATE_FREE_BYTES:
        yield broken("state directory", said, "make room: the journal is kept there")
    else:
        yield good("state directory", said)
    try:
        with reading(config) as reader:
            counts = reader.counts() if reader else None
    except Outdated as error:
        yield note("journal", str(error))
        return
    except JournalError as error:
        yield broken("journal", str(error), "do as it says, or restore a backup of the journal")
        return
    known = "there is none yet" if counts is None else f"it holds {sum(counts.values())} jobs"
    yield good("journal", known) if counts is not None else note("journal", known)


def limits_of_files() -> Iterator[Check]:
    """Look how many files the process may have open."""
    import resource  # noqa: PLC0415 - only here

    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if soft < 1024:
        cure = "raise it: `ulimit -n 4096`, or LimitNOFILE= in the unit"
        yield warning("open files", f"only {soft} are allowed", cure)


def user() -> Check:
    """Say as whom the folders were tried."""
    return note("user", f"the folders were tried as user {os.getuid()}, group {os.getgid()}")
