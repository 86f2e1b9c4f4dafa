"""Reading a picture that is about to be sent."""

import hashlib
from pathlib import Path

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.model import Picture
from seedance_watch.providers.part import ours


def read_picture(path: Path, picture: Picture) -> bytes:
    """Read a picture; what is sent must be what was prepared.

    Raises:
        Fault: LOCAL.
    """
    with ours("reading", path):
        content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != picture.sha256:
        reason = f"reading {path}: not the bytes that were prepared; put the file back, or cancel"
        raise Fault(FaultKind.LOCAL, reason)
    return content
