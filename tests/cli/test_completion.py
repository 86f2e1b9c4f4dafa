"""`completion`: what the printed script does in a real shell."""

import shutil
import subprocess
import sys

import pytest

ASK = """
set -u
source /dev/stdin <<< "$SCRIPT"
COMP_WORDS=(seedance-watch {words}); COMP_CWORD={at}; COMPREPLY=()
complete -p seedance-watch > /dev/null
_seedance_watch
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def script(shell: str) -> str:
    command = [sys.executable, "-m", "seedance_watch", "completion", shell]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def completed(*words: str) -> set[str]:
    """Ask bash what it offers for the last word."""
    text = ASK.format(words=" ".join(f"'{word}'" for word in words), at=len(words))
    done = subprocess.run(
        ["bash", "--norc", "-c", text],
        env={"SCRIPT": script("bash"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return set(done.stdout.split())


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash here")
def test_bash_completes_commands_and_options() -> None:
    """The script defines what bash calls, and it knows the commands of this version."""
    assert completed("ret") == {"retry"}
    assert completed("res") == {"resubmit", "resume"}
    assert completed("retry", "--all") == {"--all-failed"}


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_can_read_their_script(shell: str) -> None:
    """Every command is in it; where the shell is there it finds no mistake."""
    text = script(shell)

    assert "resubmit" in text
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=text, text=True, timeout=60, check=True)


def test_another_shell_is_an_error() -> None:
    """With the code for a wrong command line."""
    command = [sys.executable, "-m", "seedance_watch", "completion", "tcsh"]

    assert subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 64
