"""Which files of an inbox belong to a claim under way and are not offered again."""

import os
from collections.abc import Iterable
from pathlib import Path
from threading import Lock


class Kept:
    """Sources kept off; safe to be used from the loop and from the scanning thread.

    What was handed over is let go by itself when all its files are gone. What somebody kept off
    by name stays until it is let go by name.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = Lock()
        self._named: set[str] = set()
        self._handed: dict[str, frozenset[str]] = {}
        self._freed: set[str] = set()
        self._by_folder: dict[str, set[frozenset[str]]] = {}

    def __contains__(self, source: str) -> bool:
        return source in self._named or source in self._handed

    def keep_off(self, sources: Iterable[str]) -> None:
        """Keep sources off until they are let go by name."""
        with self._lock:
            self._named.update(sources)

    def hand(self, folder: str, sources: Iterable[str]) -> None:
        """Keep the sources of one drop off until they are let go, or all gone.

        Args:
            folder: The subfolder that the drop lies in.
            sources: Its files, as paths below the inbox.
        """
        group = frozenset(sources)
        with self._lock:
            self._handed.update(dict.fromkeys(group, group))
            self._by_folder.setdefault(folder, set()).add(group)

    def let_go(self, sources: Iterable[str]) -> None:
        """Offer sources again, and all that was handed over together with them."""
        with self._lock:
            for source in sources:
                self._freed.add(source)
                self._named.discard(source)
                for each in self._handed.get(source, frozenset()):
                    self._handed.pop(each, None)

    def freed(self) -> set[str]:
        """Give, once, the files that were let go of; most of them are gone by then."""
        with self._lock:
            freed, self._freed = self._freed, set()
        return freed

    def tidy(self, folder: str) -> None:
        """Let go of the drops of a subfolder of which nothing is left."""
        for group in tuple(self._by_folder.get(folder, ())):
            held = [each for each in group if self._handed.get(each) is group]
            if not any(os.path.lexists(self._root / each) for each in held):
                with self._lock:
                    self._by_folder[folder].discard(group)
                    for each in held:
                        self._handed.pop(each, None)
