"""What makes a start unsafe: one table of rules, and for each the sentence that says what to do.

The journal refuses two more: a state folder on a network file system, and a second daemon.
"""

import os
import shlex
import stat
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import TypeVar

from seedance_watch.config.keys import KeySource, page_source, s3_sources, source_of, told_sources
from seedance_watch.config.layout import Place, crossing, places
from seedance_watch.config.resolved import Config
from seedance_watch.core.errors import Complaint
from seedance_watch.core.toml_lines import Path as KeyPath
from seedance_watch.core.words import path_text, show_path

T = TypeVar("T")
LOOK_S = 5.0  # for a look at a hook's program, which may lie on a network drive

# Folders that are full of other things: a watch would take them for drops, or give them to all.
_SHARED = frozenset(
    {
        *("/", "/home", "/Users", "/Volumes", "/root", "/media", "/mnt", "/opt", "/srv", "/run"),
        *("/tmp", "/var", "/var/lib", "/var/log", "/var/spool", "/var/tmp", "/run/user"),  # noqa: S108
        *("/dev", "/dev/shm", "/usr", "/usr/local", "/usr/share"),  # noqa: S108
    }
)
# Folders in which nothing of anybody's belongs, nor anywhere below.
_SYSTEM = (
    *("/bin", "/boot", "/etc", "/lib", "/lib32", "/lib64", "/proc", "/sbin", "/sys"),
    *("/usr/bin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/sbin"),
)


@dataclass(frozen=True, slots=True)
class _Ground:
    """What the rules look at."""

    config: Config
    places: list[Place]

    def complaint(self, key: KeyPath, problem: str, hint: str) -> Complaint:
        """Complain about the setting at a key path."""
        table = self.config.table
        line = table.line(key) if key else None
        return Complaint(table.file, line, path_text(key), problem, hint)


Rule = Callable[[_Ground], Iterator[Complaint]]


def unsafe(config: Config) -> list[Complaint]:
    """Find every reason not to start with this configuration."""
    ground = _Ground(config, places(config.watches, config.state_dir))
    return [one for rule in RULES.values() for one in rule(ground)]


def _meeting(ground: _Ground) -> Iterator[Complaint]:
    """An outbox inside an inbox would feed videos back, and worse."""
    lines = ground.config.table
    for pair in combinations(ground.places, 2):
        late, early = sorted(pair, key=lambda each: -(lines.line(each.key) or 0))
        if problem := crossing(late, early):
            hint = "choose a folder that is beside it, neither in nor around it"
            yield ground.complaint(late.key, problem, hint)


def _of_the_system(ground: _Ground) -> Iterator[Complaint]:
    """An inbox that is everybody's home takes pictures that nobody dropped."""
    home = os.path.realpath(os.path.expanduser("~"))  # noqa: PTH111 - some users have none
    for place in ground.places:
        path = str(place.real.path)
        what = "your whole home folder" if path == home else ""
        what = what or ("a folder that others use as well" if path in _SHARED else "")
        what = what or ("a folder of the system" if _below(path, _SYSTEM) else "")
        if what:
            problem = f"{show_path(place.path)} is {what}"
            yield ground.complaint(place.key, problem, "choose a folder of its own")


def _config_within(ground: _Ground) -> Iterator[Complaint]:
    """A .toml in an inbox is a sidecar; and who may drop could rewrite it."""
    config = Path(os.path.realpath(ground.config.file))
    for place in _open_to_people(ground):
        if config.is_relative_to(place.real.path):
            problem = f"{show_path(place.path)} contains this configuration file"
            why = (
                "a .toml in an inbox is a sidecar"
                if place.role == "inbox"
                else "people write there"
            )
            yield ground.complaint(place.key, problem, f"{why}; move the configuration out of it")


def _key_within(ground: _Ground) -> Iterator[Complaint]:
    """Who sees the share would see the key."""
    for key, file in _key_files(ground.config):
        for place in _open_to_people(ground):
            if Path(os.path.realpath(file)).is_relative_to(place.real.path):
                problem = (
                    f"{show_path(file)} lies inside {path_text(place.key)}, where people look"
                )
                hint = "move the key out of it, and make a new one if others could read it"
                yield ground.complaint(key, problem, hint)


def _config_open(ground: _Ground) -> Iterator[Complaint]:
    """Who may change the configuration may have the key sent to himself."""
    file = ground.config.file
    if who := _who_else_writes(file):
        problem = f"{show_path(file)} can be changed by {who}, and says where your key is sent"
        yield ground.complaint((), problem, _chmod(file))


def _key_open(ground: _Ground) -> Iterator[Complaint]:
    """Who may change the key may spend from another account, or stop everything."""
    for key, file in _key_files(ground.config):
        if who := _who_else_writes(file):
            problem = f"{show_path(file)} can be changed by {who}"
            yield ground.complaint(key, problem, _chmod(file))


def _command_within(ground: _Ground) -> Iterator[Complaint]:
    """Who may drop a file could have it run."""
    for key, file in _programs(ground.config):
        for place in _open_to_people(ground):
            if _in_time(partial(_real, file), file).is_relative_to(place.real.path):
                folder = path_text(place.key)
                problem = f"{show_path(file)} lies inside {folder}, where people write"
                yield ground.complaint(key, problem, "move the program out of it")


def _command_open(ground: _Ground) -> Iterator[Complaint]:
    """Who may change a program that we run may do as we may."""
    for key, file in _programs(ground.config):
        if who := _in_time(partial(_who_changes, file), ""):
            problem = f"{show_path(file)} is run and can be changed by {who}"
            yield ground.complaint(key, problem, _chmod(file))


def _state_open(ground: _Ground) -> Iterator[Complaint]:
    """Who may change the journal may make us pay twice."""
    folder = ground.config.state_dir
    if who := _who_else_writes(folder):
        problem = f"{show_path(folder)} can be changed by {who}, and its journal says what is paid"
        yield ground.complaint(("state_dir",), problem, _chmod(folder))


# Every rule has a test of its name, and a line in docs/CONFIG.md.
RULES: Mapping[str, Rule] = {
    "folders that meet": _meeting,
    "a folder of the system": _of_the_system,
    "a configuration where people write": _config_within,
    "a key where people look": _key_within,
    "a configuration that others may change": _config_open,
    "a key that others may change": _key_open,
    "a command where people write": _command_within,
    "a command that others may change": _command_open,
    "a state folder that others may change": _state_open,
}


def _open_to_people(ground: _Ground) -> Iterator[Place]:
    return (place for place in ground.places if place.role != "state_dir")


def _key_files(config: Config) -> Iterator[tuple[KeyPath, Path]]:
    """Give every key file that is configured, with the setting that names it."""
    sources: list[KeySource] = [source_of(each) for each in config.providers.values()]
    sources += s3_sources(config.s3) if config.s3 else ()
    sources.append(page_source(config.web))
    for each in sources:
        if each.file is not None:
            yield tuple(f"{each.key.removesuffix('_env')}_file".split(".")), each.file
    for name, told in zip(
        ("notify", "webhook"), told_sources(config.notify, config.webhook), strict=True
    ):
        for number, each in enumerate(told):
            if each.file is not None:
                key = each.key.rpartition(".")[2].removesuffix("_env")
                yield (name, number, f"{key}_file"), each.file


def _programs(config: Config) -> Iterator[tuple[KeyPath, Path]]:
    """Give every file that a command names: its program, and scripts among its arguments."""
    for number, watch in enumerate(config.watches):
        for name, words in watch.hooks:
            for word in words if isinstance(words, list) else ():
                if word.startswith("/"):
                    yield ("watch", number, "hooks", name), Path(word)


def _real(file: Path) -> Path:
    return Path(os.path.realpath(file))


def _who_changes(program: Path) -> str:
    """Say who besides its owner may change a program; arguments may be folders or no paths."""
    return _who_else_writes(program) if program.is_file() else ""


def _in_time(look: Callable[[], T], otherwise: T) -> T:
    """Give what a look at a disk says; one whose server does not answer delays no start."""
    found: list[T] = []
    looking = threading.Thread(target=lambda: found.append(look()), daemon=True)
    looking.start()
    looking.join(LOOK_S)
    return found[0] if found else otherwise


def _who_else_writes(path: Path) -> str:
    """Say who besides its owner may change a file or folder, "" for nobody.

    Of what is not there nothing is said. The group of a file may where that belongs to root or to
    ourselves: then it was our own decision.
    """
    try:
        found = path.stat()
    except OSError:
        return ""
    if found.st_mode & stat.S_IWOTH:
        return f"every user of this machine (its rights are {stat.filemode(found.st_mode)})"
    if found.st_mode & stat.S_IWGRP and found.st_uid not in {0, os.geteuid()}:
        return f"the group {found.st_gid} of its owner {found.st_uid}, who is neither root nor us"
    return ""


def _chmod(path: Path) -> str:
    return (
        f"run: chmod go-w {shlex.quote(str(path))} (where that changes nothing, its disk keeps no "
        "rights: move it to one that does)"
    )


def _below(path: str, roots: tuple[str, ...]) -> bool:
    return any(path == root or path.startswith(f"{root}/") for root in roots)
