"""The command line: names and one-line helps; the work is in the modules beside this one."""

import sys

from cyclopts import App, CycloptsError

from seedance_watch.cli.exits import Exit, told

_EPILOGUE = """\
Exit codes:
  0   done                         70  a bug
  1   something failed or is held  73  cannot create
      (run --once), or was         75  try again later
      refused (orders)             77  no permission
  64  usage                        78  bad configuration
  65  bad sidecar
"""


def _version() -> str:
    """Give the installed version."""
    from importlib.metadata import version  # noqa: PLC0415 - takes long to load

    return f"seedance-watch {version('seedance-watch')}"


app = App(
    name="seedance-watch",
    help="Drop an image and a TOML prompt into a folder, get a video. Never paid twice.",
    help_epilogue=_EPILOGUE,
    version=_version,
    help_format="plaintext",  # Markdown would take longer to load than all else
    result_action="return_value",
)

# Name, module, and what the list of commands says.
_COMMANDS = (
    ("demo", "demo", "Make sample videos with the built-in sandbox: no account, no network."),
    ("init", "init", "Write a commented configuration and the folders of a new studio."),
    ("run", "run", "Watch the inboxes and make videos, in the foreground, until stopped."),
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
    ("doctor", "doctor", "Check everything that could keep jobs from being done."),
    ("balance", "balance", "Ask the providers what is left on their accounts."),
    ("sandbox", "sandbox", "Serve an emulator of the providers for rehearsals and tests."),
    ("completion", "completion", "Print a script that lets a shell complete commands."),
    ("schema", "schema", "Print the JSON Schema of the configuration or of a sidecar."),
)

for _name, _module, _help in _COMMANDS:
    app.command(f"seedance_watch.cli.{_module}:{_name}", name=_name, help=_help)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit.

    Raises:
        SystemExit: Always, with one of the codes in exits.py.
    """
    with told():
        try:
            code = app(arguments, exit_on_error=False)
        except CycloptsError:
            raise SystemExit(Exit.USAGE) from None
    sys.exit(code if isinstance(code, int) else Exit.OK)
