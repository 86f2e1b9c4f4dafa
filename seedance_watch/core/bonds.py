"""Which sidecar belongs to which image, by their names alone."""

from collections.abc import Callable, Collection, Iterable, Mapping

from seedance_watch.core.endings import SPELLINGS, exact, stem_of

# (how an image is named by a sidecar, how it is spelled), the closest fit first
_FITS = tuple((named, spelled) for named in (exact, stem_of) for spelled in SPELLINGS)


class Bonds:
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
        offers = grouped(self._free, lambda name: spelled(named(name)))
        keys = {name: spelled(stem_of(name)) for name in self._open} if offers else {}
        askers = grouped((name for name, key in keys.items() if key in offers), keys.__getitem__)
        for key, rivals in askers.items():
            self._match(rivals, offers[key])

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
            if end in self._free and end and spelled(named(end)) == spelled(stem_of(name)):
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


def grouped(names: Iterable[str], key: Callable[[str], str]) -> dict[str, list[str]]:
    """Give the names of each key."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(key(name), []).append(name)
    return groups
