"""The local work on wishes, pictures and videos."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from seedance_watch.core.chain import Start
from seedance_watch.core.events import Prepared
from seedance_watch.core.extras import Joined, Shot
from seedance_watch.core.machine import Job
from seedance_watch.core.model import Clip, Extra, JobSpec
from seedance_watch.core.polling import PollPace


class Studio(Protocol):
    """The local work on wishes, pictures and videos; blocking, for a worker thread."""

    def understand(self, job: Job, folder: Path) -> JobSpec:
        """Understand the wish, also as every provider of its route would.

        Raises:
            SidecarError: It cannot be understood; every complaint at once.
            Fault: LOCAL, our own disk.
        """
        ...

    def has_start(self, job: Job, folder: Path) -> bool:
        """Whether the frame that a chained job goes on from lies in its folder, whole."""
        ...

    def prepare(self, job: Job, folder: Path, start: Start | None = None) -> Prepared:
        """Understand the wish and make its pictures fit the model.

        Args:
            job: The job.
            folder: Its folder.
            start: What a chained job goes on from, None for any other one.

        Raises:
            SidecarError: The wish cannot be understood; every complaint at once.
            Fault: REFUSED for a picture that cannot be used, GARBLED for a video that cannot be
                decoded, LOCAL for our own disk.
        """
        ...

    def verify(self, part: Path) -> Clip:
        """Decode a video from its first to its last frame; Fault(GARBLED) when it is not whole."""
        ...

    def receipt(
        self, job: Job, name: str, *, placed_at: float, extras: Sequence[Extra] = ()
    ) -> str:
        """Write the receipt of a job whose video gets this name below the outbox."""
        ...

    def poster(self, video: Path, part: Path) -> None:
        """Make a still of a placed video; Fault(GARBLED) when it cannot be made."""
        ...

    def preview(self, video: Path, part: Path, kind: str) -> None:
        """Make a small animation ("webp", "gif") of a placed video; faults as for `poster`."""
        ...

    def join(self, videos: Sequence[Path], part: Path) -> Joined:
        """Join placed videos to one; faults as for `poster`."""
        ...

    def sequence_receipt(self, job: Job, name: str, shots: Sequence[Shot], joined: Joined) -> str:
        """Write the receipt of a joined video."""
        ...

    def pace(self, job: Job) -> PollPace:
        """Say how often to ask how the job's task stands."""
        ...
