"""Times and amounts as people read them, in the operator's time zone."""

from datetime import datetime, tzinfo

_STEPS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def moment(at: float, zone: tzinfo, *, now: float) -> str:
    """Write a time of day, with the date when it is another day."""
    then, today = (datetime.fromtimestamp(each, zone) for each in (at, now))
    return then.strftime("%H:%M:%S" if then.date() == today.date() else "%Y-%m-%d %H:%M:%S")


def span(seconds: float) -> str:
    """Write a duration in its two largest units: 42 s, 3 min 5 s, 2 h 10 min."""
    rest, said = max(0, round(seconds)), list[str]()
    for size, unit in _STEPS:
        count, rest = divmod(rest, size)
        if count or (said and unit != "s"):
            said.append(f"{count} {unit}")
    kept = [each for each in said[:2] if not each.startswith("0 ")]
    return " ".join(kept) or "0 s"


def until(at: float, zone: tzinfo, *, now: float) -> str:
    """Write when something ends: until 14:02:03 (42 s)."""
    left = f" ({span(at - now)})" if at > now else ""
    return f"until {moment(at, zone, now=now)}{left}"
