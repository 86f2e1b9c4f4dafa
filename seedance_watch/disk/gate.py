"""The last look before a drop is handed over: is each of its files finished being written?

Order matters and the costly questions come last: quiet, then the proof that nobody writes, then
the content, then the hash, which is taken of the very file that was looked at.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from seedance_watch.core.model import Part, Role
from seedance_watch.core.pairing import Glance, Kind
from seedance_watch.core.settling import Pace, Proof, quiet_at, settled, touched
from seedance_watch.disk import access, quiet
from seedance_watch.disk.scan import File, Folder, Scanner


@dataclass(frozen=True, slots=True)
class Gate:
    """Settles single files.

    Attributes:
        scanner: Looks at them.
        pace: How long to wait.
        retry_s: How long to leave a file alone that cannot be read.
        whole: Whether an image decodes to its last byte.
        glance: What pairing must know of a sidecar's text in a subfolder.
    """

    scanner: Scanner
    pace: Pace
    retry_s: float
    whole: Callable[[Path], bool]
    glance: Callable[[str, str], Glance]

    def passes(self, folder: Folder, file: File, now_s: float) -> bool:
        """Say whether a file is settled; otherwise its due time says when to ask again."""
        known_s = self.pace.proved_s if folder.local else self.pace.quiet_s
        file.due_s = file.watched.since_s + known_s
        if now_s < file.due_s or not self.scanner.look(folder, file, now_s):
            return False
        proof = self._proof(folder, file, now_s)
        if proof is Proof.BUSY:
            return False
        file.due_s = quiet_at(file.watched, proof, self.pace, doubtful=False)
        if now_s < file.due_s:
            return False
        doubtful = self._doubtful(folder, file)
        file.due_s = quiet_at(file.watched, proof, self.pace, doubtful=doubtful)
        return settled(file.watched, proof, self.pace, now_s, doubtful=doubtful)

    def part(self, folder: Folder, file: File, role: Role, now_s: float) -> Part | None:
        """Hash a settled file; None when it changed meanwhile or cannot be read."""
        look = file.watched.look
        try:
            access.takable(folder.path)  # or it would be claimed in vain again and again
            sha256 = quiet.digest(folder.path / file.name, look)
        except (quiet.Moved, OSError) as error:
            self._again(folder, file, error, now_s)
            return None
        return Part(role, folder.under(file.name), file.name, look.size_bytes, sha256)

    def _proof(self, folder: Folder, file: File, now_s: float) -> Proof:
        proof = quiet.writers(folder.path / file.name) if folder.local else Proof.UNKNOWN
        file.busy = proof is Proof.BUSY
        if file.busy:
            file.watched = touched(file.watched, now_s)
            file.due_s = quiet_at(file.watched, proof, self.pace, doubtful=False)
        return proof

    def _doubtful(self, folder: Folder, file: File) -> bool:
        """Say whether the content looks unfinished: judged once for each look."""
        look = file.watched.look
        if file.whole is None or file.whole[0] != look:
            finished = look.size_bytes > 0 and self._finished(folder, file)
            file.whole = (look, finished)
        return not file.whole[1]

    def _finished(self, folder: Folder, file: File) -> bool:
        try:
            if file.kind is Kind.IMAGE:
                return self.whole(folder.path / file.name)
            said = file.glance = self._read(folder, file)
        except (quiet.Moved, OSError):
            return False
        return not said.broken

    def says(self, folder: Folder, file: File, now_s: float) -> Glance | None:
        """Give what a sidecar says once it is settled, None before."""
        if file.glance is not None and file.due_s is None:
            return file.glance
        if not self.passes(folder, file, now_s):
            return None
        try:
            file.glance = file.glance or self._read(folder, file)
        except (quiet.Moved, OSError) as error:
            self._again(folder, file, error, now_s)
            return None
        file.due_s, file.trouble = None, ""
        return file.glance

    def _read(self, folder: Folder, file: File) -> Glance:
        """Read what a sidecar says.

        Raises:
            Moved: It is not what was looked at.
            OSError: It cannot be read.
        """
        text = quiet.read_text(folder.path / file.name, file.watched.look)
        return Glance(broken=True) if text is None else self.glance(text, folder.rel)

    def _again(self, folder: Folder, file: File, error: Exception, now_s: float) -> None:
        file.whole = None
        at = folder.path / file.name
        file.trouble = access.said(error, at) if isinstance(error, OSError) else ""
        file.watched = touched(file.watched, now_s)
        file.due_s = now_s + (self.retry_s if isinstance(error, OSError) else self.pace.proved_s)
