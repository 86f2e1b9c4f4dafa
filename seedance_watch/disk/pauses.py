"""The file in the state directory that keeps which providers a person paused.

Whoever holds the journal's lock writes it; everybody may read. One that cannot be understood is
an error and not an empty one: nothing may be paid that a person stopped.
"""

from collections.abc import Iterable
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from seedance_watch.core.errors import SpoolError
from seedance_watch.core.pauses import Pause
from seedance_watch.disk import files

FILE = "paused.json"
_PAUSES = TypeAdapter(tuple[Pause, ...])


def load(state_dir: Path) -> tuple[Pause, ...]:
    """Give the pauses; none where there is no file.

    Raises:
        SpoolError: The file cannot be read, or does not say what it should.
    """
    path = state_dir / FILE
    try:
        return _PAUSES.validate_json(path.read_bytes())
    except FileNotFoundError:
        return ()
    except (OSError, ValidationError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is damaged"
        cure = f"remove it, then `pause` again what is to be paused: rm {str(path)!r}"
        raise SpoolError(f"which providers are paused cannot be read: {why}; {cure}") from error


def keep(state_dir: Path, pauses: Iterable[Pause]) -> None:
    """Replace what is known; durable when it returns.

    Raises:
        OSError: The old ones are kept.
    """
    content = _PAUSES.dump_json(tuple(pauses))
    files.replace_note(state_dir / FILE, content, scratch=state_dir)
    files.sync_dir(state_dir)
