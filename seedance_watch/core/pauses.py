"""A person's word that a provider is to get nothing new for now."""

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Pause:
    """A provider that a person paused.

    Attributes:
        provider: Provider name.
        since: Since when, UTC seconds.
        by: Who said so ("shell").
    """

    provider: str
    since: float
    by: str = "shell"

    def __str__(self) -> str:
        """Say so, and how it ends."""
        at = datetime.fromtimestamp(self.since, tz=UTC)
        return (
            f"paused by a person ({self.by}) at {at:%Y-%m-%d %H:%M} UTC; "
            f"`seedance-watch resume {self.provider}` lets it go on"
        )


@dataclass(frozen=True, slots=True)
class LaneOrder:
    """What a person wants of a provider's lane.

    Attributes:
        provider: Which provider.
        paused: Whether it is to get nothing new; else it goes on.
        by: Who says so, for the log and `status`.
    """

    provider: str
    paused: bool
    by: str = "shell"
