"""Which files of one folder belong together, by their names and what their sidecars say.

A sidecar fits an image by its full name (`shot01.png.toml`) before it fits by the stem
(`shot01.toml`), and by exact spelling before Unicode-normalised and before case-insensitive
spelling. Where two images fit equally well nobody guesses: all of them wait, with words.
"""

import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

# fmt: off
IMAGE_ENDINGS = frozenset({
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".heic", ".heif", ".hif", ".avif",
    ".tif", ".tiff", ".bmp", ".dib", ".gif", ".jp2", ".j2k", ".jpf", ".jpx", ".ppm", ".pgm", ".tga",
})
# fmt: on
DEFAULTS = "_defaults.toml"


class Kind(StrEnum):
    """What a file is by its name."""

    IMAGE = "image"
    SIDECAR = "sidecar"
    DEFAULTS = "defaults"


@dataclass(frozen=True, slots=True)
class Glance:
    """What pairing must know of a sidecar.

    Attributes:
        end_image: The file it names as its end image, None for none.
        takes: How many videos it asks for, at least 1.
        text_only: Whether it is complete without an image.
        priority: Higher goes first; 0 is usual.
        broken: It is no TOML; still a drop, which fails with the reason.
    """

    end_image: str | None = None
    takes: int = 1
    text_only: bool = False
    priority: int = 0
    broken: bool = False


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


def pair(
    images: Collection[str], sidecars: Mapping[str, Glance | None], *, prompted: bool
) -> Plan:
    """Say which files belong together.

    Args:
        images: Image names in the folder.
        sidecars: What each sidecar says; None while it is not settled.
        prompted: Whether the defaults carry a prompt, so that an image needs no sidecar.
    """
    ends = {name: _end(glance, images) for name, glance in sidecars.items()}
    bonds = _Bonds(images, sidecars, ends)
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


def shared(bundle: Bundle, bundles: Iterable[Bundle]) -> bool:
    """Say whether a bundle's end image is needed by others too (or by itself as its image)."""
    end = bundle.end
    if end is None:
        return False
    others = (other for other in bundles if other is not bundle)
    return bundle.image == end or any(end in (other.image, other.end) for other in others)


def _stranded(bundle: Bundle) -> bool:
    return bundle.lack is Lack.READING and bundle.image is None


def _bundle(
    name: str,
    image: str | None,
    glance: Glance | None,
    bonds: "_Bonds",
    end: tuple[str, str | None],
) -> Bundle:
    asked, found = end
    if glance is None:
        return Bundle(image, name, None, Lack.READING, "the sidecar to be finished being written")
    if image is None and not glance.text_only:
        return Bundle(
            None, name, None, Lack.READING, bonds.unhappy.get(name) or _wants_image(name)
        )
    if asked and found is None:
        return Bundle(image, name, None, Lack.END, f"its end image {asked}")
    if found is not None and found == image:
        words = f"another image; otherwise {found} is both first and last"
        return Bundle(image, name, found, Lack.IMAGE, words)
    return Bundle(image, name, found)


def _end(glance: Glance | None, images: Collection[str]) -> tuple[str, str | None]:
    """Find a sidecar's end image: the asked name ("" for none or no plain name), the file."""
    asked = (glance.end_image if glance else None) or ""
    if "/" in asked or "\\" in asked or kind_of(asked) is not Kind.IMAGE:
        return "", None  # nothing to wait for; preparing the job will complain
    if asked in images:
        return asked, asked
    for spelled in _SPELLINGS[1:]:
        fits = [image for image in images if spelled(image) == spelled(asked)]
        if fits:
            return asked, fits[0] if len(fits) == 1 else None
    return asked, None


def _exact(name: str) -> str:
    return name


def _normal(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _stem(name: str) -> str:
    return split_ending(name)[0]


_SPELLINGS: tuple[Callable[[str], str], ...] = (_exact, _normal, _folded)
# (how an image is named by a sidecar, how it is spelled), the closest fit first
_FITS = tuple((named, spelled) for named in (_exact, _stem) for spelled in _SPELLINGS)


class _Bonds:
    """Sidecars bound to images, the closest fit first.

    Attributes:
        image: The image of each bound sidecar.
        taken: The bound images.
        contested: Images that several could claim, with what to do.
        unhappy: Sidecars that cannot be bound, with what to do.
    """

    def __init__(
        self,
        images: Collection[str],
        sidecars: Iterable[str],
        ends: Mapping[str, tuple[str, str | None]],
    ) -> None:
        self.image: dict[str, str] = {}
        self.taken: set[str] = set()
        self.contested: dict[str, str] = {}
        self.unhappy: dict[str, str] = {}
        self._ends = {name: found for name, (_, found) in ends.items()}
        self._named = {found for found in self._ends.values() if found is not None}
        self._free = dict.fromkeys(images)
        self._open = dict.fromkeys(sidecars)
        for named, spelled in _FITS:
            self._pass(named, spelled)
        for named, spelled in _FITS:
            self._loops(named, spelled)

    def _pass(self, named: Callable[[str], str], spelled: Callable[[str], str]) -> None:
        if not self._open:
            return
        askers = _grouped(self._open, lambda name: spelled(_stem(name)))
        offers = _grouped(self._free, lambda name: spelled(named(name)))
        for key, rivals in askers.items():
            self._match(rivals, offers.get(key, []))

    def _match(self, rivals: list[str], offers: list[str]) -> None:
        own = {self._ends.get(name) for name in rivals}
        fits = [image for image in offers if image not in own]
        first = [image for image in fits if image not in self._named] or fits
        if len(rivals) == 1 and len(first) == 1:
            self._take(rivals[0], first[0])
        elif first:
            self._contest(rivals, first)

    def _loops(self, named: Callable[[str], str], spelled: Callable[[str], str]) -> None:
        """Bind what is left to its own end image: a shot that ends as it began."""
        for name in list(self._open):
            end = self._ends.get(name)
            if end in self._free and end and spelled(named(end)) == spelled(_stem(name)):
                self._take(name, end)

    def _take(self, sidecar: str, image: str) -> None:
        self.image[sidecar] = image
        self.taken.add(image)
        del self._open[sidecar], self._free[image]

    def _contest(self, rivals: list[str], images: list[str]) -> None:
        names = ", ".join(sorted(images))
        if len(images) > 1:
            cure = " or ".join(f"{image}.toml" for image in sorted(images))
            words = f"one image only: {rivals[0]} fits {names}; rename the sidecar to {cure}"
        else:
            words = f"one sidecar only: {', '.join(sorted(rivals))} fit {names}"
        for name in rivals:
            self.unhappy[name] = words
            del self._open[name]
        for image in images:
            self.contested[image] = words
            del self._free[image]


def _grouped(names: Iterable[str], key: Callable[[str], str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(key(name), []).append(name)
    return groups


def _wants_image(sidecar: str) -> str:
    stem = _stem(sidecar)
    exact = kind_of(stem) is Kind.IMAGE
    wish = f"the image {stem}" if exact else f"an image {stem}.png (or .jpg, .webp, ...)"
    return f"{wish}, or text_only = true in it"


def _wants_sidecar(image: str) -> str:
    return f"its sidecar {_stem(image)}.toml or {image}.toml"
