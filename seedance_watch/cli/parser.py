"""The parser of the command line, made of the table in main.py."""

from importlib.metadata import version

from cyclopts import App, CycloptsError

from seedance_watch.cli.exits import Exit
from seedance_watch.cli.main import ABOUT, COMMANDS, EPILOGUE

app = App(
    name="seedance-watch",
    help=ABOUT,
    help_epilogue=EPILOGUE,
    version=lambda: f"seedance-watch {version('seedance-watch')}",
    help_format="plaintext",  # Markdown would take longer to load than all else
    result_action="return_value",
)
for _name, _module, _ in COMMANDS:  # the list's words are short; --help shows the whole docstring
    app.command(f"seedance_watch.cli.{_module}:{_name}", name=_name)


def run(words: list[str]) -> int:
    """Do what the words say; give the exit code."""
    try:
        code = app(words, exit_on_error=False)
    except CycloptsError:
        return Exit.USAGE
    return code if isinstance(code, int) else Exit.OK
