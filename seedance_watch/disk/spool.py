"""The directory of job folders: where a drop's files are from claim to archive.

    inbox/.seedance/work/DROP/      the claimed files, and pictures made from them
    outbox/.seedance/part/JOB.mp4   a video on its way
    outbox/ done/ failed/ held/     what people look at

Work and part folders live inside the directory they serve, because rename needs the same mount.
Every method may be repeated after a crash at any point in it. Failures of the disk are
Fault(LOCAL); nothing is lost by one.
"""

import errno
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from seedance_watch.core import naming
from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.events import Claiming, Returned
from seedance_watch.core.machine import Job
from seedance_watch.core.model import Clip, Part, Role
from seedance_watch.disk import files
from seedance_watch.ports import Claim, Putting

PRIVATE = ".seedance"


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one watch entry; all absolute."""

    inbox: Path
    outbox: Path
    done: Path
    failed: Path
    held: Path


@contextmanager
def _local(doing: str, path: Path) -> Iterator[None]:
    """Give the disk's errors words and a kind."""
    try:
        yield
    except OSError as error:
        reason = f"{doing} {str(path)!r}: {error.strerror or error}; check the disk and its rights"
        raise Fault(FaultKind.LOCAL, reason, code=_code(error)) from error


def _code(error: OSError) -> str:
    """Give the system's short word for an error ("ENOSPC"), "" where there is none."""
    return errno.errorcode.get(error.errno or 0, "")


class Spool:
    """All job folders, by watch name."""

    def __init__(self, places: Mapping[str, Places]) -> None:
        self._places = places

    def serves(self, watch: str) -> bool:
        """Whether the watch entry is configured; jobs of one that is not are left alone."""
        return watch in self._places

    def places(self, watch: str) -> Places:
        """Give a watch entry's folders; the entry must be configured."""
        return self._places[watch]

    def folder(self, claim: Claiming) -> Path:
        """Give the job folder that all takes of a drop share."""
        return self.places(claim.watch).inbox / PRIVATE / "work" / claim.drop_id

    def part(self, job: Job) -> Path:
        """Give the path where a job's video grows."""
        return self._scratch(self.places(job.claim.watch).outbox) / f"{job.id}.mp4"

    @staticmethod
    def _scratch(root: Path) -> Path:
        """Give the private directory for files on their way into a folder that people see."""
        return root / PRIVATE / "part"

    # Claiming

    def claim(self, claim: Claiming) -> Claim:
        """Move a drop's files into its job folder and look whether they are what was settled.

        Returns:
            CLAIMED; CHANGED when a late writer was found; GONE when a file is nowhere.
        """
        folder = self.folder(claim)
        inbox = self.places(claim.watch).inbox
        with _local("claiming into", folder):
            files.make_dirs(folder)
            sources = [(inbox / part.source, folder / part.name) for part in claim.parts]
            gone = [source for source, target in sources if not self._take(source, target)]
            self._sync([folder, *(source.parent for source, _ in sources)])
            if gone:
                return Claim.GONE
            changed = any(files.sha256(folder / part.name) != part.sha256 for part in claim.parts)
        return Claim.CHANGED if changed else Claim.CLAIMED

    @staticmethod
    def _take(source: Path, target: Path) -> bool:
        """Move one file in; False when it is nowhere."""
        try:
            files.move(source, target, scratch=target.parent)
        except files.Lost:
            return False
        except files.Taken:
            # The folder has the file already and somebody dropped another of the same name:
            # that one is a drop of its own.
            return True
        return True

    @staticmethod
    def _sync(folders: Sequence[Path]) -> None:
        """Make names durable, each directory once; one that vanished has nothing to keep."""
        for folder in dict.fromkeys(folders):
            if folder.is_dir():
                files.sync_dir(folder)

    def original(self, claim: Claiming, role: Role) -> Path | None:
        """Give the path of a claimed file, None when the drop has none in that role."""
        found = (part for part in claim.parts if part.role is role)
        part = next(found, None)
        return self.folder(claim) / part.name if part else None

    # Placing

    def free_stem(self, job: Job) -> str:
        """Give the first output name, without ending, that nobody has; looks, reserves nothing."""
        outbox = self.places(job.claim.watch).outbox
        current = job.placing.name if job.placing else ""
        with _local("looking for a free name in", outbox):
            for choice in count(1):
                stem = naming.output_stem(job.claim, choice=choice)
                taken = any((outbox / f"{stem}{end}").exists() for end in (".mp4", ".toml"))
                if not taken and f"{stem}.mp4" != current:
                    return stem
        raise AssertionError

    def holds(self, job: Job, clip: Clip) -> bool:
        """Whether the part file still is the verified video, byte for byte."""
        part = self.part(job)
        with _local("reading", part):
            return part.is_file() and files.sha256(part) == clip.sha256

    def discard(self, job: Job) -> None:
        """Throw the job's part file away, because it is not a whole video."""
        part = self.part(job)
        with _local("removing", part):
            files.remove(part)

    def place(self, job: Job, name: str, clip: Clip, receipt: bytes) -> Putting:
        """Put receipt and video into the outbox; the video last, so that it never lacks one.

        Args:
            job: Whose video it is.
            name: The video's path below the outbox.
            clip: What the part file must be.
            receipt: The receipt's text; the same job always gives the same bytes.

        Returns:
            PLACED; TAKEN when the name belongs to somebody else (nothing of ours is left
            there); MISSING when the video is neither in the part folder nor placed.
        """
        outbox = self.places(job.claim.watch).outbox
        video, note = outbox / name, (outbox / name).with_suffix(".toml")
        with _local("placing", video):
            arrived = video.is_file() and files.sha256(video) == clip.sha256
            if not arrived and not self.holds(job, clip):
                return Putting.MISSING
            files.make_dirs(video.parent)
            return self._put(self.part(job), video, note, receipt)

    def _put(self, part: Path, video: Path, note: Path, receipt: bytes) -> Putting:
        """Place receipt, then video; take the receipt back when the video's name is taken."""
        scratch = part.parent
        try:
            files.write_new(note, receipt, scratch=scratch)
        except files.Taken:
            return Putting.TAKEN
        try:
            files.move(part, video, scratch=scratch)
        except files.Taken:
            files.remove(note)
            return Putting.TAKEN
        files.sync_dir(video.parent)
        return Putting.PLACED

    # Archiving

    def archive(self, job: Job, to: Returned | None) -> list[str]:
        """Move the originals to done/ (to=None), failed/ or back to the inbox; empty the folder.

        Returns:
            Names of originals that were neither in the job folder nor where they belong.
        """
        claim, folder = job.claim, self.folder(job.claim)
        root = self._root(claim, to)
        target = root / claim.folder if claim.folder else root
        with _local("archiving to", target):
            files.make_dirs(target)
            names = self._choice(claim, folder, target)
            scratch = self._scratch(root)
            moved = [self._archive_one(folder / part.name, path, scratch) for part, path in names]
            lost = [part.name for (part, _), here in zip(names, moved, strict=True) if not here]
            self._sync([target, folder])
            files.remove_dir(folder)
            files.remove(self.part(job))
        return lost

    def _root(self, claim: Claiming, to: Returned | None) -> Path:
        """Give the folder that originals go to."""
        places = self.places(claim.watch)
        return {None: places.done, Returned.FAILED: places.failed, Returned.INBOX: places.inbox}[
            to
        ]

    def _choice(self, claim: Claiming, folder: Path, target: Path) -> list[tuple[Part, Path]]:
        """Choose one suffix for all files of the drop: the first that is free or already ours."""
        for choice in count(1):
            names = [
                (part, target / naming.archived_name(claim.stem, part.name, choice=choice))
                for part in claim.parts
            ]
            if all(self._fits(folder, part, path) for part, path in names):
                return names
        raise AssertionError

    @staticmethod
    def _fits(folder: Path, part: Part, path: Path) -> bool:
        """Whether an original may have this path: free, or it holds just these bytes."""
        if not path.is_symlink() and not path.exists():
            return True
        if path.is_symlink() or not path.is_file():
            return False
        source = folder / part.name
        wanted = files.sha256(source) if source.exists() else part.sha256
        return files.sha256(path) == wanted

    @staticmethod
    def _archive_one(source: Path, path: Path, scratch: Path) -> bool:
        """Move one original; False when it is nowhere."""
        try:
            files.move(source, path, scratch=scratch)
        except files.Lost:
            return False
        return True

    # Notes

    def write_note(self, job: Job, kind: str, text: str) -> None:
        """Write a reason for people into failed/ or held/ (kind "failed" or "held")."""
        path = self._note(job, kind)
        scratch = self._scratch(self._note_root(job, kind))
        with _local("writing a note to", path):
            files.make_dirs(path.parent)
            files.replace_note(path, text.encode("utf-8", "replace"), scratch=scratch)

    def remove_note(self, job: Job, kind: str) -> None:
        """Take a note away; one that is not there is fine."""
        path = self._note(job, kind)
        with _local("removing", path):
            files.remove(path)

    def _note(self, job: Job, kind: str) -> Path:
        """Give the path of a job's note."""
        root = self._note_root(job, kind)
        return root / f"{naming.output_stem(job.claim, choice=1)}.{kind}.txt"

    def _note_root(self, job: Job, kind: str) -> Path:
        """Give the folder that notes of a kind stand in."""
        places = self.places(job.claim.watch)
        return {"failed": places.failed, "held": places.held}[kind]

    def strays(self, known: Callable[[str], bool]) -> list[Path]:
        """Give job folders that the journal does not know; they are never touched."""
        works = [places.inbox / PRIVATE / "work" for places in self._places.values()]
        folders = [each for work in works if work.is_dir() for each in work.iterdir()]
        return [folder for folder in folders if not known(folder.name)]
