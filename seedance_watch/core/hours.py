"""When paid calls may be made: hours of the day for a folder, a first moment for a drop."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from seedance_watch.core.events import Held

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TEXT = re.compile(
    r"(?:(?P<days>[a-z]{3}(?:\s*[,-]\s*[a-z]{3})*)\s+)?"
    r"(?P<begin>\d{1,2}:\d{2})\s*-\s*(?P<end>\d{1,2}:\d{2})"
)
_DAY_MIN = 24 * 60
_END_AT = datetime.max.replace(tzinfo=UTC).timestamp()
_SHOWN_MOST_AT = _END_AT - 2 * 86_400  # later is another year elsewhere, and there is none
EXAMPLE = '"22:00-06:00" or "sat,sun 00:00-24:00"'


@dataclass(frozen=True, slots=True)
class Hours:
    """A span of the day, on some days of the week.

    Attributes:
        days: The weekdays on which it begins, 0 is Monday.
        begin_min: Minutes since midnight.
        end_min: The same; at or before the beginning it is one of the next day.
        text: As a person wrote it.
    """

    days: frozenset[int]
    begin_min: int
    end_min: int
    text: str


def hours_of(text: str) -> Hours:
    """Read hours such as `22:00-06:00` or `mon-fri 20:00-07:00`.

    Raises:
        ValueError: It is none; the message says how to write it.
    """
    found = _TEXT.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(f"it is written as {EXAMPLE}")
    days = frozenset(_days_of(found["days"])) if found["days"] else frozenset(range(7))
    begin_min, end_min = _minutes(found["begin"]), _minutes(found["end"])
    if begin_min == end_min:
        raise ValueError("it begins when it ends; a whole day is 00:00-24:00")
    return Hours(days, begin_min % _DAY_MIN, end_min, text.strip())


def _days_of(text: str) -> Iterator[int]:
    for part in text.split(","):
        first, _, last = (word.strip() for word in part.partition("-"))
        for name in (first, last or first):
            if name not in _DAYS:
                raise ValueError(f"{name} is no day of the week: {', '.join(_DAYS)}")
        begin, end = _DAYS.index(first), _DAYS.index(last or first)
        yield from ((begin + more) % 7 for more in range((end - begin) % 7 + 1))


def _minutes(text: str) -> int:
    hour, minute = map(int, text.split(":"))
    if hour * 60 + minute > _DAY_MIN or minute > 59:
        raise ValueError(f"{text} is no time of the day")
    return hour * 60 + minute


def opens_at(windows: Sequence[Hours], now: float, zone: tzinfo) -> float | None:
    """Give when the next window opens, UTC seconds; None: one is open, or there are none.

    Wall clocks that are set forward or back move the windows with them.
    """
    today = datetime.fromtimestamp(now, zone).date()
    days = [today + timedelta(days=each) for each in range(-1, 9)]
    spans = [
        _span(each, day, zone) for day in days for each in windows if day.weekday() in each.days
    ]
    if not spans or any(begin <= now < end for begin, end in spans):
        return None
    return min(begin for begin, _ in spans if begin > now)


def _span(window: Hours, day: date, zone: tzinfo) -> tuple[float, float]:
    over = window.end_min <= window.begin_min
    last = day + timedelta(days=1) if over else day
    return _moment(day, window.begin_min, zone), _moment(last, window.end_min, zone)


def _moment(day: date, minutes: int, zone: tzinfo) -> float:
    day += timedelta(days=minutes // _DAY_MIN)
    hour, minute = divmod(minutes % _DAY_MIN, 60)
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).timestamp()


def closed(windows: Sequence[Hours], now: float, zone: tzinfo) -> Held | None:
    """Give the hold of a job outside the hours of its folder; None: they are now."""
    until = opens_at(windows, now, zone)
    if until is None:
        return None
    reason = f"videos of this folder are ordered {_listed(windows)}; it starts by itself at "
    return Held("hours", reason + _shown(until, zone), until)


def too_early(not_before: str, now: float, zone: tzinfo) -> Held | None:
    """Give the hold of a job whose sidecar names a first moment; None: that is over, or ""."""
    until = moment_of(not_before, zone) if not_before else now
    if now >= until:
        return None
    reason = f"its sidecar says not_before; it starts by itself at {_shown(until, zone)}"
    return Held("not_before", reason, until)


def moment_of(text: str, zone: tzinfo) -> float:
    """Give the UTC seconds of a date or time as TOML writes it; one without a zone is local.

    Raises:
        ValueError: It is neither.
    """
    moment = datetime.fromisoformat(text)
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()
    except OverflowError:  # the last hours of year 9999, seen from elsewhere
        return _END_AT


def _listed(windows: Iterable[Hours]) -> str:
    return " and ".join(each.text for each in windows)


def _shown(at: float, zone: tzinfo) -> str:
    moment = datetime.fromtimestamp(min(at, _SHOWN_MOST_AT), zone)
    return moment.strftime("%Y-%m-%d %H:%M %Z").strip()
