"""Tells people what the inbox does with their files: each thing once, when it begins."""

from dataclasses import dataclass, field

import structlog

log = structlog.get_logger()


@dataclass(slots=True)
class _Wait:
    words: str
    since_s: float
    told: int = 0  # 0 nothing, 1 waiting, 2 orphaned


@dataclass(slots=True)
class Remarks:
    """What was told already.

    Attributes:
        watch: Name of the watch entry.
        patience_s: How long a wait is nobody's business: files of one drop arrive apart.
        orphan_s: When a wait has become a mistake.
    """

    watch: str
    patience_s: float
    orphan_s: float
    _waits: dict[str, dict[str, _Wait]] = field(default_factory=dict)
    _once: set[tuple[str, str]] = field(default_factory=set)

    def ignored(self, path: str, rule: str) -> None:
        """Tell which rule keeps a name out."""
        log.debug("inbox.ignored", watch=self.watch, path=path, rule=rule)

    def waits(self, folder: str, words: dict[str, str], now_s: float) -> float | None:
        """Take what waits in a folder now; tell what is due; give when more will be."""
        before = self._waits.pop(folder, {})
        after = {
            path: before[path]
            if path in before and before[path].words == said
            else _Wait(said, now_s)
            for path, said in words.items()
        }
        if after:
            self._waits[folder] = after
        dues = [due for path, wait in after.items() if (due := self._tell(path, wait, now_s))]
        return min(dues, default=None)

    def since_s(self, folder: str, path: str) -> float | None:
        """Say since when a path waits, monotonic; None when it does not."""
        wait = self._waits.get(folder, {}).get(path)
        return wait.since_s if wait else None

    def waiting(self) -> dict[str, str]:
        """Give every path that waits, and for what."""
        folders = list(self._waits.values())
        return {path: wait.words for waits in folders for path, wait in list(waits.items())}

    def waiting_told(self) -> bool:
        """Tell of everything that waits, at the end of a single run; give whether anything did."""
        for path, missing in self.waiting().items():
            log.warning("inbox.waiting", watch=self.watch, path=path, missing=missing)
        return bool(self._waits)

    def unsettled(self, path: str, for_s: float) -> None:
        """Tell that a file is written, or open for writing, for very long."""
        cure = "it is taken as soon as whatever writes it closes it"
        log.warning("inbox.waiting", watch=self.watch, path=path, wait_s=round(for_s), cure=cure)

    def unreadable(self, path: str, reason: str) -> None:
        """Tell once that a file or folder cannot be read or taken; again for another reason."""
        if (path, reason) not in self._once:
            self._once.add((path, reason))
            cure = "let this program's user read it, and write in its folder"
            log.warning("inbox.unreadable", watch=self.watch, path=path, reason=reason, cure=cure)

    def _tell(self, path: str, wait: _Wait, now_s: float) -> float | None:
        age_s = now_s - wait.since_s
        if wait.told < 2 and age_s >= self.orphan_s:
            wait.told = 2
            log.warning("inbox.orphaned", watch=self.watch, path=path, missing=wait.words)
        elif wait.told < 1 and age_s >= self.patience_s:
            wait.told = 1
            log.info("inbox.waiting", watch=self.watch, path=path, missing=wait.words)
        steps = (self.patience_s, self.orphan_s)
        return wait.since_s + steps[wait.told] if wait.told < 2 else None
