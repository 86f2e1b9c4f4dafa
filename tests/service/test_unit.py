"""The printed unit: systemd itself reads it, and it says what the configuration needs."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import studios

from seedance_watch.app.unit import Unit
from seedance_watch.config.load import load

_ANALYZE = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(_ANALYZE is None, reason="systemd-analyze is not installed")
PROGRAM = Path(sys.prefix) / "bin" / "seedance-watch"


@pytest.fixture
def odd(tmp_path: Path) -> studios.Studio:
    """A studio in a folder whose name has everything that means something in a unit."""
    return studios.lay_out(tmp_path / 'a "b" 100% $HOME \\n', "http://127.0.0.1:9")


def unit(studio: studios.Studio, account: str = "video:studio") -> Unit:
    return Unit(load(studio.config), PROGRAM, account=account)


def analyze(*words: str, home: Path) -> str:
    """Let systemd look at units; give what it says."""
    home.mkdir(exist_ok=True)
    environ = os.environ | {"XDG_RUNTIME_DIR": str(home), "HOME": str(home)}
    told = subprocess.run(
        [str(_ANALYZE), *words],
        capture_output=True,
        text=True,
        timeout=60,
        env=environ,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    return told.stdout + told.stderr


@needs_systemd
@pytest.mark.parametrize("account", ["video:studio", ""], ids=["system", "user"])
def test_systemd_has_no_complaint(studio: studios.Studio, tmp_path: Path, account: str) -> None:
    """About the system's unit, or a user's own."""
    program = tmp_path / "seedance-watch"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    file = tmp_path / "seedance-watch.service"
    file.write_text(Unit(load(studio.config), program, account=account).text())
    manager = "--system" if account else "--user"

    told = analyze(manager, "verify", str(file), home=tmp_path / "home")
    assert "seedance-watch" not in told


@needs_systemd
def test_the_sandbox_is_as_strict_as_the_docs_say(studio: studios.Studio, tmp_path: Path) -> None:
    """docs/SERVICE.md shows systemd's own figure."""
    file = tmp_path / "seedance-watch.service"
    file.write_text(unit(studio).text())
    told = analyze("security", "--offline=true", "--no-pager", str(file), home=tmp_path / "home")
    found = re.search(r"exposure level for \S+: (\S+)", told)
    docs = (Path(__file__).parents[2] / "docs/SERVICE.md").read_text()
    said = re.search(r"exposure level .*?\*\*(\S+)\*\*", docs)
    assert found
    assert said
    assert float(found[1]) <= float(said[1]) + 0.3  # newer versions look at more


def test_only_the_folders_can_be_written(studio: studios.Studio) -> None:
    """All five, and the state directory where systemd does not make one."""
    text = unit(studio).text()
    found = re.findall(r"^ReadWritePaths=-(.*)$", text, re.MULTILINE)
    names = ("inbox", "outbox", "done", "failed", "held", "state")
    assert found == [str(studio.folder / name) for name in names]
    assert "ProtectSystem=strict" in text

    studio.config.write_text(studio.config.read_text().replace('"state"', '"/var/lib/sw"'))
    text = unit(studio).text()
    assert "StateDirectory=sw\n" in text
    assert "state" not in "".join(re.findall(r"^ReadWritePaths=(.*)$", text, re.MULTILINE))


def test_a_stop_waits_for_the_longest_paid_call(studio: studios.Studio) -> None:
    """Segmind's version 1 is one call of ten minutes."""
    assert "TimeoutStopSec=180\n" in unit(studio).text()
    text = studio.config.read_text().replace('api = "v2"', 'api = "v1"')
    studio.config.write_text(text)
    assert "TimeoutStopSec=660\n" in unit(studio).text()


def test_keys_are_handed_over_as_credentials(studio: studios.Studio) -> None:
    """From the key's file, or where the unit's printer says that it belongs; used ones only."""
    studio.configure(more="[web]\nlisten = '8470'")
    assert "PAGE_TOKEN" not in unit(studio).text()
    studio.configure(more="hosts = ['studio.example']\ntoken_file = 'page.token'")
    token = f"{studio.folder}/page.token"
    assert f"LoadCredential=SEEDANCE_WATCH_PAGE_TOKEN:{token}\n" in unit(studio).text()
    assert f"LoadCredential=RIVYA_API_KEY:{studio.folder}/rivya.key\n" in unit(studio).text()
    assert "SEGMIND" not in unit(studio).text()

    studio.configure(watch='route = ["rivya", "segmind"]')
    text = studio.config.read_text().replace('api_key_file = "segmind.key"', "")
    studio.config.write_text(text)
    file = "/etc/seedance-watch/SEGMIND_API_KEY"
    assert f"LoadCredential=SEGMIND_API_KEY:{file}\n" in unit(studio).text()
    assert any(file in remark for remark in unit(studio).remarks())


def test_what_tells_others_is_let_out(studio: studios.Studio) -> None:
    """Secrets of channels are credentials too, and the file of figures may be written."""
    more = '[metrics]\ntextfile = "figures/seedance.prom"\n[[notify]]\nurl_env = "CHAT"\n'
    studio.configure(more=more)
    text = unit(studio).text()
    assert "LoadCredential=CHAT:/etc/seedance-watch/CHAT\n" in text
    assert f"ReadWritePaths=-{studio.folder}/figures\n" in text


def test_what_is_missing_is_named(studio: studios.Studio) -> None:
    """A folder that is not there cannot be opened in the sandbox later."""
    told = "\n".join(unit(studio).remarks())
    assert str(studio.folder / "outbox") in told
    assert str(studio.folder / "inbox") not in told
    assert "video must be able to write" in told


def test_every_name_survives(odd: studios.Studio) -> None:
    """Quotes, spaces, per cent, dollar and backslash mean themselves."""
    text = unit(odd).text()
    folder = str(odd.folder).replace("%", "%%").replace("\\", "\\\\").replace('"', '\\"')
    assert f'ReadWritePaths=-"{folder}/inbox"' in text
    assert f'run --config "{folder.replace("$", "$$")}/seedance-watch.toml"' in text


def test_the_command_prints_it(studio: studios.Studio) -> None:
    """The unit alone on standard output; where it belongs is said beside it."""
    words = [sys.executable, "-m", "seedance_watch", "systemd", "--config", str(studio.config)]
    told = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    assert told.stdout.startswith("# seedance-watch: made for ")
    assert "/etc/systemd/system/seedance-watch.service" in told.stderr
    told = subprocess.run(
        [*words, "--user"], capture_output=True, text=True, timeout=60, check=True
    )
    assert "User=" not in told.stdout
    assert "ProtectSystem" not in told.stdout
    assert "systemctl --user enable --now seedance-watch" in told.stderr
