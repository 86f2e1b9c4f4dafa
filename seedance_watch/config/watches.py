"""One watched folder with every default filled in."""

from dataclasses import dataclass
from pathlib import Path

from seedance_watch.config.schema import (
    InboxKeys,
    SettleKeys,
    WatchBudgetKeys,
    WatchKeys,
)
from seedance_watch.config.telling import HookKeys
from seedance_watch.core.catalogue import DEFAULT_MODELS
from seedance_watch.core.hours import Hours, hours_of
from seedance_watch.core.sidecar import Layer, Table

ORIGIN = "configuration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One watched folder.

    Attributes:
        name: What the journal calls it.
        inbox: Where drops lie.
        outbox: Where videos and receipts go.
        done: Where originals of finished jobs go.
        failed: Where originals go that could not be used.
        held: Where notes about waiting jobs go.
        recursive: Whether subfolders are watched.
        duplicates: What to do with a drop whose video exists: "point", "place" or "pay".
        status_file: Whether a text in the outbox says how things stand.
        hours: When videos may be ordered; empty: always.
        budget: What it may spend, by provider.
        hooks: Commands to run for its jobs, their programs' paths absolute.
        settle: How it is watched.
        layers: The configuration's layers of wishes: its defaults, then its provider and model.
    """

    name: str
    inbox: Path
    outbox: Path
    done: Path
    failed: Path
    held: Path
    recursive: bool
    duplicates: str
    status_file: bool
    hours: tuple[Hours, ...]
    budget: WatchBudgetKeys
    hooks: HookKeys
    settle: SettleKeys
    layers: tuple[Layer, ...]

    @property
    def folders(self) -> dict[str, Path]:
        """Its folders by their keys."""
        return {role: getattr(self, role) for role in ROLES}


ROLES = ("inbox", "outbox", "done", "failed", "held")


def watch_of(
    keys: WatchKeys, place: int, *, inbox: InboxKeys, table: Table, folder: Path
) -> Watch:
    """Fill in one entry.

    Args:
        keys: The entry.
        place: Its number, from 0.
        inbox: What holds for all inboxes.
        table: The whole file.
        folder: The configuration's folder; relative paths start there.
    """
    drops = located(keys.inbox, folder)
    return Watch(
        name=keys.name or _name(drops),
        inbox=drops,
        outbox=located(keys.outbox or drops.parent / "outbox", folder),
        done=located(keys.done or drops.parent / "done", folder),
        failed=located(keys.failed or drops.parent / "failed", folder),
        held=located(keys.held or drops.parent / "held", folder),
        recursive=keys.recursive,
        duplicates=keys.duplicates,
        status_file=keys.status_file,
        hours=tuple(map(hours_of, keys.hours)),
        budget=keys.budget,
        hooks=_hooks(keys.hooks, folder),
        settle=_settle(keys, inbox),
        layers=_layers(keys, place, table),
    )


def located(path: str | Path, folder: Path) -> Path:
    """Make a path absolute: "~" is the user's home, relative ones start at the folder."""
    return folder / Path(path).expanduser()


def _hooks(keys: HookKeys, folder: Path) -> HookKeys:
    """Make the paths of programs absolute; a bare name is looked for where programs are."""
    commands = {name: getattr(keys, name) for name in HookKeys.model_fields if name != "timeout_s"}
    found = {
        name: [str(located(words[0], folder)), *words[1:]]
        for name, words in commands.items()
        if words and "/" in words[0]
    }
    return keys.model_copy(update=found)


def _name(inbox: Path) -> str:
    called = inbox.parent.name if inbox.name.lower() == "inbox" else inbox.name
    return called or inbox.name or "inbox"


def _settle(keys: WatchKeys, inbox: InboxKeys) -> SettleKeys:
    """Lay the watch's own keys over those for all inboxes; ignored names add up."""
    own = {
        name: getattr(keys, name)
        for name in SettleKeys.model_fields.keys() & keys.model_fields_set
    }
    merged = {**inbox.model_dump(), **own, "ignore": [*inbox.ignore, *keys.ignore]}
    return SettleKeys.model_validate(merged)


def _layers(keys: WatchKeys, place: int, table: Table) -> tuple[Layer, ...]:
    provider = keys.route[0].partition("/")[0] if keys.route else keys.provider
    maker: dict[str, object] = {"provider": provider}
    model = keys.model or DEFAULT_MODELS.get(provider)
    maker |= {"model": model} if model else {}
    maker |= {"route": keys.route} if keys.route else {}
    here = ("watch", place)
    return (
        Layer(ORIGIN, table.file, keys.defaults, table.lines, prefix=(*here, "defaults")),
        Layer(ORIGIN, table.file, maker, table.lines, prefix=here),
    )
