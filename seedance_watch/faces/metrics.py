"""The figures, as Prometheus reads them: gauges from a Snapshot, counters from a Tally.

docs/METRICS.md explains each; a test compares it with what is made here. Nothing is kept in the
library's own registry, so that several daemons in one process do not count together.
"""

import itertools
import platform
from collections.abc import Callable, Iterable, Iterator

from prometheus_client import generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from seedance_watch.core.health import ills
from seedance_watch.core.machine import AT_REST
from seedance_watch.core.model import State
from seedance_watch.core.snapshot import Live, Snapshot
from seedance_watch.faces.tally import BOUNDS_S, Durations, Tally

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "seedance_watch_"

Samples = Iterable[tuple[tuple[str, ...], float]]
Given = Callable[[Snapshot, Live], Samples]


def exposition(snapshot: Snapshot, tally: Tally) -> bytes:
    """Write every metric.

    Args:
        snapshot: How things stand.
        tally: What happened since the start.
    """
    return generate_latest(_Page(snapshot, tally))


class _Page(Collector):
    """What the library asks for its text."""

    def __init__(self, snapshot: Snapshot, tally: Tally) -> None:
        self._snapshot, self._tally = snapshot, tally

    def collect(self) -> Iterator[Metric]:
        """Give every family, also those without a sample."""
        live = self._snapshot.live
        yield InfoMetricFamily(
            f"{PREFIX}build",
            "This program's version.",
            {"version": live.version if live else "", "python": platform.python_version()},
        )
        yield from _gauges(self._snapshot, live or Live(0, "", 0.0))
        yield from _counters(self._tally, live or Live(0, "", 0.0))
        yield _durations(self._tally)


# Gauges


def _jobs(snapshot: Snapshot, _live: Live) -> Samples:
    found = snapshot.states()
    return [((str(state),), found.get(state, 0)) for state in State if state is not State.NEW]


def _held(snapshot: Snapshot, _live: Live) -> Samples:
    return [((code,), count) for code, count in snapshot.held().items()]


def _oldest(snapshot: Snapshot, _live: Live) -> Samples:
    """Give the age of the oldest job that could go on."""
    begun = [row.created_at for row in snapshot.open if not row.held and row.state not in AT_REST]
    return [((), max(0.0, snapshot.at - min(begun)) if begun else 0.0)]


def _scanned(_snapshot: Snapshot, live: Live) -> Samples:
    return [((each.watch,), each.scanned_at) for each in live.inboxes if each.scanned_at]


def _inbox_open(_snapshot: Snapshot, live: Live) -> Samples:
    return [((each.watch,), float(not each.closed)) for each in live.inboxes]


def _hearing(_snapshot: Snapshot, live: Live) -> Samples:
    return [((each.watch,), float(each.hearing == "events")) for each in live.inboxes]


def _lane_open(_snapshot: Snapshot, live: Live) -> Samples:
    return [
        ((each.provider,), float(each.until is None and not each.paused)) for each in live.lanes
    ]


def _lane_jobs(_snapshot: Snapshot, live: Live) -> Samples:
    return [((each.provider,), each.in_work) for each in live.lanes]


def _lane_seats(_snapshot: Snapshot, live: Live) -> Samples:
    return [((each.provider,), each.seats) for each in live.lanes]


def _limits(snapshot: Snapshot, _live: Live) -> Samples:
    for each in snapshot.budgets:
        cap = each.cap
        yield (cap.provider, cap.watch, str(cap.period), cap.most.unit), float(cap.most.amount)


def _spent(snapshot: Snapshot, _live: Live) -> Samples:
    for each in snapshot.budgets:
        cap = each.cap
        yield (cap.provider, cap.watch, str(cap.period), cap.most.unit), float(each.spent.amount)


def _balance(_snapshot: Snapshot, live: Live) -> Samples:
    return [((name, left.unit), float(left.amount)) for name, left in live.left.items()]


def _healthy(_snapshot: Snapshot, live: Live) -> Samples:
    return [((), float(not ills(live)))]


def _loops(_snapshot: Snapshot, live: Live) -> Samples:
    return [((each.name,), each.still_s) for each in live.loops]


def _started(_snapshot: Snapshot, live: Live) -> Samples:
    return [((), live.since)]


_BUDGET = ("provider", "watch", "period", "unit")
# Name, explanation, labels, samples.
_GAUGES: tuple[tuple[str, str, tuple[str, ...], Given], ...] = (
    ("jobs", "Jobs that are not held, by where they stand.", ("state",), _jobs),
    ("jobs_held", "Jobs that wait for a person or a fact, by why.", ("code",), _held),
    ("oldest_waiting_seconds", "Age of the oldest open job that is not held.", (), _oldest),
    ("inbox_last_scan_timestamp_seconds", "Last full scan of an inbox.", ("watch",), _scanned),
    ("inbox_open", "Whether an inbox can be worked in.", ("watch",), _inbox_open),
    ("inbox_events_heard", "Whether file events are proved to arrive.", ("watch",), _hearing),
    ("lane_open", "Whether a provider is given jobs.", ("provider",), _lane_open),
    ("lane_jobs", "Jobs that a provider has in work.", ("provider",), _lane_jobs),
    ("lane_seats", "Jobs that a provider may have in work.", ("provider",), _lane_seats),
    ("budget_limit", "What may be spent in the period.", _BUDGET, _limits),
    ("budget_spent", "What is spent or reserved in the period.", _BUDGET, _spent),
    ("balance", "What an account has left.", ("provider", "unit"), _balance),
    ("healthy", "Whether every loop makes progress.", (), _healthy),
    ("loop_still_seconds", "Time since a loop came round.", ("loop",), _loops),
    ("start_timestamp_seconds", "When the daemon became ready.", (), _started),
)


def _gauges(snapshot: Snapshot, live: Live) -> Iterator[Metric]:
    for name, about, labels, samples in _GAUGES:
        family = GaugeMetricFamily(PREFIX + name, about, labels=labels)
        for values, number in samples(snapshot, live):
            family.add_metric(values, number)
        yield family


# Counters


def _counters(tally: Tally, live: Live) -> Iterator[Metric]:
    for name, about, labels, samples in (
        ("submissions", "Intents to pay, by what became of them.", _SUBMISSION, _sent(tally)),
        ("spend", "What counts as spent, once it is settled.", _SPEND, _paid(tally)),
        ("faults", "Times the outside let a step down.", ("provider", "kind"), _faults(tally)),
        ("watcher_rebuilds", "Times a watcher was set up anew.", _WATCH, _rebuilds(tally, live)),
        ("missed_events", "Drops that only a scan found.", _WATCH, _missed(tally, live)),
    ):
        family = CounterMetricFamily(PREFIX + name, about, labels=labels)
        for values, number in samples:
            family.add_metric(values, number)
        yield family


_SUBMISSION = ("provider", "model", "outcome")
_SPEND = ("provider", "watch", "unit")
_WATCH = ("watch",)


def _sent(tally: Tally) -> Samples:
    return tally.submissions.items()


def _paid(tally: Tally) -> Samples:
    return [(place, float(amount)) for place, amount in tally.spent.items()]


def _faults(tally: Tally) -> Samples:
    return tally.faults.items()


def _rebuilds(tally: Tally, live: Live) -> Samples:
    return [((each.watch,), each.rebuilt + tally.rebuilds[each.watch]) for each in live.inboxes]


def _missed(tally: Tally, live: Live) -> Samples:
    return [((each.watch,), each.missed + tally.missed[each.watch]) for each in live.inboxes]


# Durations


def _durations(tally: Tally) -> Metric:
    family = HistogramMetricFamily(
        f"{PREFIX}job_duration_seconds", "How long jobs took, by phase.", labels=("phase",)
    )
    for phase, took in tally.durations.items():
        family.add_metric((phase,), _buckets(took), took.sum_s)
    return family


def _buckets(took: Durations) -> list[tuple[str, float]]:
    """Give how many took no longer than each bound, and how many in all."""
    upto = [*itertools.accumulate(took.counts)]
    named = [(str(bound_s), float(count)) for bound_s, count in zip(BOUNDS_S, upto, strict=True)]
    return [*named, ("+Inf", float(upto[-1] + took.longer))]
