"""Faults of the outside and errors of ours.

SeedanceWatchError
  ConfigError       the configuration cannot be used; every problem found, not the first
  SidecarError      the same for one sidecar; the job fails, nothing else stops
  SpoolError        the folders cannot be trusted (second daemon, wrong owner, unreadable)
  JournalError      the journal cannot be trusted or written; the process stops
  Declined          an intent over budget, or for a video that exists; nothing was recorded
  IllegalMove       our bug: an event in a state that has no row for it
Fault               the outside let us down; sorted by how we react, not by where it was born
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from seedance_watch.core.model import Money
from seedance_watch.core.words import printable


class SeedanceWatchError(Exception):
    """Anything this program says about itself, its configuration or its folders."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that is wrong with a file a person wrote.

    Attributes:
        file: The file's name or path, as the person knows it.
        line: Line from 1, or None where it is not known.
        key: Dotted key path, "" where the complaint is about the whole file.
        problem: What is wrong, with the value by repr and what is allowed.
        hint: What to do about it ("did you mean 'duration'?"), "" when the problem says it.
    """

    file: str
    line: int | None
    key: str
    problem: str
    hint: str = ""

    def __str__(self) -> str:
        """Show as `file:line: key: problem; hint`, on one line whatever the file's name is."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        said = f"{self.problem}; {self.hint}" if self.hint else self.problem
        return printable(f"{place}: {self.key}: {said}" if self.key else f"{place}: {said}")


_SHOWN = 50  # complaints: more help nobody, and hostile files have a hundred thousand


class _Complaints(SeedanceWatchError):
    """An error that lists every complaint at once."""

    def __init__(self, complaints: tuple[Complaint, ...]) -> None:
        said = [str(each) for each in complaints[:_SHOWN]]
        more = len(complaints) - len(said)
        super().__init__("\n".join([*said, f"and {more} more of the kind"] if more else said))
        self.complaints = complaints


class ConfigError(_Complaints):
    """The configuration cannot be used."""


class SidecarError(_Complaints):
    """A sidecar (or the defaults around it) cannot be used; the job becomes failed."""


class SpoolError(SeedanceWatchError):
    """A folder cannot be trusted; the message says which, why and what to do."""


class JournalError(SeedanceWatchError):
    """The journal cannot be trusted or written; nothing may be sent any more."""


class Outdated(JournalError):
    """An earlier version wrote the journal; the daemon brings it up to date when it starts."""


class Stale(JournalError):
    """Somebody else appended to this job first; reload it and decide again."""


class Declined(SeedanceWatchError):
    """An intent that the terms of its append do not allow; nothing was recorded."""


class IllegalMove(SeedanceWatchError):
    """An event that its state has no row for; the history is left as it was."""


class FaultKind(StrEnum):
    """How to react to a fault; a kind exists only if its reaction differs.

    The table of reactions is in reactions.py.
    """

    REFUSED = "refused"  # understood and declined (content, parameters)
    BUSY = "busy"  # throttled, said so before taking it
    UNREACHED = "unreached"  # could not have arrived (name, connect, TLS)
    UNSURE = "unsure"  # sent, no trustworthy answer
    DENIED = "denied"  # key, quota, credits, model withdrawn: the lane pauses
    GARBLED = "garbled"  # an answer nobody can read
    RETURNED = "returned"  # an accepted task given back unpaid, for a reason that will pass
    GONE = "gone"  # task or link no longer known
    LOCAL = "local"  # our own disk or folder is not usable right now (full, read-only, unmounted)


class Fault(Exception):
    """The outside let us down.

    Attributes:
        kind: How to react.
        reason: What was being done, to what, what happened, what to do; no secrets.
        after_s: The other side's wish for how long to wait, or None.
        code: A stable word for machines ("insufficient_credits"), "" when there is none.
        charged: What the provider says it charged for the task that failed, None: not told.
    """

    def __init__(
        self,
        kind: FaultKind,
        reason: str,
        *,
        after_s: float | None = None,
        code: str = "",
        charged: Money | None = None,
    ) -> None:
        super().__init__(f"{kind}: {reason}")
        self.kind = kind
        self.reason = reason
        self.after_s = after_s
        self.code = code
        self.charged = charged

    def __reduce__(self) -> tuple[object, ...]:
        """Survive the way out of another process."""
        return partial(Fault, self.kind, self.reason), (), vars(self)
