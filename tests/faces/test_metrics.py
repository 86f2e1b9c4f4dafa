"""The figures: what is counted, and that the documents and the dashboard know them all."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from seedance_watch.core.budget import Cap, Period
from seedance_watch.core.errors import FaultKind
from seedance_watch.core.model import Money, State
from seedance_watch.core.snapshot import (
    BudgetView,
    InboxView,
    LaneView,
    Live,
    LoopView,
    Row,
    Snapshot,
)
from seedance_watch.faces.metrics import exposition
from seedance_watch.faces.tally import Tally

DOCS = Path(__file__).parents[2] / "docs"
LIVE = Live(
    process=1,
    version="1.2",
    since=50.0,
    lanes=(LaneView("rivya", 8, 2), LaneView("segmind", 4, 0, 99.0, "no credits", paused=True)),
    inboxes=(InboxView('a "b"\\c', "/in", "", "scans", 90.0, 3, 2),),
    left={"rivya": Money(Decimal("12.50"), "credits")},
    loops=(LoopView("jobs", 1.5, 180.0),),
)
CAP = Cap(
    "providers.rivya.budget.per_day", "rivya", "", Period.DAY, Money(Decimal(200), "credits")
)


def row(name: str, state: State, created_at: float, held: str = "") -> Row:
    return Row(
        job_id=name, drop_id=name, watch="a", label=name, state=state, held=held, provider="",
        model="", cost=None, wake_at=None, reason="", created_at=created_at,
        changed_at=created_at, seq=1,
    )  # fmt: skip


def snapshot() -> Snapshot:
    return Snapshot(
        at=100.0,
        counts={(State.RUNNING, ""): 2, (State.STAGED, "budget"): 5, (State.DONE, ""): 7},
        open=(row("x", State.RUNNING, 40.0), row("y", State.STAGED, 10.0, held="budget")),
        budgets=(BudgetView(CAP, Money(Decimal("16.5"), "credits"), 200.0),),
        live=LIVE,
    )


def samples(text: bytes) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Read the text as Prometheus does."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def value(text: bytes, name: str, **labels: str) -> float:
    return samples(text)[f"seedance_watch_{name}", frozenset(labels.items())]


def families(text: bytes) -> dict[str, str]:
    """Give the names of all metrics, and their types."""
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", text.decode(), re.MULTILINE))


def test_gauges_are_the_snapshot() -> None:
    """Nothing in them is remembered, so they are right after a restart."""
    text = exposition(snapshot(), Tally())

    assert value(text, "jobs", state="running") == 2
    assert value(text, "jobs", state="staged") == 0
    assert value(text, "jobs", state="done") == 7
    assert value(text, "jobs_held", code="budget") == 5
    assert value(text, "oldest_waiting_seconds") == 60.0
    assert value(text, "lane_open", provider="rivya") == 1
    assert value(text, "lane_open", provider="segmind") == 0
    assert value(text, "lane_jobs", provider="rivya") == 2
    assert value(text, "lane_seats", provider="segmind") == 4
    assert value(text, "balance", provider="rivya", unit="credits") == 12.5
    budget = {"provider": "rivya", "watch": "", "period": "day", "unit": "credits"}
    assert value(text, "budget_limit", **budget) == 200
    assert value(text, "budget_spent", **budget) == 16.5
    assert value(text, "start_timestamp_seconds") == 50.0
    assert value(text, "healthy") == 1
    assert value(text, "loop_still_seconds", loop="jobs") == 1.5


def test_names_of_folders_cannot_break_the_page() -> None:
    """Quotes and backslashes are escaped as the format wants it."""
    text = exposition(snapshot(), Tally())

    assert value(text, "missed_events_total", watch='a "b"\\c') == 3
    assert value(text, "watcher_rebuilds_total", watch='a "b"\\c') == 2
    assert value(text, "inbox_last_scan_timestamp_seconds", watch='a "b"\\c') == 90.0
    assert value(text, "inbox_open", watch='a "b"\\c') == 1
    assert value(text, "inbox_events_heard", watch='a "b"\\c') == 0


def test_durations_add_up() -> None:
    """Buckets hold all that took no longer; the last holds everything."""
    tally = Tally()
    for seconds in (-5.0, 3.0, 3.0, 10**6):
        tally.durations["provider"].add(seconds)
    text = exposition(snapshot(), tally)

    buckets = [
        value(text, "job_duration_seconds_bucket", phase="provider", le=le)
        for le in ("0.5", "2.5", "5.0", "43200.0", "+Inf")
    ]
    assert buckets == [1, 1, 3, 3, 4]
    assert value(text, "job_duration_seconds_count", phase="provider") == 4
    assert value(text, "job_duration_seconds_sum", phase="provider") == 1_000_006


def test_a_count_begins_before_the_first_fault() -> None:
    """Else the step from nothing to one would be seen by nobody."""
    tally = Tally()
    tally.expect(["rivya"])
    text = exposition(snapshot(), tally)

    for kind in FaultKind:
        provider = "" if kind is FaultKind.LOCAL else "rivya"
        assert value(text, "faults_total", provider=provider, kind=str(kind)) == 0


# Documents


def test_the_document_lists_every_metric() -> None:
    """docs/METRICS.md has the metrics of the code with their types, no more and no less."""
    table = re.findall(
        r"^\| `(seedance_watch_\w+)` \| (\w+) \|", (DOCS / "METRICS.md").read_text(), re.MULTILINE
    )

    assert dict(table) == families(exposition(snapshot(), Tally()))


def test_the_document_lists_every_label() -> None:
    """By labels a person writes queries."""
    rows = re.findall(
        r"^\| `(seedance_watch_\w+)` \| \w+ \| ([^|]*)\|",
        (DOCS / "METRICS.md").read_text(),
        re.MULTILINE,
    )
    told = {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in rows}
    tally = Tally()
    tally.expect(["rivya"])
    tally.submissions["rivya", "m", "accepted"] += 1
    tally.spent["rivya", "a", "credits"] = Decimal(1)
    for name, labels in samples(exposition(snapshot(), tally)):
        family = re.sub(r"_(bucket|sum|count)$", "", name)
        assert {label for label, _ in labels} - {"le"} == told[family], name


def test_every_name_in_the_documents_is_a_metric() -> None:
    """Neither alerts nor the dashboard ask for what does not exist."""
    known = set(families(exposition(snapshot(), Tally())))
    known |= {name + part for name in known for part in ("_bucket", "_sum", "_count")}
    asked = set(re.findall(r"seedance_watch_\w+", " ".join(queries())))

    assert len(asked) > 15
    assert asked <= known
    text = re.sub(r"seedance_watch\.prom", "", (DOCS / "METRICS.md").read_text())
    assert set(re.findall(r"seedance_watch_\w+", text)) <= known


def queries() -> Iterator[str]:
    """Give every query of the dashboard."""
    board = json.loads((DOCS / "grafana-dashboard.json").read_text())
    for panel in board["panels"]:
        for target in panel["targets"]:
            yield target["expr"]
    for variable in board["templating"]["list"]:
        yield variable["query"]
