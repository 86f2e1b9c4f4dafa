"""What a file is by its name, and when two names are the same name."""

import unicodedata
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache

# fmt: off
IMAGE_ENDINGS = frozenset({
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".heic", ".heif", ".hif", ".avif",
    ".tif", ".tiff", ".bmp", ".dib", ".gif", ".jp2", ".j2k", ".jpf", ".jpx", ".ppm", ".pgm",
    ".tga",
})
# fmt: on
DEFAULTS = "_defaults.toml"


class Kind(StrEnum):
    """What a file is by its name."""

    IMAGE = "image"
    SIDECAR = "sidecar"
    DEFAULTS = "defaults"


@lru_cache(maxsize=1 << 12)  # a folder's names are asked for again and again
def split_ending(name: str) -> tuple[str, str]:
    """Split a file name into stem and lower-case ending with its dot, "" for none."""
    stem, dot, ending = name.rpartition(".")
    return (stem, f".{ending.lower()}") if dot and stem else (name, "")


def kind_of(name: str) -> Kind | None:
    """Say what a file is by its name, None for neither image nor TOML."""
    ending = split_ending(name)[1]
    if ending in IMAGE_ENDINGS:
        return Kind.IMAGE
    if ending != ".toml":
        return None
    return Kind.DEFAULTS if name.lower() == DEFAULTS else Kind.SIDECAR


def exact(name: str) -> str:
    """Give the name as it is."""
    return name


def normal(name: str) -> str:
    """Give the name in Unicode's composed form."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def folded(name: str) -> str:
    """Give the name without regard to case."""
    return name.lower() if name.isascii() else normal(normal(name).casefold())


def stem_of(name: str) -> str:
    """Give the name without its ending."""
    return split_ending(name)[0]


SPELLINGS: tuple[Callable[[str], str], ...] = (exact, normal, folded)


# Names that people give a sidecar by mistake: editors and Windows add the last of two endings.
LIKE_SIDECARS = (".txt", ".json", ".yaml", ".yml")


def sidecar_name(name: str) -> str:
    """Give the name that a file like a sidecar should have: `a.toml` for `a.toml.txt`, `a.txt`."""
    meant = stem_of(name.rpartition("/")[2])
    return meant if kind_of(meant) is Kind.SIDECAR else f"{meant}.toml"


def like_sidecar(stem: str) -> set[str]:
    """Give the names that may be meant for a drop's sidecar and are none."""
    return {f"{stem}{toml}{ending}" for toml in ("", ".toml") for ending in LIKE_SIDECARS}
