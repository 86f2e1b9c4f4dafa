"""The command line: names and one-line helps; the work is in the modules beside this one."""

import gc
import sys
from collections.abc import Callable
from importlib import import_module

from seedance_watch.cli.exits import Exit, show, told

ABOUT = "Drop an image and a TOML prompt into a folder, get a video. Never paid twice."
EPILOGUE = """\
Exit codes:
  0   done                         70  a bug
  1   something failed or is held  73  cannot create
      (run --once), or was         75  try again later
      refused (orders)             77  no permission
  64  usage                        78  bad configuration
  65  bad sidecar
"""


# Name, module, and what the list of commands says.
COMMANDS = (
    ("demo", "demo", "Make sample videos with the built-in sandbox, without an account."),
    ("init", "init", "Write a commented configuration and the folders of a new studio."),
    ("run", "run", "Watch the inboxes and make videos, in the foreground."),
    ("reload", "reload", "Let the running daemon apply a changed configuration."),
    ("health", "health", "Say whether the daemon works; exit code 0 when it does."),
    ("systemd", "systemd", "Print a systemd unit that runs the daemon as a service."),
    ("check", "check", "Check configuration and sidecars, show each request and its cost."),
    ("status", "status", "Show the jobs and where they stand."),
    ("why", "why", "Say why a file or a job stands as it does, and what can be done."),
    ("plan", "plan", "Show what would be paid for now, in which order, at which cost."),
    ("show", "show", "Show a job's history with times and costs."),
    ("spend", "spend", "Show what was spent, by day, folder, provider and model."),
    ("retry", "orders", "Drop the originals of failed or cancelled jobs once more."),
    ("hold", "orders", "Let jobs wait until they are released."),
    ("release", "orders", "Let held jobs go on."),
    ("cancel", "orders", "Give jobs up; their originals go to failed/."),
    ("adopt", "orders", "Tell a job in doubt under which task id the provider took it."),
    ("resubmit", "orders", "Pay for another attempt of jobs in doubt."),
    ("pause", "lanes", "Pay for nothing new at a provider until it is resumed."),
    ("resume", "lanes", "Let paused providers go on."),
    ("verify", "verify", "Compare videos with their receipts."),
    ("join", "join", "Join videos to one."),
    ("doctor", "doctor", "Check everything that could keep jobs from being done."),
    ("balance", "balance", "Ask the providers what is left on their accounts."),
    ("sandbox", "sandbox", "Serve an emulator of the providers for rehearsals and tests."),
    ("completion", "completion", "Print a script that lets a shell complete commands."),
    ("schema", "schema", "Print the JSON Schema of the configuration or of a sidecar."),
)

_MORE = (
    ("--help, -h", "Show this, or after a command what it takes."),
    ("--version", "Show the version."),
)
_ASKED: tuple[list[str], ...] = ([], ["--help"], ["-h"])
# What is asked most, and what a service manager starts: module and function that do it.
_PLAIN = {"run": ("foreground", "work"), "status": ("standing", "tell")}


def overview() -> str:
    """List the commands; written here, because the parser's own help takes long to load."""
    listed = [*((name, text) for name, _, text in COMMANDS), *_MORE]
    lines = "\n".join(f"  {name:10}  {text}" for name, text in listed)
    return f"Usage: seedance-watch COMMAND\n\n{ABOUT}\n\nCommands:\n{lines}\n\n{EPILOGUE.rstrip()}"


def _log_without_rich() -> None:
    """Load structlog as where there is no rich: the daemon would keep 3 MiB of it for nothing."""
    sys.modules["rich"] = None  # type: ignore[assignment]
    import structlog.dev  # noqa: F401, PLC0415

    del sys.modules["rich"]


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit.

    Raises:
        SystemExit: Always, with one of the codes in exits.py.
    """
    words = sys.argv[1:] if arguments is None else arguments
    if words in _ASKED:
        show(overview())
        sys.exit(Exit.OK)
    if words[0] == "run" and "rich" not in sys.modules:
        _log_without_rich()
    with told():
        code = _done(words)
        sys.stdout.flush()
    sys.exit(code)


def _done(words: list[str]) -> int:
    """Do what the words say; give the exit code.

    The parser takes as long to load as a look at all jobs, and 3 MiB that a daemon would keep, so
    it is left out where nothing but the configuration is named.
    """
    match words:
        case [name] if name in _PLAIN:
            return _plainly(name)()
        case [name, "--config" | "-c", path] if name in _PLAIN and path[:1] not in {"", "-"}:
            from pathlib import Path  # noqa: PLC0415 - not for the overview

            return _plainly(name)(Path(path))
    from seedance_watch.cli.parser import run  # noqa: PLC0415 - not for the overview

    return run(words)


def _plainly(name: str) -> Callable[..., int]:
    """Give what does a command whose words need no parser."""
    module, function = _PLAIN[name]
    gc.disable()  # what is loaded is kept: neither now nor later is it searched for garbage
    found: Callable[..., int] = getattr(import_module(f"seedance_watch.cli.{module}"), function)
    gc.freeze()
    gc.enable()
    return found
