"""What no sidecar can say, and why: whoever may write to the inbox is not trusted with more.

Such keys do not exist, so nothing here protects anything; it only spares people a guess.
"""

import re

_ADDRESS = "addresses are not taken from a sidecar"
_SECRET = "keys belong to the daemon's configuration; take it out of this file"  # noqa: S105
_PROGRAM = "no program is ever run"
_OUTPUT = "the video goes to the outbox under the image's name"
_FOLDER = "folders are set in the daemon's configuration"
# By the words of a key, "_" around each: the first row that fits.
_ROWS = (
    (r"_(ur[il]s?|address|endpoint|webhook|callback|proxy|host|server|bucket)_", _ADDRESS),
    (r"_(keys?|tokens?|secret|password|credentials?|authorization|headers?|auth)_", _SECRET),
    (r"^_on_|_(hooks?|exec|execute|command|cmd|run|shell|script|program|eval)_", _PROGRAM),
    (r"_(output|out|filename|destination|dest|target)_", _OUTPUT),
    (r"_(inbox|outbox|done|failed|held|dir|directory|folder|path)_", _FOLDER),
)


def never(name: str) -> str:
    """Say why there will never be a key of this name, "" when it is merely unknown."""
    words = f"_{name.strip().lower().replace('-', '_')[:100]}_"
    fits = (why for row, why in _ROWS if re.search(row, words))
    return next(fits, "")
