"""`show` as it is typed."""

import json
from pathlib import Path

import studios
from shell import run

from seedance_watch.sandbox.server import running


async def test_a_job_is_told_from_beginning_to_end(tmp_path: Path) -> None:
    """By its name or any file of it; costs where they arose."""
    async with running(studios.KNOBS, time_factor=0) as sandbox:
        studio = studios.lay_out(tmp_path / "studio", sandbox.url)
        studio.drop('prompt = "waves"\n')
        await studios.once(studio)
    [row] = studio.rows()
    told = run(studio, "show", str(studio.outbox / "shot.mp4"))

    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()
    assert lines[0] == f"{row.job_id}: shot of studio"
    assert lines[1].startswith("  now: it is done: the video is ")
    assert lines[2] == '  wish: "waves"'
    assert lines[4:6] == ["  spent: 16 credits at rivya", "event\twhen\tafter\twhat\tcost"]
    assert [line.split("\t")[0] for line in lines[6:-1]] == [str(n) for n in range(1, 12)]
    assert "attempt 1 is about to be paid\t16 credits" in told.stdout

    told = run(studio, "show", "--json", row.job_id)
    found = json.loads(told.stdout)
    assert (found["job_id"], found["state"], found["prompt"]) == (row.job_id, "done", "waves")
    assert found["now"]["code"] == "done"
    assert [each["amount"]["amount"] for each in found["spent"]] == ["16"]
    assert sandbox.url not in told.stdout


def test_what_nobody_knows_is_told(tmp_path: Path) -> None:
    """Before the first run as well; without a name the way to one is said."""
    studio = studios.lay_out(tmp_path / "studio", "http://127.0.0.1:9")
    told = run(studio, "show", "nobody")
    assert (told.returncode, told.stdout) == (1, "")
    assert "there is no job nobody" in told.stderr
    assert run(studio, "show").returncode == 64
