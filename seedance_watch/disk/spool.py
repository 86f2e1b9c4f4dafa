"""The directory of job folders: where a drop's files are from claim to archive.

Every method may be repeated after a crash at any point in it. Failures of the disk are
Fault(LOCAL); nothing is lost by one. The work is done next door: originals.py moves what people
dropped, placing.py and adding.py what they get, notes.py tells them why, places.py knows the
folders.
"""

import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from seedance_watch.core.events import Claiming, Returned
from seedance_watch.core.machine import Job
from seedance_watch.core.model import Clip, Extra, ExtraKind
from seedance_watch.disk import adding, again, drags, files, notes, originals, placing
from seedance_watch.disk.ground import Ground
from seedance_watch.disk.places import PRIVATE, Places, below, local, there
from seedance_watch.ports import Claim, Dragged, Putting

__all__ = ["PRIVATE", "Places", "Spool"]


class Spool:
    """All job folders, by watch name.

    Args:
        places: The folders.
        grounds: Who knows whether they may be worked in; without one they only must be there.
    """

    def __init__(
        self, places: Mapping[str, Places], grounds: Mapping[str, Ground] | None = None
    ) -> None:
        self._places, self._grounds = places, grounds or {}

    def _sure(self, watch: str, *roles: str) -> None:
        """Make sure that folders are there, the same as ever, and answer.

        Raises:
            OSError: They are not; nothing may be made or changed in them.
        """
        if watch in self._grounds:
            self._grounds[watch].sure(*roles)
            return
        for role in roles:
            there(self._places[watch].role(role))

    def sure(self, job: Job, *roles: str) -> None:
        """Make sure that folders of a job are there, the same as ever, and answer."""
        with local("working in", self.places(job.claim.watch).inbox):
            self._sure(job.claim.watch, *roles)

    def serves(self, watch: str) -> bool:
        """Whether the watch entry is configured; jobs of one that is not are left alone."""
        return watch in self._places

    def places(self, watch: str) -> Places:
        """Give a watch entry's folders; the entry must be configured."""
        return self._places[watch]

    def folder(self, claim: Claiming) -> Path:
        """Give the job folder that all takes of a drop share."""
        return self.places(claim.watch).folder(claim)

    def part(self, job: Job) -> Path:
        """Give the path where a job's video grows."""
        return self.places(job.claim.watch).part(job)

    # Originals

    def claim(self, claim: Claiming) -> Claim:
        """Move a drop's files into its job folder and look whether they are what was settled.

        Returns:
            CLAIMED; CHANGED when a late writer was found; GONE when a file is nowhere.
        """
        with local("claiming into", self.folder(claim)):
            self._sure(claim.watch, "inbox")
            return originals.take_in(claim, self.places(claim.watch))

    def archive(self, job: Job, to: Returned | None) -> list[str]:
        """Clear; move the originals to done/ (to=None), failed/ or back to the inbox.

        Returns:
            Names of originals that were neither in the job folder nor where they belong.
        """
        self.clear(job)
        places = self.places(job.claim.watch)
        with local("archiving to", places.root(to) / job.claim.folder):
            self._sure(job.claim.watch, "inbox", to or "done")
            return originals.put_away(job.claim, places, to)

    def clear(self, job: Job) -> None:
        """Remove what is left in the part folder of a job that needs nothing there any more."""
        places = self.places(job.claim.watch)
        with local("removing from", places.part(job).parent):
            self._sure(job.claim.watch, "outbox")
            placing.clear(job, places)
            adding.clear(job, places)

    def put_back(self, job: Job) -> list[str]:
        """Move a drop's originals from failed/ to where they were dropped, their note away.

        Returns:
            Their paths below the inbox; empty when none of them lies in failed/.
        """
        places = self.places(job.claim.watch)
        with local("putting back into", places.inbox / job.claim.folder):
            self._sure(job.claim.watch, "inbox", "failed")
            moved = again.put_back(job.claim, places)
            if moved:
                again.remove_notes(job.claim, places)
        return moved

    # Videos

    def free_bytes(self, job: Job) -> int:
        """Give how much is free where the job's video will go."""
        outbox = self.places(job.claim.watch).outbox
        with local("looking for room in", outbox):
            self._sure(job.claim.watch, "outbox")
            return shutil.disk_usage(outbox).free

    def named(self, job: Job) -> tuple[str, tuple[Extra, ...]]:
        """Give names that nobody has; looks, reserves nothing.

        Returns:
            The video's path below the outbox, without ending, and what is to be made beside it.
        """
        places = self.places(job.claim.watch)
        with local("looking for a free name in", places.outbox):
            self._sure(job.claim.watch, "outbox")
            stem = placing.free_stem(job, places)
            return stem, adding.wished(job, places, stem)

    def has_video(self, watch: str, video: str) -> bool:
        """Whether a watch entry's outbox has a file of this name."""
        if not self.serves(watch):
            return False
        outbox = self.places(watch).outbox
        with local("looking into", outbox / video):
            self._sure(watch, "outbox")
            return files.plain(below(outbox, video))

    def lying(self, job: Job) -> str:
        """Name a file in the inbox that belongs to the shot a job goes on from, "" for none."""
        inbox, folder = self.places(job.claim.watch).inbox, job.claim.folder
        with local("looking into", inbox / folder):
            self._sure(job.claim.watch, "inbox")
            return originals.lying(below(inbox, f"{folder}/x".lstrip("/")).parent, job.claim)

    def reuse(self, job: Job, watch: str, video: str) -> None:
        """Copy a placed video into the job's part file."""
        source, part = self.places(watch).outbox / video, self.part(job)
        with local("copying", source):
            self._sure(watch, "outbox")
            self._sure(job.claim.watch, "outbox")
            files.make_dirs(part.parent)
            files.copy(source, part)

    def discard(self, job: Job) -> None:
        """Throw the job's part file away, because it is not a whole video."""
        part = self.part(job)
        with local("removing", part):
            self._sure(job.claim.watch, "outbox")
            files.remove(part)

    def place(self, job: Job, name: str, clip: Clip, receipt: bytes) -> Putting:
        """Put receipt and video into the outbox; the video last, so that it never lacks one.

        Args:
            job: Whose video it is.
            name: The video's path below the outbox.
            clip: What the part file must be.
            receipt: The receipt's text; the same job always gives the same bytes.

        Returns:
            PLACED; TAKEN when the name belongs to somebody else; MISSING when the video is
            neither in the part folder nor placed. After the last two nothing of ours has the
            name.
        """
        places = self.places(job.claim.watch)
        with local("placing", places.outbox / name):
            self._sure(job.claim.watch, "outbox")
            return placing.put(job, places, name, clip=clip, receipt=receipt)

    # What is made beside videos

    def extra_part(self, job: Job, kind: ExtraKind) -> Path:
        """Give the path where something is made that goes beside a job's video."""
        return self.places(job.claim.watch).extra_part(job, kind)

    def video(self, watch: str, name: str, clip: Clip) -> Path | None:
        """Give a placed video's path, None when it is not there any more as it was placed."""
        if not self.serves(watch):
            return None
        outbox = self.places(watch).outbox
        with local("reading", outbox / name):
            self._sure(watch, "outbox")
            path = below(outbox, name)
            return path if files.holds(path, clip.sha256) else None

    def add(self, job: Job, extra: Extra, receipt: bytes = b"") -> Putting:
        """Put what was made beside a video into the outbox, behind a receipt if it has one.

        Returns:
            PLACED; TAKEN when the name belongs to somebody else; MISSING when it is not made.
        """
        places = self.places(job.claim.watch)
        with local("placing", places.outbox / extra.name):
            self._sure(job.claim.watch, "outbox")
            return adding.put(job, places, extra, receipt=receipt)

    def say_unjoined(self, job: Job, extra: Extra) -> None:
        """Write why there is no joined video to where it would be."""
        places = self.places(job.claim.watch)
        with local("writing a note to", places.outbox):
            self._sure(job.claim.watch, "outbox")
            adding.say_unjoined(places, extra)

    # Notes

    def write_note(self, job: Job, kind: str, text: str) -> None:
        """Write a note for people into done/, failed/ or held/; kind says which."""
        places = self.places(job.claim.watch)
        with local("writing a note to", places.notes(kind)):
            self._sure(job.claim.watch, kind)
            notes.write(job, places, kind, text)

    def remove_note(self, job: Job, kind: str) -> None:
        """Take a note away; one that is not there is fine."""
        places = self.places(job.claim.watch)
        with local("removing a note from", places.notes(kind)):
            self._sure(job.claim.watch, kind)
            notes.remove(job, places, kind)

    def dragged(self, watch: str, names: Iterable[str]) -> list[Dragged]:
        """Give the notes that somebody put into failed/, or into the inbox (names below it)."""
        places = self.places(watch)
        with local("looking for notes in", places.failed):
            self._sure(watch, "inbox", "failed")
            return drags.found(places, watch, names)

    def noted(self, watch: str) -> list[Dragged]:
        """Give the notes that stand in held/."""
        places = self.places(watch)
        with local("looking for notes in", places.held):
            self._sure(watch, "held")
            return drags.standing(places, watch)

    def take_away(self, note: Dragged) -> None:
        """Remove a note; one that is not there, or is another one by now, is fine."""
        places = self.places(note.watch)
        with local("removing the note", Path(note.name)):
            self._sure(note.watch, note.to)
            drags.take_away(places, note)

    def strays(self, known: Callable[[str], bool]) -> list[Path]:
        """Give job folders that the journal does not know; they are never touched.

        An inbox that cannot be looked into now is left out.
        """
        found: list[Path] = []
        for watch, places in self._places.items():
            with suppress(OSError):
                self._sure(watch, "inbox")
                found += (places.inbox / PRIVATE / "work").iterdir()
        return [folder for folder in found if folder.is_dir() and not known(folder.name)]
