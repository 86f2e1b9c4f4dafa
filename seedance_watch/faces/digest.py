"""Many news as one message that a person reads."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from seedance_watch.core.model import Money
from seedance_watch.core.news import Kind, News
from seedance_watch.core.words import printable

_GROUPS = 12
_NAMES = 6
_REASON_CHARACTERS = 300

# What people want to read first.
_ORDER = (
    *(Kind.FAILED, Kind.HELD, Kind.PAUSED, Kind.CLOSED, Kind.LOW, Kind.CANCELLED),
    *(Kind.RESUMED, Kind.OPENED, Kind.RELEASED, Kind.DONE),
)
BAD = frozenset({Kind.FAILED, Kind.HELD, Kind.PAUSED, Kind.CLOSED, Kind.LOW})


def digest(news: Sequence[News]) -> tuple[str, str]:
    """Write a message's title and text.

    Args:
        news: What happened, at least one thing.
    """
    counts = Counter(each.kind for each in news)
    told = ", ".join(f"{counts[kind]} {kind}" for kind in _ORDER if counts[kind])
    if len(news) == 1:
        told = f"{news[0].kind}: {printable(news[0].label)}"
    return f"seedance-watch: {told}", _text(news)


def _text(news: Sequence[News]) -> str:
    groups: dict[tuple[Kind, str, str], list[News]] = {}
    for each in news:
        groups.setdefault((each.kind, each.watch, _alike(each)), []).append(each)
    ordered = sorted(groups.values(), key=lambda group: _ORDER.index(group[0].kind))
    lines = [_group(group) for group in ordered[:_GROUPS]]
    left = sum(len(group) for group in ordered[_GROUPS:])
    return "\n\n".join([*lines, f"... and {left} more"] if left else lines)


def _alike(news: News) -> str:
    """Give what news of one kind have in common; each job says its own name in its reason."""
    return news.code or (news.reason.replace(news.job, "") if news.job else news.reason)


def _group(group: Sequence[News]) -> str:
    """Write one thing that happened, to one or many."""
    first = group[0]
    where = f" in {printable(first.watch)}" if first.watch else ""
    names = [printable(each.label) for each in group[:_NAMES]]
    more = f" and {len(group) - _NAMES} more" if len(group) > _NAMES else ""
    count = f"{len(group)} " if len(group) > 1 else ""
    head = f"{count}{first.kind}{where}: {', '.join(names)}{more}{_costs(group)}"
    reason = printable(first.reason[:_REASON_CHARACTERS])
    return f"{head}\n{reason}" if reason else head


def _costs(group: Sequence[News]) -> str:
    """Add up what finished videos cost, by unit."""
    if group[0].kind is not Kind.DONE:
        return ""
    sums: dict[str, Decimal] = {}
    for cost in (each.cost for each in group if each.cost):
        sums[cost.unit] = sums.get(cost.unit, Decimal(0)) + cost.amount
    told = ", ".join(str(Money(amount, unit)) for unit, amount in sums.items())
    return f" ({told})" if told else ""
