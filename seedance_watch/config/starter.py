"""The configuration that `init` writes: short, commented, and usable as it is."""

import json
from itertools import count
from pathlib import Path

import platformdirs

_TEXT = """\
# seedance-watch: the configuration of this studio folder.
# Start with:  seedance-watch run      (in this folder, or with --config and this file's path)
# A "#" directly before a key switches it off: these are examples. All keys: docs/CONFIG.md

# The journal of all jobs. It must lie on a local disk, never on a network share.
state_dir = {state_dir}

# A watched folder; repeat [[watch]] for more of them.
[[watch]]
inbox = "inbox"          # drop shot01.png and shot01.toml here, in any order
outbox = "outbox"        # shot01.mp4 and its receipt appear here
done = "done"            # the originals, when their video is made
failed = "failed"        # the originals, with the reason beside them, when it cannot be made
held = "held"            # notes on jobs that wait for you
status_file = true       # outbox/_status.txt says what is made, what waits and why
provider = "rivya"       # or "segmind"
#model = "seedance-1-0-lite"
#route = ["rivya", "segmind"]   # the next one only when the one before declined or is paused
#hours = ["22:00-06:00"]        # when videos may be ordered

# For every drop whose sidecar does not say otherwise:
[watch.defaults]
duration = 5             # seconds
#resolution = "720p"
#preview = "gif"         # a small animation beside each video, for chats
#prompt = "..."          # with a prompt here, an image needs no sidecar

# What this folder may spend at a provider. What does not fit waits for the next day or month.
#[watch.budget.rivya]
#per_day = 100.0         # credits
#per_month = 1000.0

# Programs of yours, when a video is done, a job failed or is held; see docs/NOTIFY.md.
#[watch.hooks]
#on_done = ["/usr/local/bin/upload"]

# The key itself never stands in this file. It is read from the environment variable of this name,
# from a credential of the service manager of this name, or from api_key_file.
[providers.rivya]
api_key_env = "RIVYA_API_KEY"
#api_key_file = "/etc/seedance-watch/rivya.key"
#warn_below = 50.0       # credits

[providers.segmind]
api_key_env = "SEGMIND_API_KEY"
#api_key_file = "/etc/seedance-watch/segmind.key"
#warn_below = 5.0        # US dollars

# Whose days, months and hours count; this machine's if not said.
#[limits]
#timezone = "Europe/Berlin"

# Messages by mail, Slack, ntfy and others. Their address is a secret: it has its own file.
#[[notify]]
#url_file = "/etc/seedance-watch/notify.url"

# Figures for Prometheus, at http://127.0.0.1:9469/metrics
#[metrics]
#listen = "9469"

# The page for browsers, at http://127.0.0.1:8470; needs: pip install "seedance-watch[web]"
#[web]
#listen = "8470"
"""


def free_state_dir(folder: Path) -> Path:
    """Give a place for a new studio's journal: in the user's state folder, nobody else's yet.

    Two studios that shared a journal would finish each other's jobs and find each other's videos.
    """
    above, name = platformdirs.user_state_path("seedance-watch"), folder.resolve().name
    names = (name if number == 1 else f"{name}-{number}" for number in count(1))
    return next(above / each for each in names if not (above / each).exists())


def starter(folder: Path, *, state_dir: Path | None = None) -> str:
    """Give the text of a studio's configuration.

    Args:
        folder: The studio's folder, where the file will lie.
        state_dir: Where its journal will be, on a local disk. None: see `free_state_dir`.
    """
    state_dir = state_dir or free_state_dir(folder)
    return _TEXT.format(state_dir=json.dumps(str(state_dir), ensure_ascii=False))
