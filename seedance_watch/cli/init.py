"""`init`: a new studio folder."""

from pathlib import Path

from seedance_watch.cli.exits import Exit, say, show
from seedance_watch.config.load import NAME
from seedance_watch.config.starter import free_state_dir, starter
from seedance_watch.disk import files
from seedance_watch.journal import place

_FOLDERS = ("inbox", "outbox", "done", "failed", "held")


def init(folder: Path = Path(), /) -> int:
    """Write a commented configuration and the folders of a new studio.

    Nothing that is there already is changed.

    Parameters
    ----------
    folder
        Where; made if it is not there. Default: this folder.
    """
    config = folder / NAME
    if config.exists():
        say(f"seedance-watch init: {config} is there already and is left as it is")
        return Exit.CANNOT_CREATE
    for name in _FOLDERS:
        files.make_dirs(folder.absolute() / name)
    state_dir = free_state_dir(folder)
    place.make_dir(state_dir)
    config.write_text(starter(folder, state_dir=state_dir), encoding="utf-8")
    show(_next(folder, config))
    return Exit.OK


def _next(folder: Path, config: Path) -> str:
    """Say what to do now."""
    return f"""\
{folder}/ is ready. Now:
  1. put your key where the daemon finds it:   export RIVYA_API_KEY=...
  2. look whether all is well:                 seedance-watch check --config {config}
  3. start it:                                 seedance-watch run --config {config}
  4. drop shot01.png and shot01.toml with      prompt = "what should happen"
     into {folder / "inbox"}/ and watch {folder / "outbox"}/
To try it without an account:                  seedance-watch demo"""
