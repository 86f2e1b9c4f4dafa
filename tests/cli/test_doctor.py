"""`doctor`: each check through the real command line; nothing is ever paid or left behind."""

import contextlib
import json
import os
import pty
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import apsw
import pytest
import studios
from shell import daemon, run

from seedance_watch.sandbox.server import Sandbox, threaded


@pytest.fixture
def studio(sandbox: Sandbox, tmp_path: Path) -> studios.Studio:
    """A studio that has been running before."""
    made = studios.lay_out(tmp_path / "studio", sandbox.url)
    made.config.chmod(0o600)
    for key in made.folder.glob("*.key"):
        key.chmod(0o600)
    run(made, "run", "--once")
    return made


def grades(studio: studios.Studio) -> tuple[int, dict[str, list[tuple[str, str]]]]:
    """Give the exit code, and the checks by what they are about."""
    told = run(studio, "doctor", "--json")
    found: dict[str, list[tuple[str, str]]] = {}
    for each in json.loads(told.stdout)["checks"]:
        found.setdefault(each["about"], []).append((each["grade"], each["said"]))
    return told.returncode, found


def test_a_sound_studio_is_found_sound(studio: studios.Studio, sandbox: Sandbox) -> None:
    """Nothing is broken, nothing is paid, nothing is left behind, no key is shown."""
    before = {path for path in studio.folder.rglob("*") if "state" not in path.parts}

    told = run(studio, "doctor")
    code, found = grades(studio)

    assert (told.returncode, code, told.stderr) == (0, 0, "")
    assert all(grade != "broken" for each in found.values() for grade, _ in each)
    assert found["events of studio"] == [("good", "they arrive: drops are noticed at once")]
    assert found["rivya"] == [("good", "it answers")]
    assert found["clock"][0][0] == found["models of rivya"][0][0] == "good"
    assert found["credits at rivya"][0][0] == found["key of rivya"][0][0] == "good"
    assert found["daemon"] == [("note", "none runs")]
    assert "-> `seedance-watch run` starts it" in told.stdout
    assert (studio.folder / "rivya.key").read_text() not in told.stdout
    assert sandbox.ledger() == []
    assert {path for path in studio.folder.rglob("*") if "state" not in path.parts} == before


def test_before_the_first_run_nothing_is_made(sandbox: Sandbox, tmp_path: Path) -> None:
    """Neither folders nor a journal: a start would take missing ones for shares that are away."""
    studio = studios.lay_out(tmp_path / "studio", sandbox.url)
    before = sorted(studio.folder.rglob("*"))

    code, found = grades(studio)

    assert code == 0
    assert found["outbox of studio"][0][0] == found["state directory"][0][0] == "note"
    assert sorted(studio.folder.rglob("*")) == before
    studio.drop('prompt = "waves"\n')
    assert run(studio, "run", "--once").returncode == 0


def test_a_journal_of_the_version_before_is_no_trouble(studio: studios.Studio) -> None:
    """Between an upgrade and the restart that the cookbook has after it."""
    with apsw.Connection(str(studio.folder / "state" / "journal.db")) as connection:
        connection.execute("UPDATE meta SET value = '4' WHERE name = 'schema'")
    code, found = grades(studio)

    assert code == 0
    ((grade, said),) = found["journal"]
    assert (grade, "restart it" in said) == ("note", True)


def test_a_running_daemon_is_asked(studio: studios.Studio) -> None:
    """It is well, and its inbox hears the canary beside it without taking it for a drop."""
    with daemon(studio):
        code, found = grades(studio)

    assert code == 0
    assert found["daemon"][0][0] == "good"
    assert "well" in found["daemon"][0][1]
    assert found["events of studio"][0][0] == "good"


def test_what_is_wrong_is_told_with_what_to_do(studio: studios.Studio) -> None:
    """A folder that is away, too little room, no key: each is broken, the rest is looked at."""
    studio.held.rename(studio.folder / "elsewhere")
    text = studio.config.read_text().replace("min_free_bytes = 0", "min_free_bytes = 10**18")
    studio.config.write_text(text.replace("10**18", str(10**18)))
    (studio.folder / "rivya.key").unlink()

    code, found = grades(studio)

    assert code == 1
    assert found["held of studio"][0][0] == "broken"
    assert any("less than min_free_bytes" in said for _, said in found["outbox of studio"])
    assert found["key of rivya"][0][0] == "broken"
    assert found["inbox of studio"][0][0] == "good"


def test_another_folder_in_its_place_is_told(studio: studios.Studio) -> None:
    """An empty mount point is not the outbox; it is not written to."""
    studio.outbox.rename(studio.folder / "elsewhere")
    studio.outbox.mkdir()

    code, found = grades(studio)

    assert code == 1
    assert "it is not the folder that was worked in" in found["outbox of studio"][0][1]
    assert list(studio.outbox.iterdir()) == []


def test_offline_it_says_so_and_goes_on(tmp_path: Path) -> None:
    """With nobody at the address; everything on this machine is looked at all the same."""
    studio = studios.lay_out(tmp_path / "studio", "http://127.0.0.1:9")

    code, found = grades(studio)

    assert code == 1
    assert found["rivya"][0][0] == "broken"
    assert found["inbox of studio"][0][0] == "good"
    assert "check the network" in run(studio, "doctor").stdout


def test_a_clock_that_is_wrong_is_told(tmp_path: Path) -> None:
    """By the provider's own Date."""
    with threaded(replace(studios.KNOBS, clock_skew_s=-7200.0), time_factor=0) as sandbox:
        code, found = grades(studios.lay_out(tmp_path / "studio", sandbox.url))

    assert code == 1
    assert found["clock"][0][0] == "broken"
    assert "ahead of rivya's clock" in found["clock"][0][1]


def test_a_withdrawn_model_is_told(tmp_path: Path) -> None:
    """The one that the folder asks for is not in the provider's list."""
    gone = replace(studios.KNOBS, rivya_unlisted="seedance-1-0-lite")
    with threaded(gone, time_factor=0) as sandbox:
        code, found = grades(studios.lay_out(tmp_path / "studio", sandbox.url))

    assert code == 1
    assert found["models of rivya"] == [("broken", "seedance-1-0-lite is not offered any more")]


def test_a_paused_provider_is_told(studio: studios.Studio) -> None:
    """A person did it, and may have forgotten."""
    run(studio, "pause", "rivya")

    assert ("warning", "paused by a person") in [
        (grade, said[:18]) for grade, said in grades(studio)[1]["rivya"]
    ]


@pytest.mark.parametrize(
    ("state", "enabled", "grade"),
    [
        ("active", "enabled", "good"),
        ("failed", "enabled", "broken"),
        ("inactive", "disabled", "warning"),
    ],
)
def test_an_installed_unit_is_looked_at(
    studio: studios.Studio,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    state: str,
    enabled: str,
    grade: str,
) -> None:
    """As the service manager tells of it."""
    fake = tmp_path / "bin" / "systemctl"
    fake.parent.mkdir()
    facts = f"LoadState=loaded\\nActiveState={state}\\nUnitFileState={enabled}\\n"
    fake.write_text(f"#!/bin/sh\n[ $1 = --user ] || printf '{facts}'\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:/usr/bin:/bin")

    code, found = grades(studio)

    assert [each[0] for each in found["systemd"]] == [grade]
    assert code == (grade == "broken")


def test_a_terminal_gets_a_table(studio: studios.Studio) -> None:
    """With the words of the checks in columns."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "seedance_watch", "doctor", "-c", str(studio.config)]
    with subprocess.Popen(command, stdout=theirs, env={**os.environ, "TERM": "xterm"}) as process:
        os.close(theirs)
        seen = b""
        with contextlib.suppress(OSError):  # the terminal is gone when the command has ended
            while more := os.read(ours, 65_536):
                seen += more
        assert process.wait(60) == 0
    os.close(ours)

    assert b"what to do" in seen
    assert b"good" in seen


def test_a_wrong_configuration_is_the_first_thing_told(studio: studios.Studio) -> None:
    """With the complaint as `run` words it."""
    studio.config.write_text("[[watch]\n")

    told = run(studio, "doctor")

    assert told.returncode == 1
    assert told.stdout.startswith("broken\tconfiguration\t")
