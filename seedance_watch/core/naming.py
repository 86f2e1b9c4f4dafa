"""Names: of jobs, of keys, and of what appears in the outbox.

Pure functions of their arguments; what is random is drawn by the caller.
"""

import hashlib
import re
import unicodedata

from seedance_watch.core.events import Claiming

NAME_MAX_BYTES = 255
# Room that suffixes need beside the stem: "_take50", "-9999", ".failed.txt".
_ROOM_BYTES = 40


def slug(stem: str) -> str:
    """Give a short ASCII form of a stem, fit for ids and shells; "drop" when nothing is left."""
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:32].strip("-") or "drop"


def drop_id(stem: str, key: str) -> str:
    """Name a drop: readable, and unique by 40 bits of its random key."""
    return f"{slug(stem)}-{key[:10]}"


def job_id(drop: str, take: int, takes: int) -> str:
    """Name a job: its drop's name, with the take where there are several."""
    return drop if takes == 1 else f"{drop}.{take}"


def attempt_key(key: str, take: int, attempt: int) -> str:
    """Give the idempotency key of an attempt: at most 64 characters of [A-Za-z0-9_-]."""
    return f"{key}-{take}-{attempt}"


def fit(stem: str, *, room_bytes: int = _ROOM_BYTES) -> str:
    """Cut a stem so that it and its suffixes fit a file name; a cut one ends in a hash of it all.

    Cuts between characters, never inside one.
    """
    limit = NAME_MAX_BYTES - room_bytes
    if len(_raw(stem)) <= limit:
        return stem
    mark = "~" + hashlib.sha256(_raw(stem)).hexdigest()[:8]
    kept = stem
    while len(_raw(kept)) > limit - len(mark):
        kept = kept[:-1]
    return kept + mark


def _raw(name: str) -> bytes:
    """Give the bytes of a file name as the system sees them."""
    return name.encode("utf-8", "surrogateescape")


def output_stem(claim: Claiming, *, choice: int) -> str:
    """Give the path below the outbox, without ending, of a job's video and receipt.

    Args:
        claim: Which drop and take it is.
        choice: 1 for the name itself, higher when the lower ones are taken by somebody else.
    """
    take = f"_take{claim.take}" if claim.take > 1 else ""
    again = f"-{choice}" if choice > 1 else ""
    name = f"{fit(claim.stem)}{take}{again}"
    return f"{claim.folder}/{name}" if claim.folder else name


def archived_name(stem: str, name: str, *, choice: int) -> str:
    """Give an original's name in done/ or failed/: its own, or with the choice after its stem."""
    if choice == 1:
        return name
    mark = f"-{choice}"
    own = stem if name.startswith(f"{stem}.") else name.rsplit(".", 1)[0]
    # What stands behind the mark may be too long to keep, then less of it is.
    bases = (own, name.rsplit(".", 1)[0], name)
    base = next(b for b in bases if len(_raw(mark + name[len(b) :])) <= _ROOM_BYTES)
    return f"{fit(base)}{mark}{name[len(base) :]}"
