"""Which files of one folder belong together, by their names and what their sidecars say.

A sidecar fits an image by its full name (`shot01.png.toml`) before it fits by the stem
(`shot01.toml`), and by exact spelling before Unicode-normalised and before case-insensitive
spelling. Where two images fit equally well nobody guesses: all of them wait, with words.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from seedance_watch.core.bonds import Bonds, grouped
from seedance_watch.core.endings import (
    DEFAULTS,
    IMAGE_ENDINGS,
    SPELLINGS,
    Kind,
    kind_of,
    split_ending,
    stem_of,
)

__all__ = [
    "DEFAULTS", "IMAGE_ENDINGS", "Bundle", "Glance", "Kind", "Lack", "Plan", "kind_of", "pair",
    "split_ending",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Glance:
    """What pairing must know of a sidecar.

    Attributes:
        end_image: The file it names as its end image, None for none.
        takes: How many videos it asks for, at least 1.
        text_only: Whether it is complete without an image.
        priority: Higher goes first; 0 is usual.
        broken: It is no TOML; still a drop, which fails with the reason.
        start_from: The shot whose video brings its image, "" for none.
    """

    end_image: str | None = None
    takes: int = 1
    text_only: bool = False
    priority: int = 0
    broken: bool = False
    start_from: str = ""

    @property
    def alone(self) -> bool:
        """Whether it is complete without an image beside it."""
        return self.text_only or bool(self.start_from)


class Lack(StrEnum):
    """What a bundle still waits for, besides its files being settled."""

    NOTHING = ""
    READING = "reading"  # the sidecar is not settled, so what it asks for is unknown
    END = "end"  # the end image is not there
    SIDECAR = "sidecar"  # one may still come, though the defaults carry a prompt
    IMAGE = "image"  # another may still come: its only image is also its own end image


@dataclass(frozen=True, slots=True)
class Bundle:
    """Files that will be one drop.

    Attributes:
        image: The image's name, None without one.
        sidecar: The sidecar's name, None without one.
        end: The end image's name as it lies in the folder, None without one.
        lack: What is missing.
        words: What is missing, for people; "" for nothing.
    """

    image: str | None
    sidecar: str | None
    end: str | None = None
    lack: Lack = Lack.NOTHING
    words: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Its files, the image first, each once."""
        given = (self.image, self.sidecar, self.end)
        return tuple(dict.fromkeys(name for name in given if name is not None))


@dataclass(frozen=True, slots=True)
class Plan:
    """What a folder's files mean together.

    Attributes:
        bundles: Drops, complete or lacking something.
        waits: For each file that belongs to no bundle, what it waits for, for people.
    """

    bundles: tuple[Bundle, ...]
    waits: Mapping[str, str]


def pair(
    images: Collection[str], sidecars: Mapping[str, Glance | None], *, prompted: bool
) -> Plan:
    """Say which files belong together.

    Args:
        images: Image names in the folder.
        sidecars: What each sidecar says; None while it is not settled.
        prompted: Whether the defaults carry a prompt, so that an image needs no sidecar.
    """
    images = dict.fromkeys(images)
    known = _Ends(images)
    ends = {name: known.of(glance) for name, glance in sidecars.items()}
    bonds = Bonds(images, sidecars, ends)
    bundles = [_bundle(name, bonds.image.get(name), glance, bonds, ends[name])
               for name, glance in sidecars.items()]  # fmt: skip
    waits = {b.sidecar: b.words for b in bundles if _stranded(b) and b.sidecar is not None}
    named = {found for _, found in ends.values() if found is not None}
    loose = [i for i in images if i not in bonds.taken and i not in bonds.contested]
    waits |= {i: w for i, w in bonds.contested.items() if i not in bonds.taken}
    unnamed = [i for i in loose if i not in named]
    if prompted:
        words = "a sidecar that may still come; without one the folder's defaults apply"
        bundles += [Bundle(i, None, None, Lack.SIDECAR, words) for i in unnamed]
    else:
        waits |= {i: _wants_sidecar(i) for i in unnamed}
    return Plan(tuple(b for b in bundles if not _stranded(b)), waits)


def _stranded(bundle: Bundle) -> bool:
    return bundle.lack is Lack.READING and bundle.image is None


def _bundle(
    name: str,
    image: str | None,
    glance: Glance | None,
    bonds: "Bonds",
    end: tuple[str, str | None],
) -> Bundle:
    asked, found = end
    if glance is None:
        return Bundle(image, name, None, Lack.READING, "the sidecar to be finished being written")
    if glance.start_from and found == image:
        image = None  # its first image is a frame
    if image is None and not glance.alone:
        return Bundle(
            None, name, None, Lack.READING, bonds.unhappy.get(name) or _wants_image(name)
        )
    if asked and found is None:
        return Bundle(image, name, None, Lack.END, f"its end image {asked}")
    if found is not None and found == image:
        words = f"another image; otherwise {found} is both first and last"
        return Bundle(image, name, found, Lack.IMAGE, words)
    return Bundle(image, name, found)


class _Ends:
    """The images of a folder by the names that sidecars may call them."""

    def __init__(self, images: Collection[str]) -> None:
        self._images = images
        self._spelled: list[dict[str, list[str]]] = []

    def of(self, glance: Glance | None) -> tuple[str, str | None]:
        """Find an end image: the asked name ("" for none or no plain name), the file."""
        asked = (glance.end_image if glance else None) or ""
        if "/" in asked or "\\" in asked or kind_of(asked) is not Kind.IMAGE:
            return "", None  # nothing to wait for; preparing the job will complain
        if asked in self._images:
            return asked, asked
        for spelled, names in zip(SPELLINGS[1:], self._index(), strict=True):
            fits = names.get(spelled(asked), [])
            if fits:
                return asked, fits[0] if len(fits) == 1 else None
        return asked, None

    def _index(self) -> list[dict[str, list[str]]]:
        if not self._spelled:
            self._spelled = [grouped(self._images, spelled) for spelled in SPELLINGS[1:]]
        return self._spelled


def _wants_image(sidecar: str) -> str:
    stem = stem_of(sidecar)
    exact = kind_of(stem) is Kind.IMAGE
    wish = f"the image {stem}" if exact else f"an image {stem}.png (or .jpg, .webp, ...)"
    return f"{wish}, or text_only = true in it"


def _wants_sidecar(image: str) -> str:
    return f"its sidecar {stem_of(image)}.toml or {image}.toml"
