"""The container's files name what there is: variables, commands, and times that suffice."""

import re
import subprocess
import sys
from pathlib import Path

import studios
from serving import daemon

from seedance_watch.app.providers import rivya
from seedance_watch.cli import main
from seedance_watch.config.keys import source_of
from seedance_watch.config.load import VARIABLE, load

FOLDER = Path(__file__).parents[2] / "docs/examples/docker"


def environment() -> dict[str, str]:
    """Give what the image sets."""
    text = (FOLDER / "Dockerfile").read_text()
    return dict(re.findall(r"^(?:ENV| {3}) *([A-Z_]+)=(\S+)", text, re.MULTILINE))


def test_the_image_finds_everything(tmp_path: Path) -> None:
    """The configuration, the state directory and the keys, by its variables alone."""
    found = environment()
    config = load(FOLDER / "config.toml", environ=found)
    assert found[VARIABLE] == "/config/config.toml"
    assert config.state_dir == Path("/state")
    [watch] = config.watches
    assert all(path.parent == Path("/studio") for path in watch.folders.values())
    key = tmp_path / config.rivya.api_key_env
    key.write_text("key")
    places = source_of(config.rivya).places(found | {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert ("the service manager's credential", key) in places
    assert f"secrets/{key.name}" in (FOLDER / "compose.yaml").read_text()


def test_the_image_runs_commands_that_there_are() -> None:
    """And as somebody who is not root."""
    text = (FOLDER / "Dockerfile").read_text()
    commands = set(
        re.findall(r'^(?:CMD| +CMD) \["(?:seedance-watch", ")?(\w+)"\]', text, re.MULTILINE)
    )
    assert commands == {"run", "health"}
    assert commands <= {name for name, *_ in main.COMMANDS}
    assert re.search(r"^USER (?!root|0)\w+", text, re.MULTILINE)


def test_a_stop_waits_for_a_paid_call() -> None:
    """Docker's own ten seconds would leave a doubt behind."""
    [minutes] = re.findall(r"stop_grace_period: (\d+)m", (FOLDER / "compose.yaml").read_text())
    assert int(minutes) * 60 >= rivya(load(FOLDER / "config.toml")).paid_s + 60


def test_health_is_an_exit_code(studio: studios.Studio) -> None:
    """0 beside a daemon whose loops go round, 1 without one."""
    with daemon(studio) as running:
        well = running.run("health")
        assert (well.returncode, well.stdout) == (0, "well\n")
    words = [sys.executable, "-m", "seedance_watch", "health", "--config", str(studio.config)]
    told = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert (told.returncode, told.stdout) == (1, "")
    assert "no daemon runs" in told.stderr
