"""Every figure: what is measured, beside what, and what it should be."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from bench import finding, journaling, latency, memory, scanning, starting, throughput
from bench.stage import stage


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure.

    Attributes:
        what: What was measured.
        ours: What the daemon took.
        reference: What the reference of the same run took, "" where there is none.
        goal: What it should be.
        met: Whether it is.
    """

    what: str
    ours: str
    reference: str
    goal: str
    met: bool


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.1f} ms" if seconds < 0.1 else f"{1000 * seconds:.0f} ms"


def drops(*, quick: bool) -> Iterator[Figure]:
    """From drop to paid call."""
    count = 40 if quick else 200
    cases = (("rename", latency.renamed, 0), ("copy", latency.written, 0))
    for name, way, beside in (*cases, ("rename, twenty others a second", latency.renamed, 3)):
        ours = latency.ours(count, way, beside=beside * count)
        bare = latency.bare(count, way)
        yield Figure(
            f"drop to paid call, {name}",
            f"p50 {_ms(ours.p50_s)}, p99 {_ms(ours.p99_s)}",
            f"p50 {_ms(bare.p50_s)}, p99 {_ms(bare.p99_s)}",
            "p50 200 ms, p99 500 ms",
            ours.p50_s <= 0.2 and ours.p99_s <= 0.5,
        )


def ends(*, quick: bool) -> Iterator[Figure]:
    """From the end at the provider to the outbox."""
    found = finding.found(20 if quick else 60)
    share = found.late_s / found.usual_s
    yield Figure(
        f"finished to placed, tasks of {found.usual_s:.0f} s",
        f"{found.late_s:.2f} s ({share:.1%}), {found.polls:.0f} questions "
        f"(nine of ten jobs: up to {found.most_polls:.0f})",
        "",
        "5 % of the usual duration, 10 questions",
        share <= 0.05 and found.polls <= 10,
    )


def crowds(*, quick: bool) -> Iterator[Figure]:
    """Many pairs at once."""
    per_job = []
    for jobs in (200, 1000) if quick else (1000, 10_000):
        ours, bare = throughput.ours(jobs), throughput.bare(jobs)
        per_job.append(ours.took_s / jobs)
        yield Figure(
            f"{jobs} pairs at once",
            f"{ours.rate:.1f} jobs/s",
            f"{bare.rate:.1f} jobs/s",
            "half",
            ours.rate >= bare.rate / 2,
        )
        yield Figure(
            f"processor time of a job, {jobs} pairs",
            f"{ours.cpu_ms:.1f} ms",
            f"{bare.cpu_ms:.1f} ms",
            "twice",
            ours.cpu_ms <= 2 * bare.cpu_ms,
        )
    few, many = per_job
    yield Figure(
        "time of a job, many against few",
        _ms(many),
        _ms(few),
        "the same (within a quarter)",
        many <= 1.25 * few,
    )


def rests(*, quick: bool) -> Iterator[Figure]:
    """Memory, and processor time at rest."""
    waiting, flying = (1000, 200) if quick else (10_000, 1000)
    idle, full, flight = memory.idle(), memory.waiting(waiting), memory.in_flight(flying)
    lots = memory.in_flight(waiting)
    rows = (
        ("idle", idle, 60),
        (f"{waiting} jobs waiting", full, 120),
        (f"{flying} at the provider", flight, 150),
    )
    for what, rest, goal in rows:
        yield Figure(
            f"memory, {what}",
            f"{rest.mib:.0f} MiB (with decoders, shared pages once: {rest.all_mib:.0f} MiB)",
            "",
            f"{goal} MiB",
            rest.mib <= goal,
        )
    for what, rest in (("idle", idle), (f"{waiting} at the provider", lots)):
        yield Figure(
            f"processor at rest, {what}", f"{rest.cpu:.2%} of a core", "", "1 %", rest.cpu < 0.01
        )


def starts(*, quick: bool) -> Iterator[Figure]:
    """Starts and commands with a long past."""
    done = 10_000 if quick else 100_000
    with stage() as scene:
        path = starting.fill(scene, done=done, open_=done // 10)
        status = starting.main_of("status", "--config", str(scene.studio.config))
        status_s = starting.command(*status)
        yield Figure(f"status, {done} jobs", _ms(status_s), "", "300 ms", status_s <= 0.3)
        ready_s, rows_s = starting.to_ready(scene), starting.rows_read(path)
        yield Figure(
            f"start, {done} ended and {done // 10} open jobs",
            _ms(ready_s),
            f"{_ms(rows_s)} (sqlite3 reads the rows)",
            "1 s",
            ready_s <= 1.0,
        )
    nothing_s, help_s = starting.command("-c", "pass"), starting.command(*starting.main_of("-h"))
    yield Figure("--help", _ms(help_s), f"{_ms(nothing_s)} (pass)", "150 ms", help_s <= 0.15)


def inboxes(*, quick: bool) -> Iterator[Figure]:
    """Large inboxes."""
    few, many = scanning.looks(10, 100), scanning.looks(100 if quick else 1000, 100)
    yield Figure(
        f"full look, {10_000 if quick else 100_000} files",
        _ms(many.again_s),
        f"{_ms(many.bare_s)} (os.scandir)",
        "1.5 times",
        many.again_s <= 1.5 * many.bare_s,
    )
    yield Figure(
        "one event there",
        f"{1000 * many.event_s:.2f} ms",
        f"{1000 * few.event_s:.2f} ms (in 1,000 files)",
        "the same (within half)",
        many.event_s <= 1.5 * few.event_s,
    )


def journals(*, quick: bool) -> Iterator[Figure]:
    """Durable transitions."""
    del quick
    grouped, single = journaling.rate(grouped=True), journaling.rate(grouped=False)
    yield Figure(
        "durable transitions, 64 jobs",
        f"{grouped:.0f} a second",
        f"{single:.0f} a second (a transaction each)",
        "5 times",
        grouped >= 5 * single,
    )


Measure = Callable[[], Iterator[Figure]]


def measures(*, quick: bool) -> Mapping[str, Measure]:
    """Give what can be measured, by name."""
    every = (drops, ends, crowds, rests, starts, inboxes, journals)
    return {each.__name__: partial(each, quick=quick) for each in every}
