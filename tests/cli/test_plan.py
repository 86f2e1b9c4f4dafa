"""`plan`: what would be paid for, compared with what then is."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
import studios
from PIL import Image
from shell import run

from seedance_watch.app.planned import Planner
from seedance_watch.app.reading import reading
from seedance_watch.config.load import load
from seedance_watch.core.events import Intended, Record
from seedance_watch.core.machine import Job
from seedance_watch.core.plan import Plan
from seedance_watch.core.snapshot import InboxView, LaneView, Live
from seedance_watch.sandbox.server import Sandbox


@pytest.fixture
def studio(sandbox: Sandbox, tmp_path: Path) -> studios.Studio:
    return studios.lay_out(tmp_path / "studio", sandbox.url)


def plan(studio: studios.Studio, said: Live | None = None) -> Plan:
    config = load(studio.config)
    with reading(config) as reader:
        found, troubles = Planner(config, reader, said, studios.RealClock().now()).plan()
    assert troubles == []
    return found


def verdicts(found: Plan) -> list[tuple[str, int, str]]:
    return [(each.wish.drop, each.wish.take, each.verdict.code) for each in found.entries]


async def test_what_is_planned_is_what_is_paid(studio: studios.Studio, sandbox: Sandbox) -> None:
    """Same wishes, same costs; and planning itself touches nothing."""
    text = studio.config.read_text()
    text = text.replace("[providers.rivya]", "[providers.rivya]\nmax_in_flight = 3")
    studio.config.write_text(text)
    studio.drop('prompt = "a"\ntakes = 2\n', name="shot10")
    studio.drop('prompt = "b"\nduration = 10\n', name="shot2")
    studio.drop('prompt = "c"\npriority = 5\nprovider = "segmind"\n', name="scenes/z")
    studio.drop('prompt = "d"\n', name="zz")
    studio.drop('prompt = "d"\n', name="zzz")
    studio.drop('promt = "e"\n', name="bad")
    Image.new("RGB", (20, 20)).save(studio.inbox / "tiny.png")
    (studio.inbox / "tiny.toml").write_text('prompt = "f"')
    before = sorted((path, path.lstat().st_mtime_ns) for path in studio.folder.rglob("*"))
    found = plan(studio)

    assert sorted((p, p.lstat().st_mtime_ns) for p in studio.folder.rglob("*")) == before
    assert sandbox.ledger("charge") == []
    assert verdicts(found) == [
        ("scenes/z", 1, "now"),
        ("bad", 1, "wrong"),
        ("shot2", 1, "now"),
        ("shot10", 1, "now"),
        ("shot10", 2, "now"),
        ("tiny", 1, "wrong"),
        ("zz", 1, "turn"),
        ("zzz", 1, "twin"),
    ]
    paid = dict[str, str]()

    def heard(_before: Job, after: Job, record: Record) -> None:
        if isinstance(record.event, Intended):
            paid[f"{after.claim.folder}/{after.claim.stem}".lstrip("/")] = str(record.event.cost)

    await studios.once(studio, heard)
    for twin in {"zz", "zzz"} & paid.keys():  # whichever of the two comes first at the till
        paid["zz"] = paid.pop(twin)
    assert paid == {e.wish.drop: str(e.wish.cost) for e in found.entries if e.number}
    assert verdicts(plan(studio)) == []


async def test_the_same_video_is_not_planned_twice(studio: studios.Studio) -> None:
    """Neither what was bought before nor what a drop before asks for."""
    studio.drop('prompt = "a"\n', name="old")
    await studios.once(studio)
    studio.drop('prompt = "a"\n', name="new")
    studio.drop('prompt = "b"\n', name="x1")
    studio.drop('prompt = "b"\n', name="x2")
    studio.drop('prompt = "a"\nagain = true\n', name="y")
    expected = {"new": "duplicate", "x1": "now", "x2": "twin", "y": "now"}
    assert {each.wish.drop: each.verdict.code for each in plan(studio).entries} == expected

    studio.configure(watch='duplicates = "pay"')
    assert {each.verdict.code for each in plan(studio).entries} <= {"now", "turn"}


def test_what_the_daemon_knows_goes_into_the_plan(studio: studios.Studio) -> None:
    """A paused lane, closed folders; a file that is being written."""
    studio.drop('prompt = "a"\n')
    [entry] = plan(studio).entries
    live = Live(1, "0", 0.0, lanes=(LaneView("rivya", 3, 0, 9.0, "bad key"),))
    [paused] = plan(studio, live).entries
    assert (entry.verdict.code, paused.verdict.code) == ("now", "lane")
    assert (paused.number, paused.verdict.until) == (None, 9.0)
    for view in (
        InboxView(entry.wish.watch, "", closed="the outbox is away"),
        InboxView(entry.wish.watch, "", low=True),
    ):
        [away] = plan(studio, replace(live, lanes=(), inboxes=(view,))).entries
        assert away.verdict.code == "folder"
    with (studio.inbox / "shot.toml").open("a"):
        assert verdicts(plan(studio)) == [("shot", 1, "settling")]


def test_hours_and_first_moments_are_kept(studio: studios.Studio) -> None:
    """With the time from which on it would go."""
    studio.drop('prompt = "a"\nnot_before = 2999-01-01\n')
    [entry] = plan(studio).entries
    assert entry.verdict.code == "not_before"
    assert entry.verdict.until


async def test_held_jobs_are_planned_when_they_may_go(studio: studios.Studio) -> None:
    """One that a person holds is named; more than the seats take waits for its turn."""
    studio.configure(more="[providers.rivya.budget]\nper_day = 0")
    for name in ("a", "b"):
        studio.drop(f'prompt = "{name}"\n', name=name)
    await studios.once(studio)
    text = studio.config.read_text()
    studio.config.write_text(text.replace("per_day = 0", "per_job = 100"))
    assert run(studio, "hold", studio.rows()[0].job_id).returncode == 0
    codes = sorted(each.verdict.code for each in plan(studio).entries)
    assert codes == ["by_person", "now"]
    assert plan(studio).totals["rivya"].amount == Decimal(16)
    studio.config.write_text(text)
    held = {each.verdict.code: each for each in plan(studio).entries}
    assert sorted(held) == ["budget", "by_person"]
    assert held["budget"].wish.job


def test_the_command_prints_lines_and_json(studio: studios.Studio) -> None:
    """In a pipe tab-separated; an inbox that is away is told, with code 75."""
    studio.configure(more="[providers.rivya.budget]\nper_day = 20")
    told = run(studio, "plan")
    assert told.stdout.startswith("nothing waits to be paid for\n")
    studio.drop('prompt = "a"\ntakes = 2\n')
    told = run(studio, "plan")
    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()
    assert lines[0] == "no\tdrop\tprovider\tmodel\tcost\twhen\twhy"
    assert lines[1] == "1\tshot take 1\trivya\tseedance-1-0-lite\t16 credits\tnow\t"
    assert lines[2].startswith(
        "-\tshot take 2\trivya\tseedance-1-0-lite\t16 credits\tbudget until "
    )
    assert lines[3] == "rivya: 1 video(s) for 16 credits"
    assert "per_day: 0 spent and 16 planned of 20 credits until " in lines[4]

    found = json.loads(run(studio, "plan", "--json").stdout)
    assert [each["verdict"]["code"] for each in found["entries"]] == ["now", "budget"]
    assert found["totals"] == {"rivya": {"amount": "16", "unit": "credits"}}

    studio.inbox.rename(studio.folder / "away")
    told = run(studio, "plan")
    assert told.returncode == 75
    assert "cannot look into" in told.stderr
