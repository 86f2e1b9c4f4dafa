"""The page's life beside the daemon's: begun only where wanted, never in anybody's way."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import studios
from telling.conftest import telling
from visiting import visiting

from seedance_watch.app import outlets
from seedance_watch.app.doctor.check import Grade
from seedance_watch.app.doctor.page import page
from seedance_watch.config.entry import page_token, servable
from seedance_watch.config.load import load
from seedance_watch.core.errors import ConfigError
from seedance_watch.disk.shelf import Shelf

TOKEN = "correct-horse-battery"


@pytest.fixture
def quiet(tmp_path: Path) -> studios.Studio:
    """A studio whose daemon does not run."""
    return studios.lay_out(tmp_path / "quiet", "http://127.0.0.1:9")


async def test_a_taken_port_stops_nothing(
    studio: studios.Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said, videos are made all the same, and it is tried again."""
    monkeypatch.setattr(outlets, "_AGAIN_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        studio.configure(more=f"[web]\nlisten = '{server.getsockname()[1]}'")
        async with telling(studio) as running:
            studio.drop('prompt = "p"\n')
            await running.until(lambda: studio.seen("done"))
            line = running.said("outlet.failed")[0]
            assert (line["outlet"], "in use" in line["reason"]) == ("page", True)
            server.close()
            await running.until(lambda: running.said("page.served"))


def test_who_wants_none_pays_nothing(tmp_path: Path) -> None:
    """Neither the server nor the templates are loaded."""
    words = (
        "import sys, seedance_watch.app.service, seedance_watch.cli.foreground\n"
        "bad = [m for m in sys.modules if m.startswith(('uvicorn', 'jinja2', 'starlette'))\n"
        "       or m.startswith(('seedance_watch.faces.page', 'seedance_watch.app.page'))]\n"
        "print(bad)"
    )
    found = subprocess.run(
        [sys.executable, "-c", words],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert found.stdout == "[]\n"


@pytest.mark.parametrize(
    "web", ["listen = '0.0.0.0:8470'", "listen = '8470'\nhosts = ['studio.example']"]
)
def test_no_door_stands_open(quiet: studios.Studio, web: str) -> None:
    """Where others can reach it there must be a token: `check` and `run` say what to do."""
    quiet.configure(more=f"[web]\n{web}")
    config = load(quiet.config)
    with pytest.raises(ConfigError) as refused:
        servable(config, environ={})
    said = str(refused.value)
    assert "web.listen" in said
    assert "openssl rand -hex 24" in said
    with pytest.raises(ConfigError, match="the token has 5 characters"):
        servable(config, environ={"SEEDANCE_WATCH_PAGE_TOKEN": "short"})
    servable(config, environ={"SEEDANCE_WATCH_PAGE_TOKEN": TOKEN})


def test_who_starts_it_is_told(quiet: studios.Studio) -> None:
    """By `check` as by `run`, with everything that there is to do."""
    quiet.configure(more="[web]\nlisten = '0.0.0.0:8470'")
    for command in ("run", "check"):
        told = subprocess.run(
            [sys.executable, "-m", "seedance_watch", command, "--config", str(quiet.config)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert (told.returncode, "there is no usable one" in told.stderr) == (78, True)


async def test_doctor_looks_at_it(quiet: studios.Studio) -> None:
    """Where one is wanted: whether it can be served, and whether it is."""
    assert await page(load(quiet.config)) == []
    quiet.configure(more="[web]\nlisten = '8470'")
    [told] = await page(load(quiet.config))
    assert (told.grade, "when the daemon runs" in told.said) == (Grade.NOTE, True)
    quiet.configure(more="hosts = ['studio.example']")
    [told] = await page(load(quiet.config))
    assert (told.grade, "openssl" in told.cure) == (Grade.BROKEN, True)


def test_where_the_token_may_be(quiet: studios.Studio, tmp_path: Path) -> None:
    """A file, a credential, a variable; one that is meant to be there must be."""
    quiet.configure(more="[web]\nlisten = '8470'")
    assert page_token(load(quiet.config), environ={}) == ""
    assert page_token(load(quiet.config), environ={"SEEDANCE_WATCH_PAGE_TOKEN": TOKEN}) == TOKEN
    (tmp_path / "SEEDANCE_WATCH_PAGE_TOKEN").write_text(TOKEN)
    credentials = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert page_token(load(quiet.config), environ=credentials) == TOKEN
    quiet.config.write_text(f"{quiet.config.read_text()}token_file = 'page.token'\n")
    with pytest.raises(ConfigError, match="there is no usable one"):
        page_token(load(quiet.config), environ={})
    (quiet.folder / "page.token").write_text(TOKEN)
    assert page_token(load(quiet.config), environ={}) == TOKEN


def test_what_is_missing_is_named(quiet: studios.Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything starts, with the command that installs it."""
    quiet.configure(more="[web]\nlisten = '8470'")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(ConfigError, match=r"pip install 'seedance-watch\[web\]'"):
        servable(load(quiet.config), environ={})


async def test_a_restart_logs_nobody_out(studio: studios.Studio) -> None:
    """What signs cookies is kept, for the daemon's user alone."""
    async with visiting(studio) as visit:
        await visit.come()
        token, cookies = visit.token, visit.client.cookies
    async with visiting(studio) as visit:
        visit.client.cookies = cookies
        await visit.come()
        assert visit.token == token
    assert (studio.folder / "state/page").stat().st_mode & 0o077 == 0


def test_posters_take_no_more_room_than_they_may(tmp_path: Path) -> None:
    """What was not looked at for longest goes first; it is made again when it is asked for."""
    shelf = Shelf(tmp_path / "stills", 1000)
    for number in range(12):
        path = shelf.make(f"{number}.jpg", lambda part: part.write_bytes(b"x" * 100))
        os.utime(path, (number, number))
        shelf.find("0.jpg")
    kept = {path.name for path in (tmp_path / "stills").iterdir()}
    assert "0.jpg" in kept
    assert "11.jpg" in kept
    assert "1.jpg" not in kept
    assert len(kept) <= 10
    assert shelf.find("1.jpg") is None
