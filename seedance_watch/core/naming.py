"""Names: of jobs, of keys, and of what appears in the outbox.

Pure functions of their arguments; what is random is drawn by the caller.
"""

import hashlib
import re
import unicodedata
from dataclasses import replace

from seedance_watch.core.events import Claiming

NAME_MAX_BYTES = 255
_NUMBER = re.compile("[0-9]+")
_PLAIN = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?")
_SHORT = 80
_DEVICES = frozenset(
    {*("con", "prn", "aux", "nul"), *(f"{each}{n}" for each in ("com", "lpt") for n in range(10))}
)
# Room that suffixes need beside the stem: "_take50", "-9999", ".failed.txt".
_ROOM_BYTES = 40


def natural(path: str) -> str:
    """Give what names are sorted by: shot2 before Shot10, and folder by folder.

    Text and not a tuple, because there is one for every job that waits.
    """
    return _NUMBER.sub(_counted, path.casefold().replace("/", "\0"))


def _counted(found: re.Match[str]) -> str:
    """Write a number so that a greater one has the greater text."""
    digits = found[0].lstrip("0")
    return f"{len(digits):04}{digits}"


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


def fit(stem: str, *, room_bytes: int = _ROOM_BYTES, longest: int = NAME_MAX_BYTES) -> str:
    """Cut a stem so that it and its suffixes fit a file name; a cut one ends in a hash of it all.

    Cuts between characters, never inside one.

    Args:
        stem: A name without ending.
        room_bytes: What the suffixes need.
        longest: How many bytes a name may have; encrypted folders of NAS makers take 143.
    """
    limit = longest - room_bytes
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


def known_anywhere(name: str) -> bool:
    """Whether every file system takes a name, of whatever sort it is and whatever it is called.

    Letters, digits, hyphens, underscores and dots inside, short, and no name that some systems
    keep for devices.
    """
    device = name.partition(".")[0].lower() in _DEVICES
    return len(name) <= _SHORT and _PLAIN.fullmatch(name) is not None and not device


def output_stem(
    claim: Claiming, *, choice: int, longest: int = NAME_MAX_BYTES, plain: bool = False
) -> str:
    """Give the path below the outbox, without ending, of a job's video and receipt.

    Args:
        claim: Which drop and take it is.
        choice: 1 for the name itself, higher when the lower ones are taken by somebody else.
        longest: How many bytes a name may have there.
        plain: Only with letters, digits and hyphens, for file systems that refuse the name.
    """
    take = f"_take{claim.take}" if claim.take > 1 else ""
    again = f"-{choice}" if choice > 1 else ""
    stem = claim.drop_id if plain else fit(claim.stem, longest=longest)
    above = [slug(each) if plain else each for each in claim.folder.split("/") if each]
    return "/".join([*above, f"{stem}{take}{again}"])


def sequence_stem(
    claim: Claiming, name: str, *, choice: int, longest: int = NAME_MAX_BYTES, plain: bool = False
) -> str:
    """Give the path below the outbox, without ending, of the video that a chain is joined to.

    Args:
        claim: The last shot's.
        name: What it is to be called.
        choice: As for `output_stem`.
        longest: As for `output_stem`.
        plain: As for `output_stem`.
    """
    like = replace(claim, stem=name, drop_id=slug(name))
    return output_stem(like, choice=choice, longest=longest, plain=plain)


def archived_name(stem: str, name: str, *, choice: int, longest: int = NAME_MAX_BYTES) -> str:
    """Give an original's name in done/ or failed/: its own, or with the choice after its stem."""
    if choice == 1:
        return name
    mark = f"-{choice}"
    own = stem if name.startswith(f"{stem}.") else name.rsplit(".", 1)[0]
    # What stands behind the mark may be too long to keep, then less of it is.
    bases = (own, name.rsplit(".", 1)[0], name)
    base = next(b for b in bases if len(_raw(mark + name[len(b) :])) <= _ROOM_BYTES)
    return f"{fit(base, longest=longest)}{mark}{name[len(base) :]}"
