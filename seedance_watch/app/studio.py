"""The local work on wishes, pictures and videos: composes the core with media."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from seedance_watch.app import joining
from seedance_watch.app.defaults import folder_layers, read_table
from seedance_watch.core import extras, ratio, receipt, sidecar
from seedance_watch.core.catalogue import CATALOGUE
from seedance_watch.core.chain import Start
from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.events import Accepted, Claiming, Prepared, Ready, Record
from seedance_watch.core.extras import Joined, Shot
from seedance_watch.core.fingerprint import fingerprint
from seedance_watch.core.machine import Job
from seedance_watch.core.model import Clip, Extra, JobSpec, Part, Role
from seedance_watch.core.polling import Durations, PollPace, Usual, poll_pace
from seedance_watch.core.sharing import shared
from seedance_watch.core.sidecar import Layer, Prices
from seedance_watch.media import jobfiles
from seedance_watch.media.decoders import Decoders

_TOO_OLD = (
    "an earlier version of seedance-watch took it in, which did not know start_from; move the "
    "files back to the inbox"
)


def _frame_name(job: Job) -> str:
    """Name the file of the frame that a job goes on from, in the job folder."""
    return f"{job.id}.start.png"


@dataclass(frozen=True, slots=True)
class Rules:
    """What a watch entry says about its drops.

    Attributes:
        inbox: Its inbox, where `_defaults.toml` files lie.
        beneath: The configuration's layers: its defaults, then its provider and model.
    """

    inbox: Path
    beneath: Sequence[Layer]


@dataclass(frozen=True, slots=True)
class PollLimits:
    """A provider's polling settings: first wait (None: by the model) and longest gap, seconds."""

    first_s: float | None
    most_s: float


@dataclass(frozen=True, slots=True)
class Studio:
    """Prepares, verifies and writes receipts.

    Attributes:
        rules: By watch name.
        prices: The operator's own prices.
        polls: By provider name.
        max_video_bytes: A larger video is refused.
        version: This program's version, for receipts.
        decoders: Work on pictures and videos.
        durations: How long tasks took.
    """

    rules: Mapping[str, Rules]
    prices: Prices
    polls: Mapping[str, PollLimits]
    max_video_bytes: int
    version: str
    decoders: Decoders
    durations: Durations = field(default_factory=Durations)

    def prepare(self, job: Job, folder: Path, start: Start | None = None) -> Prepared:
        """Understand the wish and make its pictures fit the model."""
        spec = self.understand(job, folder)
        model = CATALOGUE[spec.provider, spec.model]
        if bool(spec.start_from) is not bool(start):
            raise Fault(FaultKind.REFUSED, _TOO_OLD, code="chain")
        parts = (*self._frame(job, folder, start), *job.claim.parts)
        sent = [part for part in parts if part.role is not Role.SIDECAR]
        pictures = tuple(
            self.decoders.prepare(
                folder / part.name,
                stem=f"{job.id}.{part.role}",
                role=part.role,
                limits=model.limits,
                keep_metadata=spec.keep_metadata,
            )
            for part in sent
        )
        fitted = ratio.fitted(spec, model, pictures)
        started = start.job_id if start else ""
        found = Prepared(fitted, pictures, fingerprint(fitted, parts), started)
        return shared(found, parts)

    def has_start(self, job: Job, folder: Path) -> bool:
        """Whether the frame that a chained job goes on from lies in its folder, whole."""
        frame = folder / _frame_name(job)
        try:
            return frame.is_file() and self.decoders.whole(frame)
        except OSError:
            return False

    def _frame(self, job: Job, folder: Path, start: Start | None) -> tuple[Part, ...]:
        """Give the frame that a job goes on from, as if it had been dropped; () for none."""
        if start is None:
            return ()
        frame = folder / _frame_name(job)
        if start.video is not None:
            self.decoders.last_frame(Path(start.video), frame)
        content = jobfiles.read(frame)
        digest = hashlib.sha256(content).hexdigest()
        return (Part(Role.IMAGE, "", frame.name, len(content), digest),)

    def understand(self, job: Job, folder: Path) -> JobSpec:
        """Understand the wish, also as every provider of its route would."""
        to = job.rerouted.to if job.rerouted else ""
        spec = self.spec(job.claim, folder, to=to)
        for later in spec.route:  # what only another provider cannot do is said before paying
            self.spec(job.claim, folder, to=later)
        return spec

    def spec(self, claim: Claiming, folder: Path, *, to: str = "") -> JobSpec:
        """Give what a claimed drop wishes; every complaint at once as SidecarError."""
        rules = self.rules[claim.watch]
        own = [
            sidecar.own_layer(read_table(folder / part.name, shown=part.name))
            for part in claim.parts
            if part.role is Role.SIDECAR
        ]
        roles = {part.role for part in claim.parts}
        return sidecar.wish(
            [*own, *folder_layers(rules.inbox, claim.folder), *rules.beneath],
            catalogue=CATALOGUE,
            key=claim.key,
            take=claim.take,
            takes=claim.takes,
            images=int(Role.IMAGE in roles),
            has_end=Role.END_IMAGE in roles,
            prices=self.prices,
            to=to,
            stem=claim.stem,
        )

    def verify(self, part: Path) -> Clip:
        """Decode a video from its first to its last frame."""
        return self.decoders.verify(part, max_bytes=self.max_video_bytes)

    def receipt(
        self, job: Job, name: str, *, placed_at: float, extras: Sequence[Extra] = ()
    ) -> str:
        """Write a job's receipt."""
        return receipt.receipt(job, name, placed_at=placed_at, version=self.version, extras=extras)

    def poster(self, video: Path, part: Path) -> None:
        """Make a still of a placed video."""
        with joining.only_faults("making the still"):
            self.decoders.poster(video, part)

    def preview(self, video: Path, part: Path, kind: str) -> None:
        """Make a small animation of a placed video."""
        with joining.only_faults("making the animation"):
            self.decoders.preview(video, part, kind=kind)

    def join(self, videos: Sequence[Path], part: Path) -> Joined:
        """Join placed videos to one."""
        return joining.joined(videos, part, self.decoders, max_bytes=self.max_video_bytes)

    def sequence_receipt(self, job: Job, name: str, shots: Sequence[Shot], joined: Joined) -> str:
        """Write the receipt of a joined video."""
        return extras.receipt(job, name, shots, joined=joined, version=self.version)

    def pace(self, job: Job) -> PollPace:
        """Say how often to ask how the job's task stands."""
        assert job.prepared is not None, job.id
        spec = job.prepared.spec
        limits = self.polls.get(spec.provider, PollLimits(None, 30.0))
        return poll_pace(self.usual(spec), limits.first_s, limits.most_s)

    def usual(self, spec: JobSpec) -> Usual:
        """Say how long tasks like this one take."""
        model = CATALOGUE.get((spec.provider, spec.model))
        return self.durations.usual(spec, model.usual_s if model else 60.0)

    def heard(self, _before: Job, after: Job, record: Record) -> None:
        """Learn how long tasks take."""
        if isinstance(record.event, Accepted | Ready):
            self.durations.heard(after, record, self.pace(after))
