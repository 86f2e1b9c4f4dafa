"""The shape of an adapter: a provider's way of talking, without any talking.

A dialect is pure. Each of its methods is a generator that yields Calls and is given Replies, and
returns what came of it or raises Fault. The gateway runs these flows over HTTP; a test runs them
with a list of replies. A dialect never retries, never waits and never sees a connection.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from seedance_watch.core.events import Absent, Accepted, Event, Intended, Ready
from seedance_watch.core.machine import Job
from seedance_watch.core.model import JobSpec, Money, Picture
from seedance_watch.ports import Doubts


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request.

    Attributes:
        method: "GET" or "POST".
        url: Absolute address, on one of the provider's own hosts.
        headers: Besides the credentials, which the gateway adds for the provider's own hosts only.
        query: Query parameters.
        body: Exact bytes to send, None for none.
        form: Fields of a multipart form; excludes `body`.
        upload: The form's file: field name, file name, MIME type, bytes.
        timeout_s: Longest silence that is borne.
        deadline_s: Longest time for the whole call.
        paid: Whether it spends money: sent once, on a connection of its own.
        media: Whether the answer may be a video, which then goes to the part file.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    form: Mapping[str, str] = field(default_factory=dict)
    upload: tuple[str, str, str, bytes] | None = None
    timeout_s: float = 30.0
    deadline_s: float = 120.0
    paid: bool = False
    media: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer.

    Attributes:
        status: HTTP status.
        headers: Names in lower case.
        json: The parsed body, None when it is not JSON; take it apart with `match` only.
        text: The first part of the body as text, for messages; "" for media.
        saved_bytes: Size of the video that went to the part file, None when there was none.
        at: When it arrived, UTC seconds.
    """

    status: int
    headers: Mapping[str, str]
    json: Any = None
    text: str = ""
    saved_bytes: int | None = None
    at: float = 0.0


Result = TypeVar("Result")
Flow = Generator[Call, Reply, Result]


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture with its bytes, ready to be staged."""

    picture: Picture
    content: bytes


class Dialect(Protocol):
    """How to talk to one provider."""

    @property
    def name(self) -> str:
        """The provider's name in the configuration."""
        ...

    @property
    def hosts(self) -> frozenset[str]:
        """Origins ("https://host[:port]") that may be given the credentials."""
        ...

    @property
    def doubts(self) -> Doubts:
        """How an unknown outcome may be settled."""
        ...

    @property
    def paid_s(self) -> float:
        """Longest time for the whole paid call, seconds."""
        ...

    def credentials(self, key: str) -> Mapping[str, str]:
        """Give the headers that prove who we are."""
        ...

    def stage(self, upload: Upload, spec: JobSpec) -> Flow[str]:
        """Make one picture reachable and give its address."""
        ...

    def intend(self, job: Job, key: str, attempt: int) -> Intended:
        """Compose the paid call; the same job and key always give the same bytes."""
        ...

    def submit(self, intent: Intended) -> Flow[Sequence[Event]]:
        """Send the paid call: exactly one Call, with `paid` set."""
        ...

    def reconcile(self, intent: Intended, intended_at: float) -> Flow[Accepted | Absent | None]:
        """Look whether the intent was taken."""
        ...

    def poll(self, task_id: str, accepted_at: float) -> Flow[Ready | None]:
        """Ask once how a task stands."""
        ...

    def refresh(self, task_id: str) -> Flow[Ready]:
        """Ask for a fresh link of a finished task."""
        ...

    def balance(self) -> Flow[Money]:
        """Ask what is left on the account."""
        ...

    def offered(self) -> Flow[frozenset[str] | None]:
        """Ask which models are served; None: this provider has no list."""
        ...
