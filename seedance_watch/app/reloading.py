"""What a changed configuration changes, and what of that cannot be done without a restart."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from seedance_watch.config.effective import effective
from seedance_watch.config.resolved import Config
from seedance_watch.config.watches import Watch
from seedance_watch.core.words import show, show_path

_NONE = "not set"
_ENTRIES = frozenset({"notify", "webhook"})


@dataclass(frozen=True, slots=True)
class Change:
    """A key whose value is another one now.

    Attributes:
        key: Its path, with the watch's name in the place of its number.
        before: Its value as TOML writes it, secrets starred; "not set" where there was none.
        after: The same for the new one.
    """

    key: str
    before: str
    after: str

    def __str__(self) -> str:
        """Say it on one line."""
        return f"{self.key}: {self.before} -> {self.after}"


def changes(old: Config, new: Config) -> list[Change]:
    """Give every key whose effective value has changed, in the order of the file."""
    before, after = _values(old), _values(new)
    keys = dict.fromkeys(chain(after, before))
    pairs = ((key, before.get(key, _NONE), after.get(key, _NONE)) for key in keys)
    return [Change(key, was, now) for key, was, now in pairs if was != now]


def _values(config: Config) -> Mapping[str, str]:
    """Give the effective values, watch entries by their names."""
    names = {f"watch[{n}]": f"watch {show(w.name)}" for n, w in enumerate(config.watches, 1)}
    found = {}
    for key, value, origin in effective(config):
        if value == "[]" and key in _ENTRIES:
            continue  # what its entries say stands on lines of their own
        entry, dot, rest = key.partition(".")
        starred = f"{value} ({origin})" if value.startswith("***") else value
        found[f"{names.get(entry, entry)}{dot}{rest}"] = starred
    return found


def obstacles(old: Config, new: Config, busy: Collection[str]) -> list[str]:
    """Say what cannot be changed while the daemon runs.

    Args:
        old: What is in force.
        new: What is to be.
        busy: Names of the watch entries that have open jobs.
    """
    return list(_obstacles(old, new, busy))


def _obstacles(old: Config, new: Config, busy: Collection[str]) -> Iterator[str]:
    if old.state_dir != new.state_dir:
        one, other = show_path(old.state_dir), show_path(new.state_dir)
        yield f"state_dir: the journal cannot move from {one} to {other}: stop the daemon first"
    entries = {watch.name: watch for watch in new.watches}
    for watch in old.watches:
        if watch.name in busy:
            yield from _lost(watch, entries.get(watch.name))


def _lost(watch: Watch, now: Watch | None) -> Iterator[str]:
    """Say what of a watch entry its open jobs need."""
    entry = f"watch {show(watch.name)}"
    cure = "wait for them, or `cancel` them"
    if now is None:
        yield f"{entry}: cannot be taken out or renamed while it has open jobs: {cure}"
        return
    for role in ("inbox", "outbox"):
        was, to = watch.folders[role], now.folders[role]
        if was != to:
            moved = f"cannot move from {show_path(was)} to {show_path(to)}"
            yield f"{entry}: its {role} {moved} while it has open jobs: {cure}"
