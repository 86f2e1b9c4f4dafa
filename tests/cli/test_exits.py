"""How a command ends, and what it loads for that."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from seedance_watch.cli.exits import Exit, told
from seedance_watch.core.errors import ConfigError, JournalError, SpoolError


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError(()), Exit.CONFIG),
        (SpoolError("in use"), Exit.TRY_AGAIN),
        (ExceptionGroup("tasks", [JournalError("full")]), Exit.TRY_AGAIN),
        (PermissionError("no"), Exit.NO_PERMISSION),
        (KeyboardInterrupt(), Exit.STOPPED),
        (SystemExit(7), 7),
    ],
)
def test_an_expected_error_has_its_code(error: BaseException, code: int) -> None:
    """Alone or out of a task group, an error of ours or of the system ends with its code."""
    with pytest.raises(SystemExit) as ended, told():
        raise error
    assert ended.value.code == code


def test_a_bug_shows_its_trace() -> None:
    """What nobody expected is raised as it is."""
    with pytest.raises(ZeroDivisionError), told():
        raise ZeroDivisionError


def test_a_reader_who_has_seen_enough_is_told_nothing() -> None:
    """`seedance-watch schema config | head -1` ends without a word."""
    code = "from seedance_watch.cli.main import main; main(['schema', 'config'])"
    said, told_to = os.pipe()
    os.close(said)
    with os.fdopen(told_to, "wb") as closed:
        done = subprocess.run(
            [sys.executable, "-c", code], check=False, stdout=closed, stderr=subprocess.PIPE
        )

    assert (done.returncode, done.stderr) == (Exit.SOME_FAILED, b"")


def test_help_loads_next_to_nothing() -> None:
    """The list of commands waits for none of their modules."""
    code = (
        "import sys; from seedance_watch.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: print('loaded', [each for each in sys.modules if each.startswith("
        "('seedance_watch.core.', 'pydantic', 'cyclopts', 'rich', 'asyncio'))])"
    )
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "loaded ['seedance_watch.core.words']" in out.stdout


def test_the_daemon_keeps_nothing_that_only_terminals_need() -> None:
    """No tables, no lexers, nobody else's command line; HTTP comes with the first call."""
    code = (
        "import sys; from seedance_watch.cli.main import main\n"
        "try: main(['run', '--config', '/nowhere'])\n"
        "except SystemExit: print('loaded', 'seedance_watch.cli.foreground' in sys.modules, [each "
        "for each in sys.modules if each.split('.')[0] in ('rich', 'pygments', 'click', 'PIL', "
        "'av', 'cyclopts', 'httpcore')])"
    )
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert "loaded True []" in out.stdout


def test_a_look_loads_only_what_it_needs() -> None:
    """No parser, no loop, no engine and none of its ports: people and monitors look often."""
    code = (
        "import sys; from seedance_watch.cli.main import main\n"
        "try: main(['status', '--config', '/nowhere'])\n"
        "except SystemExit: print('loaded', 'seedance_watch.cli.standing' in sys.modules, [each "
        "for each in sys.modules if each.startswith(('cyclopts', 'asyncio', 'rich', "
        "'seedance_watch.ports.', 'seedance_watch.engine.', 'structlog'))])"
    )
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "loaded True ['seedance_watch.engine.clock']" in out.stdout


def test_what_is_loaded_is_never_searched_for_garbage() -> None:
    """A daemon would go through all of it again and again; what it makes later is searched."""
    code = (
        "import gc, sys; from seedance_watch.cli.main import main\n"
        "try: main(['run', '--config', '/nowhere'])\n"
        "except SystemExit: print('frozen', gc.get_freeze_count() > 10_000, gc.isenabled())"
    )
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "frozen True True" in out.stdout


def typed(*words: str, cwd: Path | None = None) -> tuple[int, str]:
    """Give the exit code of a command and what it says is wrong."""
    command = [sys.executable, "-m", "seedance_watch", *words]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=cwd)
    assert not done.stdout
    return done.returncode, done.stderr


@pytest.mark.parametrize("name", ["run", "status"])
def test_without_the_parser_a_command_is_the_same(tmp_path: Path, name: str) -> None:
    """It is left out where nothing but the configuration is named."""
    config = tmp_path / "seedance-watch.toml"
    config.write_text("wrong = 1")
    parsed = typed(name, f"--config={config}")
    assert parsed[0] == Exit.CONFIG
    assert "seedance-watch.toml:1: wrong" in parsed[1]
    assert typed(name, "--config", str(config)) == typed(name, "-c", str(config)) == parsed
    assert typed(name, cwd=tmp_path) == parsed


@pytest.mark.parametrize("words", [["-c", "--which"], ["more"]])
def test_what_is_typed_wrong_is_for_the_parser(words: list[str]) -> None:
    """It knows what to say."""
    assert typed("status", *words)[0] == Exit.USAGE
