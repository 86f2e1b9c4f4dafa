"""Folders that several users share: this program's user, and those who drop files over SMB.

The daemon runs in a process of its own as a user without any rights but its own. Where that user
cannot reach the interpreter it may read everything; what it may write is up to the folders.
"""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import studios

from seedance_watch.disk import access, files
from seedance_watch.sandbox.server import threaded

OURS, ANNA, GROUP = 64_001, 64_002, 64_000
_ROOT = Path(__file__).parents[2]
_READS = ("--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search")
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")


def as_user(user: int, *argv: str, more: tuple[str, ...] = ()) -> list[str]:
    """Give the command that runs another one as a user of the group, umask 002."""
    who = ["setpriv", f"--reuid={user}", f"--regid={GROUP}", "--clear-groups", *more]
    return [*who, "sh", "-c", 'umask 002; exec "$@"', "sh", *argv]


@pytest.fixture
def shared() -> Iterator[studios.Studio]:
    """A studio whose folders belong to a group, as those of a share do, where all users get to."""
    if shutil.which("setpriv") is None:
        pytest.skip("no setpriv here")
    with tempfile.TemporaryDirectory() as home, threaded(studios.KNOBS, time_factor=0) as sandbox:
        Path(home).chmod(0o755)
        yield of_a_group(studios.lay_out(Path(home) / "studio", sandbox.url))


def of_a_group(studio: studios.Studio) -> studios.Studio:
    """Give a studio's folders to the group, and its state directory to this program's user."""
    studio.configure(watch="quiet_s = 0.2")
    for name in ("inbox", "outbox", "done", "failed", "held"):
        (studio.folder / name).mkdir(exist_ok=True)
        given(studio.folder / name, 0, 0o2775)
    (studio.folder / "state").mkdir(mode=0o700)
    os.chown(studio.folder / "state", OURS, GROUP)
    return studio


def given(path: Path, user: int, mode: int) -> None:
    os.chown(path, user, GROUP)
    path.chmod(mode)


def dropped(studio: studios.Studio, name: str, *, folder_mode: int = 0o2775) -> None:
    """Drop a pair as Anna does, into a folder that she made, files readable for her group."""
    studio.drop(f'prompt = "waves of {name}"\n', name=name)
    pair = [path for path in (studio.inbox / name).parent.iterdir() if path.is_file()]
    for path in pair:
        given(path, ANNA, 0o640)
    if "/" in name:
        given((studio.inbox / name).parent, ANNA, folder_mode)


@contextmanager
def running(studio: studios.Studio) -> Iterator[Callable[[], str]]:
    """Run the daemon as its own user for the length of the block; give what it says."""
    log = studio.folder / "daemon.log"
    argv = as_user(
        OURS, sys.executable, "-m", "seedance_watch", "run", "-c", str(studio.config), more=_READS
    )
    with log.open("wb") as file:
        child = subprocess.Popen(
            argv, cwd=studio.folder, env=os.environ | {"PYTHONPATH": str(_ROOT)}, stderr=file
        )
    try:
        yield log.read_text
    finally:
        child.terminate()
        child.wait(30)


def until(fact: Callable[[], object], said: Callable[[], str]) -> None:
    end_s = time.monotonic() + 90
    while not fact():
        assert time.monotonic() < end_s, said()[-4000:]
        time.sleep(0.05)


def test_files_of_other_users_become_videos_that_they_may_change(shared: studios.Studio) -> None:
    """Claimed and archived as they are; whoever shares the group may edit and remove what came."""
    dropped(shared, "shot")
    dropped(shared, "scene 1/shot")
    with running(shared) as said:
        until(lambda: len(shared.seen("done")) == 4, said)
    for name in shared.seen("done"):
        found = (shared.done / name).stat()
        assert (found.st_uid, stat.S_IMODE(found.st_mode)) == (ANNA, 0o640), name
    assert "scene 1/shot.mp4" in shared.seen("outbox")
    for kind in ("outbox", "done"):
        for name in shared.seen(kind):
            path = shared.folder / kind / name
            assert path.stat().st_gid == path.parent.stat().st_gid == GROUP
            script = 'test -r "$1" && echo >> "$1" && rm "$1"'
            argv = as_user(ANNA, "sh", "-c", script, "sh", path.name)
            subprocess.run(argv, cwd=path.parent, check=True)
    assert shared.seen("outbox") == shared.seen("done") == []


def test_what_failed_can_be_corrected_and_dropped_again_by_its_owner(
    shared: studios.Studio,
) -> None:
    """The sidecar in failed/ is still Anna's: she mends it and moves both files back."""
    dropped(shared, "shot")
    (shared.inbox / "shot.toml").write_text("prompt = 5\n")
    script = "echo 'prompt = \"rain\"' > shot.toml && mv shot.toml shot.png ../inbox/"
    with running(shared) as said:
        until(lambda: "shot.failed.txt" in shared.seen("failed"), said)
        until(lambda: len(shared.seen("failed")) == 3, said)
        subprocess.run(as_user(ANNA, "sh", "-c", script), cwd=shared.failed, check=True)
        until(lambda: "shot.mp4" in shared.seen("outbox"), said)
        until(lambda: shared.seen("done") == ["shot.png", "shot.toml"], said)


def test_a_folder_that_nothing_may_be_taken_from_is_named_with_its_owner(
    shared: studios.Studio,
) -> None:
    """Nothing is claimed in vain; when the folder is opened up it goes on by itself."""
    dropped(shared, "scene 1/shot", folder_mode=0o2755)
    with running(shared) as said:
        until(lambda: "inbox.unreadable" in said(), said)
        line = next(line for line in said().splitlines() if "inbox.unreadable" in line)
        for part in ("scene 1", f"user {ANNA}", f"user {OURS}", "drwxr-sr-x"):
            assert part in line, line
        time.sleep(1.0)
        assert "job.admitted" not in said()
        assert said().count("inbox.unreadable") == 1, "said once"
        (shared.inbox / "scene 1").chmod(0o2775)
        until(lambda: shared.seen("done") == ["scene 1/shot.png", "scene 1/shot.toml"], said)


def test_a_copy_belongs_to_whom_the_source_belongs(tmp_path: Path) -> None:
    """Where a move is a copy, between mounts, the owner can still edit what came back."""
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_text("mine")
    given(source, ANNA, 0o600)
    files.copy(source, target)
    found = target.stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (ANNA, GROUP, 0o600)


def test_a_refusal_names_the_owner_and_the_cure(tmp_path: Path) -> None:
    """By name and number, also when nobody knows a name; other errors stay as they are."""
    path = tmp_path / "secret.toml"
    path.write_text("x")
    given(path, ANNA, 0o600)
    refused = PermissionError(13, "Permission denied")
    assert access.said(refused, path) == (
        f"Permission denied: it belongs to user {ANNA} and group {GROUP} with the rights "
        "-rw-------, and this program runs as user root (0)"
    )
    assert access.said(OSError(5, "Input/output error"), path) == "Input/output error"
    with pytest.raises(access.NotAllowed) as found, access.taking_from(tmp_path):
        raise PermissionError(1, "Operation not permitted")
    assert f"chmod g+rwx {str(tmp_path)!r}" in found.value.cure
