"""Commands for jobs: what they are told, and that nothing they do holds up or loses a job."""

import asyncio
import json
import re
import shutil
import sys
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import drive
import pytest
import studios
from structlog.testing import capture_logs
from telling.conftest import telling

from seedance_watch.app import outlets
from seedance_watch.core.news import Kind, News
from seedance_watch.faces.backlog import Backlog
from seedance_watch.faces.hooks import AT_ONCE, Command, Hooks, told

DOC = Path(__file__).parents[2] / "docs" / "NOTIFY.md"
DUMP = "import json, os, sys; json.dump(dict(os.environ), open(sys.argv[1], 'w'))"


def script(folder: Path, text: str, name: str = "hook.py") -> str:
    """Write a program; give its path."""
    path = folder / name
    path.write_text(f"#!{sys.executable}\n{text}\n")
    path.chmod(0o755)
    return str(path)


def about(number: int = 1, **more: object) -> News:
    facts = {"kind": Kind.DONE, "at": 1.0, "id": f"j.{number}", "watch": "w", "job": f"j{number}"}
    return News(**{"video": "a.mp4", **facts, **more})  # type: ignore[arg-type]


@asynccontextmanager
async def hooks(*words: str, timeout_s: float = 20.0) -> AsyncIterator[Hooks]:
    """Hooks that run until the block has ended and nothing is left."""
    stop = asyncio.Event()
    found = Hooks({("w", Kind.DONE): Command(words, timeout_s, Path("/out"))})
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(found.run(stop))
        yield found
        stop.set()


def gone(pid: int) -> bool:
    """Whether a process ends; a zombie that nobody asks about has."""
    until_s = time.monotonic() + 60
    while time.monotonic() < until_s:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except FileNotFoundError:
            return True
        if stat.rpartition(")")[2].split()[0] in "ZX":
            return True
        time.sleep(0.05)
    return False


async def test_a_command_is_told_what_happened(
    studio: studios.Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In its environment, and there is no key in it, nor anything that a name could run."""
    monkeypatch.setenv("RIVYA_API_KEY", "rvya_sk_secret")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/x")
    seen = studio.folder / "seen.json"
    program = script(studio.folder, DUMP)
    studio.configure(more=f'[watch.hooks]\non_done = ["{program}", "{seen}"]')
    name = "$(touch pwned); `id` 'a\" b"
    async with telling(studio) as daemon:
        studio.drop('prompt = "p"\nposter = true\n', name=name)
        await daemon.until(lambda: daemon.said("hook.ended"))

    environ = json.loads(seen.read_text())
    [video] = [path for path in studio.outbox.iterdir() if path.suffix == ".mp4"]
    assert Path(environ["SEEDANCE_VIDEO"]) == video
    assert 'prompt = "p"' in Path(environ["SEEDANCE_RECEIPT"]).read_text()
    assert Path(environ["SEEDANCE_POSTER"]) == video.with_suffix(".poster.jpg")
    assert Path(environ["SEEDANCE_POSTER"]).is_file()
    assert (environ["SEEDANCE_PREVIEW"], environ["SEEDANCE_SEQUENCE"]) == ("", "")
    assert environ["SEEDANCE_LABEL"] == name
    assert (environ["SEEDANCE_EVENT"], environ["SEEDANCE_WATCH"]) == ("done", "studio")
    assert (environ["SEEDANCE_COST"], environ["SEEDANCE_UNIT"]) == ("16", "credits")
    assert environ["SEEDANCE_REASON"] == ""
    assert "secret" not in str(environ)
    assert "CREDENTIALS_DIRECTORY" not in environ
    assert not list(studio.folder.rglob("pwned"))


async def test_commands_for_what_failed_and_what_is_held(studio: studios.Studio) -> None:
    """Each is told why, and runs when the notes for people are written."""
    program = script(
        studio.folder,
        "import os\n"
        "for name in ('EVENT', 'REASON', 'CODE'): print(os.environ['SEEDANCE_' + name])",
    )
    studio.configure(
        more=f'[watch.hooks]\non_failed = ["{program}"]\non_held = ["{program}"]\n'
        "[providers.rivya.budget]\nper_job = 15"
    )
    async with telling(studio) as daemon:
        studio.drop("prompt = 3\n", name="bad")
        await daemon.until(lambda: daemon.said("hook.ended"))
        assert studio.seen("failed")
        studio.drop('prompt = "p"\n', name="dear")
        await daemon.until(lambda: len(daemon.said("hook.ended")) == 2)

    failed, held = (line["output"] for line in daemon.said("hook.ended"))
    assert failed.splitlines()[0] == "failed"
    assert "prompt" in failed.splitlines()[1]
    assert held.splitlines()[0] == "held"
    assert held.splitlines()[2] == "budget"


async def test_no_command_holds_up_a_job(studio: studios.Studio) -> None:
    """While every one hangs, and one that is not there, videos are made and archived."""
    program = script(studio.folder, "import time; time.sleep(1000)")
    studio.configure(more=f'[watch.hooks]\non_done = ["{program}"]\ntimeout_s = 1.0')
    async with telling(studio) as daemon:
        for number in range(2 * AT_ONCE):
            studio.drop(f'prompt = "{number}"\n', name=f"shot{number}")
        await daemon.until(lambda: len(studio.seen("done")) == 4 * AT_ONCE)
        await daemon.until(lambda: len(daemon.said("hook.failed")) == 2 * AT_ONCE)

    assert daemon.said("hook.failed")[0]["reason"] == "it took longer than 1 s and was killed"


async def test_a_late_command_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    """Also where it does not want to go, and its children hold its output."""
    pids = tmp_path / "pids"
    shell = f"trap '' TERM; sleep 1000 & echo $$ $! > {pids}; wait"  # begins at once, also here
    with capture_logs() as logs:
        async with hooks("/bin/sh", "-c", shell, timeout_s=3.0) as running:
            running.take(about())

    assert [line["event"] for line in logs] == ["hook.failed"]
    assert len(pids.read_text().split()) == 2
    assert all(gone(int(pid)) for pid in pids.read_text().split())


async def test_what_a_command_leaves_behind_ends_with_it(tmp_path: Path) -> None:
    """A child that holds its output is no way to run on."""
    pid = tmp_path / "pid"
    shell = f"sleep 1000 & echo $! > {pid}; echo started"
    with capture_logs() as logs:
        async with hooks("/bin/sh", "-c", shell) as running:
            running.take(about())

    assert [(line["event"], line["output"]) for line in logs] == [("hook.ended", "started")], logs
    assert gone(int(pid.read_text()))


async def test_what_a_command_says_is_bounded(tmp_path: Path) -> None:
    """The end of it is logged, where errors stand; bytes that are no text are escaped."""
    program = script(
        tmp_path,
        "import sys\nsys.stdout.buffer.write(b'x' * 3_000_000 + b'\\xff the end')\nsys.exit(3)",
    )
    with capture_logs() as logs:
        async with hooks(program) as running:
            running.take(about())

    [line] = logs
    assert (line["event"], line["reason"]) == ("hook.failed", "it ended with 3")
    assert len(line["output"]) < 4_100
    assert line["output"].endswith("x\\xff the end")


@pytest.mark.parametrize(
    ("words", "reason"), [(("/no/such/program",), "127"), (("/etc/passwd",), "126")]
)
async def test_a_command_that_cannot_be_run_is_told(words: tuple[str, ...], reason: str) -> None:
    """The log says why; nothing else happens."""
    with capture_logs() as logs:
        async with hooks(*words) as running:
            running.take(about())

    [line] = logs
    assert (line["event"], line["reason"]) == ("hook.failed", f"it ended with {reason}")
    assert words[0] in line["output"]


async def test_only_a_few_run_at_once(tmp_path: Path) -> None:
    """A hundred finished jobs are no hundred processes."""
    program = script(
        tmp_path,
        "import os, sys, time\n"
        "folder = sys.argv[1]\n"
        "mine = os.path.join(folder, str(os.getpid()))\n"
        "open(mine, 'w').close()\n"
        "time.sleep(0.1)\n"
        "print(len(os.listdir(folder)))\n"
        "os.unlink(mine)",
    )
    (tmp_path / "running").mkdir()
    with capture_logs() as logs:
        async with hooks(program, str(tmp_path / "running")) as running:
            for number in range(12):
                running.take(about(number))

    assert len(logs) == 12
    assert all(1 <= int(line["output"]) <= AT_ONCE for line in logs)


async def test_a_stop_waits_a_little_and_then_no_more(
    studio: studios.Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon that is to end ends, and takes a command that hangs with it."""
    monkeypatch.setattr(outlets, "_LAST_WORDS_S", 1.0)
    pid = studio.folder / "pid"
    shell = f"echo $$ > {pid}; exec sleep 1000"
    studio.configure(more=f'[watch.hooks]\non_done = ["/bin/sh", "-c", "{shell}"]')
    async with telling(studio) as daemon:
        studio.drop('prompt = "p"\n')
        await daemon.until(lambda: pid.is_file() and pid.read_text().strip())

    assert gone(int(pid.read_text()))


def test_news_without_a_listener_do_not_pile_up() -> None:
    """What comes when too much waits is dropped, and that is said once."""
    backlog = Backlog("hooks", most=3)
    with capture_logs() as logs:
        for number in range(10):
            backlog.add(about(number))

    assert len(backlog) == 3
    assert [(line["event"], line["waiting"]) for line in logs] == [("outlet.full", 3)]
    assert [news.job for news in backlog.rest()] == ["j0", "j1", "j2"]


async def test_a_job_that_points_to_another_video_runs_nothing() -> None:
    """There is no video of its own that a command could do something with."""
    with capture_logs() as logs:
        async with hooks("/bin/true") as running:
            running.take(about(video=""))
            running.take(about(kind=Kind.FAILED))
            running.take(about(watch="other"))

    assert logs == []


class _Broken:
    """An outlet with a mistake in it."""

    name = "broken"

    def take(self, news: News) -> None:
        raise RuntimeError(news.job)

    async def run(self, stop: asyncio.Event) -> None:
        raise RuntimeError("at once")


async def test_a_mistake_in_an_outlet_loses_no_job(
    studio: studios.Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said once; videos are made."""
    made = outlets.Outlets.__post_init__

    def broken(self: outlets.Outlets, before: outlets.Outlets | None) -> None:
        made(self, before)
        self.outlets.append(_Broken())

    monkeypatch.setattr(outlets.Outlets, "__post_init__", broken)
    async with telling(studio) as daemon:
        for number in range(3):
            studio.drop(f'prompt = "{number}"\n', name=f"shot{number}")
        await daemon.until(lambda: len(studio.seen("done")) == 6)

    said = [line["outlet"] for line in daemon.said("outlet.failed")]
    assert sorted(said) == ["broken", "news"]


def test_the_document_lists_every_variable() -> None:
    """docs/NOTIFY.md has what a command is told, no more and no less."""
    rows = re.findall(r"^\| (`SEEDANCE_.*?) \|", DOC.read_text(), re.MULTILINE)
    listed = {name for row in rows for name in re.findall(r"`(SEEDANCE_\w+)`", row)}

    found = told(
        about(), Path("/out"), {"PATH": "/bin", "HOME": "/", "SECRET": "x", "LC_ALL": "C"}
    )
    assert listed == {name for name in found if name.startswith("SEEDANCE_")}
    assert {name for name in found if not name.startswith("SEEDANCE_")} == {
        "PATH",
        "HOME",
        "LC_ALL",
    }


async def test_a_program_on_a_hung_drive_holds_up_nobody(studio: studios.Studio) -> None:
    """It cannot even be begun; the process that is asked to is another one."""
    point, served = studio.folder / "programs", studio.folder / "programs served"
    with ExitStack() as stack:
        try:
            server = stack.enter_context(drive.drive(point, served))
        except OSError as error:
            pytest.skip(f"no FUSE here: {error}")
        shutil.copy("/bin/true", served / "upload")
        (served / "upload").chmod(0o755)
        more = f'[watch.hooks]\non_done = ["{point}/upload"]\ntimeout_s = 1.0'
        studio.configure(more=more)
        async with telling(studio) as daemon:
            server.hang()
            for number in range(AT_ONCE):
                studio.drop(f'prompt = "{number}"\n', name=f"shot{number}")
            await daemon.until(lambda: len(studio.seen("done")) == 2 * AT_ONCE)
            await daemon.until(lambda: daemon.said("hook.failed"))
            server.go_on()
