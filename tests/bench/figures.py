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


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much is measured.

    Attributes:
        drops: Drops of each kind that are timed.
        ends: Jobs of each of two waves whose ends are waited for.
        time_factor: How long they take, as a share of the sandbox's usual 32 to 95 s.
        few: Pairs of the small crowd.
        many: Pairs of the large one.
        waiting: Jobs that rest.
        flying: Jobs at the provider at once.
        done: Ended jobs of a long past; a tenth as many are open.
        folders: Folders of an inbox, with a hundred files each.
        rest_s: How long is looked at a daemon at rest, seconds.
        rounds: Jobs that each of 64 writers of the journal lives through.
    """

    drops: int
    ends: int
    time_factor: float
    few: int
    many: int
    waiting: int
    flying: int
    done: int
    folders: int
    rest_s: float
    rounds: int


FULL = Sizes(
    drops=100, ends=60, time_factor=1.0, few=1000, many=10_000, waiting=10_000, flying=1000,
    done=100_000, folders=1000, rest_s=10.0, rounds=20,
)  # fmt: skip
QUICK = Sizes(
    drops=5, ends=6, time_factor=0.05, few=20, many=60, waiting=40, flying=20,
    done=500, folders=20, rest_s=1.0, rounds=1,
)  # fmt: skip


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.1f} ms" if seconds < 0.1 else f"{1000 * seconds:.0f} ms"


def drops(sizes: Sizes) -> Iterator[Figure]:
    """From drop to paid call."""
    count = sizes.drops
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


def ends(sizes: Sizes) -> Iterator[Figure]:
    """From the end at the provider to the outbox."""
    found = finding.found(sizes.ends, sizes.time_factor)
    share = found.late_s / found.usual_s
    yield Figure(
        f"finished to placed, tasks of {found.usual_s:.0f} s",
        f"{found.late_s:.2f} s ({share:.1%}), {found.polls:.0f} questions "
        f"(nine of ten jobs: up to {found.most_polls:.0f})",
        "",
        "5 % of the usual duration, 10 questions",
        share <= 0.05 and found.polls <= 10,
    )


def crowds(sizes: Sizes) -> Iterator[Figure]:
    """Many pairs at once; the bare loop takes as long for each of many as for each of few."""
    bare, per_job = throughput.bare(sizes.few), []
    for jobs in (sizes.few, sizes.many):
        ours = throughput.ours(jobs)
        per_job.append((ours.took_s / jobs, ours.cpu_ms))
        yield Figure(
            f"{jobs} pairs at once",
            f"{ours.rate:.1f} jobs/s",
            f"{bare.rate:.1f} jobs/s ({bare.jobs} pairs)",
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
    (few_s, few_ms), (many_s, many_ms) = per_job
    yield Figure(
        "cost of a job, many against few",
        f"{_ms(many_s)}, processor {many_ms:.1f} ms",
        f"{_ms(few_s)}, processor {few_ms:.1f} ms",
        "the same (within a quarter)",
        many_s <= 1.25 * few_s and many_ms <= 1.25 * few_ms,
    )


def rests(sizes: Sizes) -> Iterator[Figure]:
    """Memory, and processor time at rest."""
    idle, flight = memory.idle(sizes.rest_s), memory.in_flight(sizes.flying, sizes.rest_s)
    full, lots = memory.waiting(sizes.waiting, sizes.rest_s)
    rows = (
        ("idle", idle, 60),
        (f"{sizes.waiting} jobs waiting", full, 120),
        (f"{sizes.flying} at the provider", flight, 150),
    )
    for what, rest, goal in rows:
        yield Figure(
            f"memory, {what}",
            f"{rest.mib:.0f} MiB (with decoders, shared pages once: {rest.all_mib:.0f} MiB)",
            "",
            f"{goal} MiB",
            rest.mib <= goal,
        )
    for what, rest in (("idle", idle), (f"{sizes.waiting} at the provider", lots)):
        yield Figure(
            f"processor at rest, {what}", f"{rest.cpu:.2%} of a core", "", "1 %", rest.cpu < 0.01
        )


def starts(sizes: Sizes) -> Iterator[Figure]:
    """Starts and commands with a long past."""
    done, nothing_s = sizes.done, starting.command("-c", "pass")
    with stage() as scene:
        path = starting.fill(scene, done=done, open_=done // 10)
        status_s = starting.command(
            *starting.main_of("status", "--config", str(scene.studio.config))
        )
        yield Figure(
            f"status, {done + done // 10} jobs",
            _ms(status_s),
            f"{_ms(nothing_s)} (pass)",
            "300 ms",
            status_s <= 0.3,
        )
        ready_s, rows_s = starting.to_ready(scene), starting.rows_read(path)
        yield Figure(
            f"start, {done} ended and {done // 10} open jobs",
            _ms(ready_s),
            f"{_ms(rows_s)} (sqlite3 reads the rows)",
            "1 s",
            ready_s <= 1.0,
        )
    import_s = starting.command("-c", "import seedance_watch.cli.main")
    help_s = starting.command(*starting.main_of("--help"))
    yield Figure(
        "import, --help",
        f"{_ms(import_s)}, {_ms(help_s)}",
        f"{_ms(nothing_s)} (pass)",
        "150 ms",
        max(import_s, help_s) <= 0.15,
    )


def inboxes(sizes: Sizes) -> Iterator[Figure]:
    """Large inboxes."""
    few, many = scanning.looks(10, 100), scanning.looks(sizes.folders, 100)
    yield Figure(
        f"full look, {100 * sizes.folders} files",
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


def journals(sizes: Sizes) -> Iterator[Figure]:
    """Durable transitions."""
    grouped, single = (journaling.rate(sizes.rounds, grouped=each) for each in (True, False))
    yield Figure(
        "durable transitions, 64 jobs",
        f"{grouped:.0f} a second",
        f"{single:.0f} a second (a transaction each)",
        "5 times",
        grouped >= 5 * single,
    )


Measure = Callable[[], Iterator[Figure]]


def measures(sizes: Sizes) -> Mapping[str, Measure]:
    """Give what can be measured, by name."""
    every = (drops, ends, crowds, rests, starts, inboxes, journals)
    return {each.__name__: partial(each, sizes) for each in every}
