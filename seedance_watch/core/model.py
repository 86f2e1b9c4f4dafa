"""The nouns: what the rest of the program talks about.

Frozen values only; nothing here acts. A job itself is defined beside its history, in machine.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum


class State(StrEnum):
    """Where a job stands; machine.py holds the legal moves between these.

    Each comment says what is true in the state and what a crash there means.
    """

    NEW = "new"  # no event yet; nothing exists
    CLAIMING = "claiming"  # the row is durable, the files may be on either side of the move
    CLAIMED = "claimed"  # all files are in the job folder, hashes agree
    PREPARED = "prepared"  # the wish is understood and the pictures fit the model
    STAGED = "staged"  # the provider can reach the pictures; free, repeatable
    SUBMITTING = "submitting"  # an intent is durable; paid or not is unknown until recorded
    RUNNING = "running"  # the provider gave a task id; paid, and only polled from here
    READY = "ready"  # the video exists at the provider; links perish
    FETCHED = "fetched"  # a verified video lies in the part folder
    PLACING = "placing"  # its final name is durable, the outbox may or may not have it
    PLACED = "placed"  # the video and its receipt are in the outbox; extras may or may not be
    FAILING = "failing"  # the wish cannot be granted; originals still in the job folder
    CANCELLING = "cancelling"  # taken back; originals still in the job folder
    DONE = "done"  # at rest: video placed, originals archived
    FAILED = "failed"  # at rest: reason written, originals put aside
    CANCELLED = "cancelled"  # at rest: originals put aside or returned


class Role(StrEnum):
    """What a dropped file is for."""

    IMAGE = "image"
    SIDECAR = "sidecar"
    END_IMAGE = "end_image"


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in the provider's own unit; units are never converted."""

    amount: Decimal
    unit: str  # "credits" or "usd"

    @property
    def digits(self) -> str:
        """The amount in full, as text that no reader rounds."""
        return f"{self.amount.normalize():f}"

    def none(self) -> "Money":
        """Give nothing, in the same unit."""
        return Money(Decimal(0), self.unit)

    def __str__(self) -> str:
        """Show the amount with its unit, as people read it."""
        return f"{self.digits} {self.unit}"


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a drop.

    Attributes:
        role: What the file is for.
        source: Path below the inbox, "/" between parts; undecodable bytes as surrogates.
        name: File name that it has, or gets, in the job folder.
        size_bytes: Size when it was found settled.
        sha256: Hex digest of the bytes when it was found settled.
    """

    role: Role
    source: str
    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Drop:
    """A settled image and its sidecar, lying in the inbox; what the inbox hands to the daemon.

    Attributes:
        watch: Name of the watch entry whose inbox it lies in.
        folder: Subfolder below the inbox, "" for the top, "/" between parts.
        stem: Base name of the outputs (the image's name without its ending; for a text-only
            drop the sidecar's).
        parts: Its files: at least an image or a sidecar.
        takes: How many videos the sidecar asks for, at least 1.
        priority: Higher goes first; 0 is usual.
        seen_at: When its first file was seen, UTC seconds.
        start_from: The shot whose video it goes on from, "" for none.
    """

    watch: str
    folder: str
    stem: str
    parts: tuple[Part, ...]
    takes: int = 1
    priority: int = 0
    seen_at: float = 0.0
    start_from: str = ""


Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class JobSpec:
    """Exactly what is wished: the sidecar, the defaults and the model table taken together.

    Attributes:
        provider: Provider name, a key of the configuration's providers.
        model: The provider's own model id.
        prompt: The text that is sent.
        params: Effective parameters by their sidecar names, natural types (5, True); only what
            the model accepts. `seed` is always concrete where the model has one.
        origins: For each of `prompt`, `model`, `provider` and the params: where it came from,
            as words for people ("sidecar", "_defaults.toml in scenes/", "configuration",
            "model default", "chosen by seedance-watch").
        cost: What one video will cost by the model table.
        take: Which take this is, from 1.
        takes: How many takes the drop asked for.
        text_only: No image is sent.
        keep_metadata: Send EXIF and GPS along with the image.
        again: Pay even if an equal video exists.
        meta: The user's free table, copied to the receipt.
        route: Who is asked next when this provider declines, in turn.
        not_before: A date or time as TOML writes it, before which nothing is ordered; "" for none.
        start_from: The shot whose video's last frame is the first image, "" for none.
        poster: A still is made beside the video.
        preview: Kind of the small animation that is made beside it ("webp", "gif"), "" for none.
        sequence: Name of the video that the chain up to this shot is joined to, "" for none.
    """

    provider: str
    model: str
    prompt: str
    params: Mapping[str, Value]
    origins: Mapping[str, str]
    cost: Money
    take: int = 1
    takes: int = 1
    text_only: bool = False
    keep_metadata: bool = False
    again: bool = False
    meta: Mapping[str, object] = field(default_factory=dict)
    route: tuple[str, ...] = ()
    not_before: str = ""
    start_from: str = ""
    poster: bool = False
    preview: str = ""
    sequence: str = ""


class ExtraKind(StrEnum):
    """What is made beside a video, and costs nothing."""

    POSTER = "poster"
    PREVIEW = "preview"
    SEQUENCE = "sequence"


@dataclass(frozen=True, slots=True)
class Extra:
    """Something made beside a video.

    Attributes:
        kind: What.
        name: Its path below the outbox, "/" between parts.
        lacking: Why it is not there, "" when it is, or is yet to be made.
    """

    kind: ExtraKind
    name: str
    lacking: str = ""


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """What a model takes as an image.

    Attributes:
        media_types: Accepted types; the first is what others are converted to.
        max_bytes: Largest file that may be sent.
        min_side_px: Smallest width or height.
        max_side_px: Largest width or height.
        min_ratio: Smallest width / height.
        max_ratio: Largest width / height.
    """

    media_types: tuple[str, ...] = ("image/jpeg", "image/png", "image/webp")
    max_bytes: int = 10_000_000
    min_side_px: int = 301
    max_side_px: int = 5_999
    min_ratio: float = 0.41
    max_ratio: float = 2.49


@dataclass(frozen=True, slots=True)
class Picture:
    """An image that fits the model, lying in the job folder.

    Attributes:
        role: IMAGE or END_IMAGE.
        name: File name in the job folder; the original's own when nothing had to be done.
        media_type: Its MIME type.
        width_px: Width as displayed.
        height_px: Height as displayed.
        size_bytes: Size of the file to send.
        sha256: Hex digest of the file to send.
        steps: What was done to the original, in order, as words for people; empty: untouched.
    """

    role: Role
    name: str
    media_type: str
    width_px: int
    height_px: int
    size_bytes: int
    sha256: str
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Clip:
    """A video that was decoded from its first to its last frame.

    Attributes:
        size_bytes: Size of the file.
        sha256: Hex digest of the file.
        duration_s: Playing time.
        width_px: Frame width.
        height_px: Frame height.
        frames: Frames decoded.
        fps: Average frames per second.
        codec: Name of the video codec ("h264").
        has_audio: Whether there is a sound track.
    """

    size_bytes: int
    sha256: str
    duration_s: float
    width_px: int
    height_px: int
    frames: int
    fps: float
    codec: str
    has_audio: bool
