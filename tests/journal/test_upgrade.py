"""Journals of earlier versions: brought up to date without a loss, and without hiding damage."""

import json
import zlib
from decimal import Decimal
from pathlib import Path
from typing import Any

import apsw
import pytest
from histories import LIFE, PICTURE, SPEC, Story, claiming

from seedance_watch.core.budget import Ceiling
from seedance_watch.core.errors import JournalError
from seedance_watch.core.events import Claimed, Prepared
from seedance_watch.core.model import Money
from seedance_watch.journal import checking
from seedance_watch.journal.reader import SqliteReader
from seedance_watch.journal.sqlite import SqliteJournal

EVER = Ceiling("rivya", "", 0.0, 1e12, Money(Decimal(0), "credits"))
TO_4 = """
    CREATE TABLE events_4 (
        job_id TEXT NOT NULL, seq INTEGER NOT NULL, at REAL NOT NULL, type TEXT NOT NULL,
        data TEXT NOT NULL, sum INTEGER NOT NULL, PRIMARY KEY (job_id, seq)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO events_4 SELECT job_id, seq, at, type, data, sum FROM events;
    DROP TABLE events;
    ALTER TABLE events_4 RENAME TO events;
    UPDATE events SET sum = sum_4(job_id, seq, at, type, data);
    UPDATE jobs SET sum = sum_4(job_id, drop_id, watch, label, state, provider, model,
        cost_amount, cost_unit, wake_at, created_at, changed_at, seq, video, fingerprint, at_rest);
    UPDATE spending SET sum = sum_4(job_id, attempt, watch, provider, model, unit, micros, at);
    UPDATE meta SET value = '4' WHERE name = 'schema';
"""
TO_3 = f"""{TO_4}
    DROP INDEX jobs_label; DROP INDEX jobs_ended;
    UPDATE meta SET value = '3' WHERE name = 'schema';"""
TO_2 = f"""{TO_3}
    ALTER TABLE events DROP COLUMN sum; ALTER TABLE jobs DROP COLUMN sum;
    ALTER TABLE spending DROP COLUMN sum;
    UPDATE meta SET value = '2' WHERE name = 'schema';
"""
TO_1 = f"""{TO_2}
    DROP TABLE spending; DROP INDEX jobs_bought;
    ALTER TABLE jobs DROP COLUMN fingerprint; ALTER TABLE jobs DROP COLUMN video;
    UPDATE meta SET value = '1' WHERE name = 'schema';
"""


def led_back(path: Path, downgrade: str) -> None:
    """Make a journal one of an earlier version; see upgrade.py for what its checksums were."""

    def sum_4(*values: Any) -> int:
        plain = [float(each) if isinstance(each, int) else each for each in values]
        return zlib.crc32(json.dumps(plain).encode())

    with apsw.Connection(str(path)) as connection:
        connection.create_scalar_function("sum_4", sum_4)
        connection.execute(downgrade)


async def bought(path: Path, *names: str) -> SqliteJournal:
    """Make a journal with jobs that have cost 1.5 each."""
    journal = await SqliteJournal.open(path)
    for name in names:
        events = (Claimed(), Prepared(SPEC, (PICTURE,), f"F{name}"), *LIFE[2:4])
        await journal.append(*Story.of(name).next(claiming(name), *events))
    return journal


@pytest.mark.parametrize("downgrade", [TO_1, TO_2, TO_3, TO_4])
async def test_a_journal_of_an_earlier_version_is_brought_up_to_date(
    tmp_path: Path, downgrade: str
) -> None:
    """What was spent and bought before still counts; the jobs are the same."""
    path = tmp_path / "journal.db"
    journal = await bought(path, "a", "b\ud800")
    before = await journal.rows(), await journal.working(), await journal.history("a")
    await journal.close()
    led_back(path, downgrade)
    with pytest.raises(JournalError, match="restart it"):
        SqliteReader(path)

    journal = await SqliteJournal.open(path)
    assert (await journal.rows(), await journal.working(), await journal.history("a")) == before
    assert await journal.spent(EVER) == Money(Decimal(3), "credits")
    twin = await journal.twin("Fa", "new")
    assert twin
    assert twin.job_id == "a"
    named = await journal.named("studio", ["harbour/shot"])
    assert [row.job_id for row in named] == ["b\ud800", "a"]
    await journal.close()
    made = await SqliteJournal.open(tmp_path / "new" / "journal.db")
    await made.close()
    assert schema(path) == schema(tmp_path / "new" / "journal.db")


def schema(path: Path) -> set[tuple[str, str]]:
    """Give the names of all tables and indexes, with their columns."""
    found = apsw.Connection(str(path)).execute(
        "SELECT m.name, group_concat(coalesce(t.name, i.name)) FROM sqlite_master m"
        " LEFT JOIN pragma_table_info(m.name) t LEFT JOIN pragma_index_info(m.name) i"
        " GROUP BY m.name"
    )
    return {(name, ",".join(sorted((columns or "").split(",")))) for name, columns in found}


@pytest.mark.parametrize("table", ["jobs SET watch = 'x'", "spending SET micros = micros + 1"])
@pytest.mark.parametrize("downgrade", [TO_3, TO_4])
async def test_bringing_a_journal_up_to_date_hides_no_damage(
    tmp_path: Path, downgrade: str, table: str
) -> None:
    """What has a checksum is held against it, and the file is left as it was."""
    path = tmp_path / "journal.db"
    await (await bought(path, "a")).close()
    led_back(path, f"{downgrade} UPDATE {table};")
    before = path.read_bytes()

    with pytest.raises(JournalError, match="damaged"):
        await SqliteJournal.open(path)
    assert path.read_bytes() == before


async def test_a_large_journal_is_looked_at_before_it_is_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is out of shape would be written anew, and nobody would notice any more."""
    monkeypatch.setattr(checking, "SMALL_BYTES", 0)
    path = tmp_path / "journal.db"
    await (await bought(path, "a")).close()
    lost = "DELETE FROM sqlite_master WHERE name = 'jobs_drop'"
    led_back(path, f"{TO_4} PRAGMA writable_schema = ON; {lost};")
    before = path.read_bytes()

    with pytest.raises(JournalError, match=r"never used.*damaged"):
        await SqliteJournal.open(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", ["at = at + 1", "data = CAST(X'b3' AS TEXT)"])
@pytest.mark.parametrize("downgrade", [TO_3, TO_4])
async def test_an_event_that_was_damaged_before_stays_damaged(
    tmp_path: Path, downgrade: str, damage: str
) -> None:
    """Its job is held, the other one goes on."""
    path = tmp_path / "journal.db"
    await (await bought(path, "a", "b")).close()
    led_back(path, f"{downgrade} UPDATE events SET {damage} WHERE job_id = 'a' AND seq = 2;")

    journal = await SqliteJournal.open(path)
    assert [job.id for job in await journal.working()] == ["b"]
    assert {row.job_id: row.held for row in await journal.rows()} == {"a": "journal", "b": ""}
    await journal.close()


async def test_an_event_of_no_job_is_not_dropped(tmp_path: Path) -> None:
    """What nobody can place is refused, and the file is left as it was."""
    path = tmp_path / "journal.db"
    await (await bought(path, "a")).close()
    led_back(path, f"{TO_4} DELETE FROM jobs;")
    before = path.read_bytes()

    with pytest.raises(JournalError, match=r"an event is of no job.*restore a backup"):
        await SqliteJournal.open(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("downgrade", [TO_2, TO_4])
async def test_text_that_is_none_is_told_when_a_journal_is_brought_up_to_date(
    tmp_path: Path, downgrade: str
) -> None:
    """In words, and before anything was changed."""
    path = tmp_path / "journal.db"
    await (await bought(path, "a")).close()
    led_back(path, f"{downgrade} UPDATE jobs SET label = CAST(X'b3' AS TEXT);")

    with pytest.raises(JournalError, match=r"damaged.*restore a backup"):
        await SqliteJournal.open(path)


async def test_a_history_that_is_no_text_stops_no_upgrade_without_checksums(
    tmp_path: Path,
) -> None:
    """Its job is held; what the other one spent still counts."""
    path = tmp_path / "journal.db"
    await (await bought(path, "a", "b")).close()
    led_back(path, f"{TO_1} UPDATE events SET data = CAST(X'b3' AS TEXT) WHERE job_id = 'a';")

    journal = await SqliteJournal.open(path)
    assert [job.id for job in await journal.working()] == ["b"]
    assert await journal.spent(EVER) == Money(Decimal("1.5"), "credits")
    await journal.close()
