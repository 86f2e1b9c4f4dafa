"""Which jobs a person means: by a job's name, a drop's, or any file of theirs.

Only reads. A path may be one in any of the watched folders, also of a file that is there no more.
"""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import tomli

from seedance_watch.app.defaults import read_plain
from seedance_watch.config.resolved import Config
from seedance_watch.config.watches import ROLES, Watch
from seedance_watch.core.endings import stem_of
from seedance_watch.core.snapshot import Row
from seedance_watch.core.words import printable
from seedance_watch.journal.reader import SqliteReader

_WORK = ".seedance/work/"
_NOTES = (".failed.txt", ".held.txt", ".duplicate.txt")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a path lies.

    Attributes:
        watch: The watch entry.
        role: Which of its folders.
        rel: The path below it, "/" between parts.
    """

    watch: Watch
    role: str
    rel: str

    @property
    def path(self) -> Path:
        """The path on disk."""
        return self.watch.folders[self.role] / self.rel


def places(text: str, config: Config) -> list[Place]:
    """Give where a path may lie; one that leads into no watched folder is below an inbox."""
    path = Path(text).expanduser()
    with suppress(OSError):
        path = path.parent.resolve() / path.name
    for watch in config.watches:
        for role in ROLES:
            root = watch.folders[role].resolve()
            if path.is_relative_to(root):
                return [Place(watch, role, path.relative_to(root).as_posix())]
    if text.startswith(("/", "~", "..")):
        return []
    rel = PurePosixPath(text).as_posix()
    return [Place(watch, "inbox", rel) for watch in config.watches if rel != "."]


def jobs_of(text: str, config: Config, reader: SqliteReader) -> list[Row]:
    """Give the jobs that a person means, of several drops the newest one's; none: not known."""
    row = reader.row(text)
    rows = [row] if row else reader.siblings(text)
    if rows:
        return rows
    for place in places(text, config):
        found = jobs_at(place, reader)
        if found:
            return found
    return []


def jobs_at(place: Place, reader: SqliteReader) -> list[Row]:
    """Give the jobs that a file belongs or belonged to, of several drops the newest one's."""
    watch, rel = place.watch.name, place.rel
    if place.role == "outbox":
        return _first(reader.made(watch, rel) or reader.made(watch, f"{stem_of(rel)}.mp4"))
    if place.role == "inbox" and rel.startswith(_WORK):
        return reader.siblings(rel.removeprefix(_WORK).partition("/")[0])
    if rel.endswith(_NOTES):
        row = reader.row(_noted(place.path))
        return [row] if row else []
    beside = place.path.with_name(f"{stem_of(place.path.name)}.failed.txt")
    if place.role == "failed" and (row := reader.row(_noted(beside))):
        return [row]  # it may have a number in its name that it was not dropped with
    labels = (_label(rel), _label(stem_of(rel)))
    rows = reader.named(watch, stem_of(labels[0]), stem_of(labels[1]))
    return _newest(rows or reader.named(watch, labels[0]) or reader.taken_in(watch, rel), reader)


def _first(rows: list[Row]) -> list[Row]:
    return rows[:1]


def _newest(rows: list[Row], reader: SqliteReader) -> list[Row]:
    """Give all takes of the newest drop."""
    return reader.siblings(rows[0].drop_id) if rows else []


def _label(rel: str) -> str:
    """Write a path as the journal's labels have it."""
    return rel.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()


def _noted(note: Path) -> str:
    """Give the job that a note is about, "" when it cannot be read."""
    try:
        table = tomli.loads(read_plain(note).decode("utf-8", "replace"))
    except (OSError, tomli.TOMLDecodeError):
        return ""
    job = table.get("job")
    return job if isinstance(job, str) else ""


def shown(path: Path) -> str:
    """Write a path for people: from where they are, where that is shorter."""
    with suppress(ValueError, OSError):
        return printable(str(path.relative_to(Path.cwd())))
    return printable(str(path))
