"""The commands as a person types them."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import studios

from seedance_watch.cli.parser import app
from seedance_watch.config.load import load
from seedance_watch.media import videos
from seedance_watch.sandbox.server import running


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what `init` makes out of the user's own state folder."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own."""
    command = [sys.executable, "-m", "seedance_watch", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, cwd=cwd
    )


COMMANDS = [
    *("demo", "init", "run", "check", "status", "sandbox", "schema"),
    *("hold", "release", "cancel", "adopt", "resubmit", "balance"),
]


def test_help_names_every_command_and_the_exit_codes() -> None:
    """--help is enough to begin with."""
    found = run("--help")

    assert found.returncode == 0
    for name in COMMANDS:
        assert name in found.stdout
    assert "78" in found.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_its_parameters(name: str) -> None:
    """Each command has its own help, with a sentence for each parameter."""
    found = run(name, "--help")

    assert found.returncode == 0
    assert len(found.stdout.splitlines()) > 5


def test_a_mistyped_command_line_is_exit_64() -> None:
    """Usage errors have their own code and name what is wrong."""
    found = run("run", "--frobnicate")

    assert found.returncode == 64
    assert "frobnicate" in found.stdout + found.stderr


def test_no_configuration_is_exit_78_and_says_where_it_looked(tmp_path: Path) -> None:
    """A new user is told to run init."""
    found = run("run", cwd=tmp_path)

    assert found.returncode == 78
    assert "seedance-watch init" in found.stderr


def test_init_writes_a_configuration_that_check_accepts(tmp_path: Path) -> None:
    """init, then check: good; init again: refused, nothing changed."""
    made = run("init", "studio", cwd=tmp_path)
    config = tmp_path / "studio" / "seedance-watch.toml"
    checked = run("check", "--config", str(config))
    again = run("init", "studio", cwd=tmp_path)

    assert (made.returncode, checked.returncode, again.returncode) == (0, 0, 73)
    assert (tmp_path / "studio" / "inbox").is_dir()
    assert "RIVYA_API_KEY" in checked.stderr  # no key yet, and it says where to put it


def test_studios_of_one_name_have_journals_of_their_own(tmp_path: Path) -> None:
    """Else the one would finish the other's jobs; also before either has run."""
    configs = []
    for above in ("here", "there"):
        (tmp_path / above).mkdir()
        assert run("init", "studio", cwd=tmp_path / above).returncode == 0
        configs.append(load(tmp_path / above / "studio" / "seedance-watch.toml"))

    first, second = (each.state_dir for each in configs)
    assert (first.name, second.name) == ("studio", "studio-2")
    assert first.parent == second.parent == tmp_path / "state" / "seedance-watch"


def test_check_shows_what_is_set_and_warns_of_what_will_be_missed(tmp_path: Path) -> None:
    """Not a hundred defaults, unless they are asked for; a program that is not there is named."""
    studio = studios.lay_out(tmp_path / "studio", "http://127.0.0.1:9")
    studio.configure(
        watch='hooks.on_done = ["/no/such/program"]\nhooks.on_held = ["true"]',
        more='[[webhook]]\nurl = "https://example.com"',
    )

    found = run("check", "--config", str(studio.config))
    every = run("check", "--all", "--config", str(studio.config))

    assert found.returncode == every.returncode == 0
    assert f'"{studio.inbox}" -> rivya -> "{studio.outbox}"' in found.stdout
    assert "(default)" not in found.stdout
    assert "(seedance-watch.toml:" in found.stdout
    assert every.stdout.count("(default)") > 50
    [*_, hook, secret] = [line for line in found.stderr.splitlines() if line.startswith("warning")]
    assert 'watch[1].hooks.on_done: "/no/such/program" is not there' in hook
    assert "webhook[1].secret_env: no key" in secret


def test_check_shows_the_request_and_its_cost(tmp_path: Path) -> None:
    """Each effective value with its origin, and what all takes cost together."""
    studio = studios.lay_out(tmp_path / "studio", "http://127.0.0.1:9")
    studio.drop('prompt = "waves"\ntakes = 2\n')
    found = run("check", "--config", str(studio.config), str(studio.inbox / "shot.toml"))

    assert found.returncode == 0
    assert "16 credits each, 32 credits together" in found.stdout
    assert "duration = 5" in found.stdout


def test_check_complains_with_file_line_and_key(tmp_path: Path) -> None:
    """A wrong sidecar is exit 65; every complaint at once."""
    studio = studios.lay_out(tmp_path / "studio", "http://127.0.0.1:9")
    studio.drop('prompt = "waves"\nduration = 7\nresolutoin = "720p"\n')
    found = run("check", "--config", str(studio.config), str(studio.inbox / "shot.toml"))

    assert found.returncode == 65
    assert "shot.toml:2: duration" in found.stderr
    assert "did you mean resolution?" in found.stderr


def test_a_port_in_use_is_told_with_the_way_out() -> None:
    """A second sandbox beside the first is an ordinary thing to try."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = run("sandbox", "--port", str(port))

    assert found.returncode == 73
    assert found.stderr == (
        f"seedance-watch sandbox: port {port} is in use; --port 0 takes a free one\n"
    )


@pytest.mark.parametrize("kind", ["config", "sidecar"])
def test_schema_is_a_json_schema(kind: str) -> None:
    """Editors can use what is printed."""
    found = run("schema", kind)

    jsonschema.Draft7Validator.check_schema(json.loads(found.stdout))


def test_a_single_run_tells_of_what_it_left(tmp_path: Path) -> None:
    """An image that waits for its sidecar is neither done nor silently passed over."""
    studio = studios.lay_out(tmp_path / "studio", "http://127.0.0.1:9")
    studio.drop('prompt = "waves"\n')
    (studio.inbox / "shot.toml").unlink()
    found = run("run", "--once", "--config", str(studio.config))

    assert found.returncode == 1
    [line] = [line for line in found.stderr.splitlines() if "inbox.waiting" in line]
    assert json.loads(line)["missing"] == "its sidecar shot.toml or shot.png.toml"


@pytest.mark.parametrize("away", ["inbox", "outbox"])
def test_a_single_run_without_a_folder_is_exit_75(tmp_path: Path, away: str) -> None:
    """It names the folder and ends, whatever waits; when the folder is back it goes on."""
    studio = studios.lay_out(tmp_path / "studio", "http://127.0.0.1:9")
    assert run("run", "--once", "--config", str(studio.config)).returncode == 0
    studio.drop('prompt = "waves"\n')
    getattr(studio, away).rename(tmp_path / "away")

    found = run("run", "--once", "--config", str(studio.config))

    assert found.returncode == 75
    [line] = [line for line in found.stderr.splitlines() if "cannot be worked in" in line]
    assert f"the {away} ({getattr(studio, away)}): the folder is not there" in line


def test_a_single_run_names_what_waits_for_a_person(tmp_path: Path) -> None:
    """Nothing can be done without a key: it ends, and says where one belongs."""
    studio = studios.lay_out(tmp_path / "studio", "http://127.0.0.1:9")
    (studio.folder / "rivya.key").unlink()
    studio.drop('prompt = "waves"\n')

    found = run("run", "--once", "--config", str(studio.config))

    assert found.returncode == 1, found.stderr
    [last] = [line for line in found.stderr.splitlines() if line.startswith("seedance-watch: ")]
    assert last.startswith("seedance-watch: shot-")
    assert "no key" in last


async def test_status_tells_what_was_done_and_why_not(tmp_path: Path, anyio_backend: str) -> None:
    """Counts and one line per job in a pipe, one object with everything as JSON."""
    async with running(studios.KNOBS, time_factor=0) as sandbox:
        studio = studios.lay_out(tmp_path / "studio", sandbox.url)
        studio.drop('prompt = "waves"\n', name="good")
        studio.drop('promt = "waves"\n', name="bad")
        await studios.once(studio)
    plain = run("status", "--config", str(studio.config))
    found = json.loads(run("status", "--json", "--config", str(studio.config)).stdout)

    assert plain.stdout.startswith("jobs: 1 done, 1 failed\ndaemon: none runs")
    assert found["counts"] == {"done": 1, "failed": 1}
    assert "good\tdone\trivya\t16 credits" in plain.stdout
    assert {row["label"]: row["state"] for row in found["ended"]} == {
        "good": "done",
        "bad": "failed",
    }
    assert "prompt" in next(row["reason"] for row in found["ended"] if row["label"] == "bad")


def test_the_demo_makes_videos_and_explains_the_mistake(tmp_path: Path) -> None:
    """Everything once: plain, end frame, takes, other provider, and one mistake."""
    found = run("demo", "studio", cwd=tmp_path)
    outbox = tmp_path / "studio" / "outbox"

    assert found.returncode == 0, found.stdout + found.stderr
    for name in ("shot01", "shot02", "shot03", "shot03_take2", "shot04"):
        videos.verify(outbox / f"{name}.mp4", max_bytes=10**9)
        assert (outbox / f"{name}.toml").is_file()
    assert "did you mean duration?" in (tmp_path / "studio/failed/shot05.failed.txt").read_text()
    assert "did you mean duration?" in found.stdout
    assert run("demo", "studio", cwd=tmp_path).returncode == 73


def test_the_program_is_one_app() -> None:
    """The commands' list is what the documents explain."""
    told = (Path(__file__).parents[2] / "docs/COMMANDS.md").read_text()

    for name in app:
        assert name.startswith("-") or f"\n### {name}\n" in told
