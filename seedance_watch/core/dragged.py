"""What a person wants who drags a note out of held/, or copies it: a pure answer from its text.

To the inbox: let the job go on. To failed/: give it up. Whether that may be done is not decided
here but by orders.py, which knows about money.
"""

import re
from collections.abc import Mapping

from seedance_watch.core.orders import Act, Order

MOST_BYTES = 65_536  # a note has about one thousand; nobody is made to read more
BY = "folder"

# Also as file managers name copies: "a.held (2).txt", "a.held - Copy.txt".
_NAME = re.compile(r"[^.].*\.held\b[^/]{0,20}\.txt", re.IGNORECASE | re.DOTALL)
_JOB = re.compile(r'^job = "([^"\\\s]{1,255})"\s*$', re.MULTILINE)
_CODE = re.compile(r'^code = "([a-z0-9_]{1,60})"\s*$', re.MULTILINE)
_ACTS: Mapping[str, Act] = {"inbox": Act.RELEASE, "failed": Act.CANCEL}


def is_note(name: str) -> bool:
    """Whether a file name may be that of a note from held/."""
    return _NAME.fullmatch(name) is not None


def wanted(name: str, text: str, *, to: str) -> Order | None:
    """Give what a note that lies in a folder orders; None: it is no note about one job.

    Args:
        name: Its file name.
        text: What stands in it; people may have saved it with an editor of theirs.
        to: The folder that it lies in, or below: "inbox" or "failed".
    """
    named, code = _JOB.findall(text), _CODE.search(text)
    if not is_note(name) or len(named) != 1:
        return None
    if _ACTS[to] is Act.RELEASE and code:  # a note kept from earlier lets go of no other hold
        return Order(Act.RELEASE, named[0], by=BY, only=code[1])
    return Order(_ACTS[to], named[0], by=BY)
