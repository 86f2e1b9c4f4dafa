"""Legal histories: written by hand for examples, drawn at random for properties."""

from dataclasses import dataclass
from decimal import Decimal

from hypothesis import strategies as st

from seedance_watch.core import machine
from seedance_watch.core.errors import FaultKind
from seedance_watch.core.events import (
    Absent,
    Accepted,
    Added,
    Archived,
    Cancelling,
    Claimed,
    Claiming,
    Deferred,
    Duplicate,
    Effect,
    Event,
    Failing,
    Fetched,
    GivenUp,
    Held,
    Intended,
    Placed,
    Placing,
    Prepared,
    Ready,
    Record,
    Released,
    Rerouted,
    Reused,
    Staged,
    Unsent,
)
from seedance_watch.core.machine import MOVES, Job
from seedance_watch.core.model import Clip, Extra, ExtraKind, JobSpec, Money, Part, Picture, Role

COST = Money(Decimal("1.50"), "credits")
SHA = "ab" * 32
PICTURE = Picture(Role.IMAGE, "shot.jpg", "image/jpeg", 1280, 720, 90_000, SHA, ("shrunk",))
CLIP = Clip(1_000_000, SHA, 5.0, 1280, 720, 120, 24.0, "h264", has_audio=False)
SPEC = JobSpec(
    "rivya",
    "seedance-1-0-lite",
    "a slow pan over the harbour at dawn",
    {"duration": 5, "resolution": "720p", "camera_fixed": False, "seed": 42},
    {"duration": "sidecar", "prompt": "_defaults.toml in harbour/"},
    COST,
)
LIFE: tuple[Event, ...] = (
    Claimed(),
    Prepared(SPEC, (PICTURE,)),
    Staged(("https://example.org/shot.jpg",)),
    Intended(1, "key-1-1", "https://example.org/v1", b'{"prompt":"a"}', "mark", COST, 30.0),
    Accepted("task-1"),
    Ready("https://example.org/shot.mp4", seed=42),
    Fetched(CLIP),
    Placing("harbour/shot.mp4", "prompt = 'a'\n"),
    Placed(),
    Archived(),
)


def claiming(drop: str = "shot-0a1b2c3d4e", *, take: int = 1, takes: int = 1) -> Claiming:
    """Give the first event of a job."""
    parts = (
        Part(Role.IMAGE, "harbour/shot.png", "shot.png", 2_000_000, SHA),
        Part(Role.SIDECAR, "harbour/shot.toml", "shot.toml", 120, SHA),
    )
    return Claiming(drop, take, takes, "studio", "harbour", "shot", parts, "k" * 32)


@dataclass(slots=True)
class Story:
    """A job that grows event by event; the tests' way to make appends."""

    job: Job

    @classmethod
    def of(cls, job_id: str) -> "Story":
        """Begin with no event."""
        return cls(Job(job_id))

    def next(self, *events: Event, at: float | None = None) -> tuple[list[Record], list[Job]]:
        """Add events, and give what records them."""
        records = []
        for event in events:
            when = self.job.at + 1 if at is None else at
            records.append(Record(self.job.id, self.job.seq + 1, when, event))
            self.job = machine.advance(self.job, event, when)
        return records, [self.job]


# Everything that a file name, an answer or a person may put into a string.
text = st.text(st.characters(exclude_categories=()), max_size=20)
at = st.floats(0, 4e9)
money = st.builds(Money, st.decimals(0, 10**9, places=4), st.sampled_from(["credits", "usd"]))
value = text | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.booleans()
meta = st.recursive(
    value, lambda inner: st.lists(inner) | st.dictionaries(text, inner), max_leaves=5
)
sha = st.just(SHA)
part = st.builds(Part, st.sampled_from(Role), text, text, st.integers(0, 2**62), sha)
spec = st.builds(
    JobSpec,
    text,
    text,
    text,
    st.dictionaries(text, value, max_size=3),
    st.dictionaries(text, text, max_size=3),
    money,
    meta=st.dictionaries(text, meta, max_size=3),
)
extras = st.lists(st.builds(Extra, st.sampled_from(ExtraKind), text, text), max_size=3).map(tuple)
picture = st.builds(
    Picture, st.sampled_from(Role), text, text, *[st.integers(1, 10**6)] * 3, sha, st.tuples(text)
)
parts = st.lists(part, max_size=3).map(tuple)
names = st.lists(text, max_size=2).map(tuple)
number = st.integers(1, 50)
effect, kind = st.sampled_from(Effect), st.sampled_from(FaultKind)
DRAWN: dict[type[Event], st.SearchStrategy[Event]] = {
    Claiming: st.builds(
        Claiming, text, number, number, text, text, text, parts, text, st.integers(), at
    ),
    Claimed: st.just(Claimed()),
    Prepared: st.builds(Prepared, spec, st.lists(picture, max_size=2).map(tuple), text),
    Staged: st.builds(Staged, names),
    Intended: st.builds(
        Intended, number, text, text, st.binary(max_size=50), text, money, at, text
    ),
    Unsent: st.builds(Unsent, kind, text, at),
    Absent: st.builds(Absent, text),
    GivenUp: st.builds(GivenUp, text),
    Duplicate: st.builds(Duplicate, text, text),
    Reused: st.builds(Reused, text, text, text),
    Rerouted: st.builds(Rerouted, text, text, st.none() | money),
    Accepted: st.builds(Accepted, text, text, st.none() | money),
    Ready: st.builds(Ready, text, st.none() | at, st.none() | money, st.none() | st.integers()),
    Fetched: st.just(Fetched(CLIP)),
    Placing: st.builds(Placing, text, text, extras),
    Placed: st.just(Placed()),
    Added: st.builds(Added, extras),
    Failing: st.builds(Failing, effect, kind, text, text, st.none() | money),
    Cancelling: st.builds(Cancelling, text),
    Archived: st.builds(Archived, names),
    Deferred: st.builds(Deferred, effect, kind, text, at),
    Held: st.builds(Held, text, text, st.none() | at),
    Released: st.builds(Released, text),
}
events = st.one_of(*DRAWN.values())


@st.composite
def histories(draw: st.DrawFn, *, longest: int = 30) -> list[Event]:
    """Draw a legal history: a walk through the table of moves."""
    state, found = Job("x").state, list[Event]()
    while MOVES[state] and len(found) < longest and (not found or draw(st.integers(0, 15))):
        kind = draw(st.sampled_from(sorted(MOVES[state], key=lambda each: each.__name__)))
        found.append(draw(DRAWN[kind]))
        state = MOVES[state][kind]
    return found
