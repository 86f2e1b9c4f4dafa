"""The keys of what tells others: figures, channels, addresses, commands."""

from typing import Annotated, Literal

from pydantic import Field

from seedance_watch.config.values import (
    Command,
    Folder,
    KeyFile,
    Keys,
    Listen,
    Receiver,
    Seconds,
    Variable,
)

Kind = Literal[
    "done",
    "failed",
    "cancelled",
    "held",
    "released",
    "paused",
    "resumed",
    "closed",
    "opened",
    "low",
]


class MetricsKeys(Keys):
    """Figures for Prometheus at `/metrics`, whether all is well at `/healthz`; see METRICS.md."""

    listen: Listen | None = None
    """Where they are served, as "127.0.0.1:9469" or the port alone. Default: nowhere."""
    exposed: bool = False
    """Let `listen` be an address that other machines can reach; nobody is asked for a password."""
    textfile: Folder | None = None
    """A file that they are written to, for node_exporter's textfile collector. Default: none."""
    textfile_every_s: Seconds = 15.0
    """Seconds between two writes of that file."""


class HookKeys(Keys):
    """Commands to run when a job of this folder ends or is held; see NOTIFY.md.

    Each is a list: the program, then its arguments. No shell reads it. What happened is in the
    environment, as `SEEDANCE_JOB`, `SEEDANCE_VIDEO`, `SEEDANCE_REASON` and others.
    """

    on_done: Command = []
    """Run when a video is in the outbox."""
    on_failed: Command = []
    """Run when a job has failed."""
    on_held: Command = []
    """Run when a job waits for a person, or for its budget."""
    timeout_s: Seconds = 60.0
    """Seconds until a command is killed, with everything that it started."""


class _Told(Keys):
    """What is told, and about which folders."""

    events: list[Kind] = ["failed", "held", "paused", "closed", "low"]
    """What is told: jobs `done`, `failed`, `cancelled`, `held`, `released`; providers `paused`,
    `resumed`; inboxes `closed`, `opened`; accounts `low`."""
    watches: list[str] = []
    """Names of the `[[watch]]` entries that it is told about. Empty: all."""


class NotifyKeys(_Told):
    """A channel that people read: mail, Slack, ntfy and a hundred others by an Apprise URL.

    Needs `pip install seedance-watch[notify]`. The URL is a secret and does not stand here.
    """

    url_env: Variable = "SEEDANCE_WATCH_NOTIFY_URL"
    """Name of the environment variable, or of the service manager's credential, with the URL."""
    url_file: KeyFile | None = None
    """A file that holds the URL; looked at before credentials and the variable."""
    window_s: Seconds = 30.0
    """Seconds in which everything that happens becomes one message; the first one goes soon."""


class WebhookKeys(_Told):
    """An address that programs listen at; told in JSON, signed as Standard Webhooks says."""

    url: Receiver
    """The address; also one within the house. Redirects are not followed."""
    secret_env: Variable = "SEEDANCE_WATCH_WEBHOOK_SECRET"  # noqa: S105  a name, not a secret
    """Name of the environment variable or credential with the secret (`whsec_` and base64)."""
    secret_file: KeyFile | None = None
    """A file that holds the secret; looked at before credentials and the variable."""
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 10.0
    """Seconds to wait for an answer."""
