"""`spend` as it is typed."""

import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import apsw
import studios
from shell import run

from seedance_watch.sandbox.server import running


async def test_what_was_spent_is_added_up(tmp_path: Path) -> None:
    """By day in the operator's zone, folder, provider and model; damage is told."""
    async with running(studios.KNOBS, time_factor=0) as sandbox:
        studio = studios.lay_out(tmp_path / "studio", sandbox.url)
        studio.config.write_text(
            studio.config.read_text().replace("[limits]\n", '[limits]\ntimezone = "Asia/Tokyo"\n')
        )
        studio.drop('prompt = "waves"\ntakes = 2\n')
        studio.drop('prompt = "x"\nprovider = "segmind"\n', name="other")
        studio.drop('promt = "x"\n', name="bad")
        before = _tokyo()
        await studios.once(studio)
    found = run(studio, "spend")

    assert found.returncode == 0, found.stderr
    names, rivya, segmind, *totals = found.stdout.splitlines()
    assert names == "day\twatch\tprovider\tmodel\tattempts\tamount"
    assert rivya.split("\t")[0] in {before, _tokyo()}
    assert rivya.split("\t")[1:] == ["studio", "rivya", "seedance-1-0-lite", "2", "32 credits"]
    assert segmind.split("\t")[2] == "segmind"
    assert totals[0] == "total rivya: 32 credits in 2 attempts"
    assert totals[1].endswith("in 1 attempt")

    [first, _] = map(
        json.loads, run(studio, "spend", "--by", "watch", "--json").stdout.splitlines()
    )
    assert first == {
        "day": "", "watch": "studio", "provider": "rivya", "model": "", "attempts": 2,
        "amount": {"amount": "32", "unit": "credits"},
    }  # fmt: skip

    with apsw.Connection(str(studio.folder / "state" / "journal.db")) as journal:
        journal.execute("UPDATE spending SET micros = micros + 1")
    damaged = run(studio, "spend")
    assert (damaged.returncode, damaged.stdout) == (75, "")
    assert "is damaged" in damaged.stderr


def _tokyo() -> str:
    return datetime.now(UTC).astimezone(ZoneInfo("Asia/Tokyo")).strftime("%Y-%m-%d")


def test_before_the_first_run_nothing_was_spent(tmp_path: Path) -> None:
    """Which is no error."""
    studio = studios.lay_out(tmp_path / "studio", "http://127.0.0.1:9")
    found = run(studio, "spend")
    assert (found.returncode, found.stdout) == (0, "nothing was spent\n")
