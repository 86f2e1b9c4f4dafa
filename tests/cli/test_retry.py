"""`retry`, and how people name what an order is for: through the real command line."""

import time
from pathlib import Path

import pytest
import studios
from shell import daemon, run

from seedance_watch.sandbox.server import Sandbox

WRONG, RIGHT = 'prompt = "waves"\nduration = 999\n', 'prompt = "waves"\n'


@pytest.fixture
def studio(sandbox: Sandbox, tmp_path: Path) -> studios.Studio:
    """A studio with a drop that failed for its sidecar."""
    made = studios.lay_out(tmp_path / "studio", sandbox.url)
    made.drop(WRONG)
    run(made, "run", "--once")
    assert made.seen("failed") == ["shot.failed.txt", "shot.png", "shot.toml"]
    return made


@pytest.fixture
def poor(sandbox: Sandbox, tmp_path: Path) -> studios.Studio:
    """A studio that may spend nothing yet, with three held jobs."""
    made = studios.lay_out(tmp_path / "studio", sandbox.url)
    made.configure(more="[providers.rivya.budget]\nper_day = 0")
    for name in ("scenes/a", "scenes/b", "other"):
        made.drop(f'prompt = "{name}"\n', name=name)
    run(made, "run", "--once")
    return made


def test_a_failed_drop_is_tried_again(studio: studios.Studio) -> None:
    """Its files lie in the inbox again as they were corrected, the note is gone, a job is made."""
    [row] = studio.rows()
    (studio.failed / "shot.toml").write_text(RIGHT)

    told = run(studio, "retry", "shot")

    assert (told.returncode, told.stderr) == (0, "")
    assert f"shot: job {row.job_id}\n" in told.stdout
    assert "back in the inbox: shot.png and shot.toml. No daemon runs" in told.stdout
    assert studio.seen("failed") == []
    assert studio.seen("inbox") == ["shot.png", "shot.toml"]
    run(studio, "run", "--once")
    assert "shot.mp4" in studio.seen("outbox")


def test_a_running_daemon_tries_again_at_once(studio: studios.Studio) -> None:
    """It moves the files, and takes them in by itself."""
    (studio.failed / "shot.toml").write_text(RIGHT)
    with daemon(studio):
        told = run(studio, "retry", str(studio.failed / "shot.png"))

        assert (told.returncode, told.stderr) == (0, "")
        end = time.monotonic() + 60
        while "shot.mp4" not in studio.seen("outbox"):
            assert time.monotonic() < end
            time.sleep(0.05)


def test_nothing_in_the_inbox_is_overwritten(studio: studios.Studio) -> None:
    """A new file of the same name stays, and nothing is moved."""
    (studio.inbox / "shot.toml").write_text("# mine")

    told = run(studio, "retry", studio.rows()[0].job_id)

    assert told.returncode == 1
    assert "another file there has the name shot.toml; move that one away" in told.stderr
    assert (studio.inbox / "shot.toml").read_text() == "# mine"
    assert studio.seen("failed") == ["shot.failed.txt", "shot.png", "shot.toml"]


def test_numbered_files_get_their_own_names_back(studio: studios.Studio) -> None:
    """What failed twice lies in failed/ as shot-2; each job finds its own."""
    first = studio.rows()[0].job_id
    studio.drop(WRONG + "# again\n")
    run(studio, "run", "--once")
    assert "shot-2.png" in studio.seen("failed") or "shot-2.toml" in studio.seen("failed")

    assert run(studio, "retry", "failed/shot-2.toml").returncode == 0

    assert (studio.inbox / "shot.toml").read_text() == WRONG + "# again\n"
    (studio.inbox / "shot.toml").unlink()
    (studio.inbox / "shot.png").unlink()
    assert run(studio, "retry", first).returncode == 0
    assert (studio.inbox / "shot.toml").read_text() == WRONG
    assert studio.seen("failed") == []


def test_all_failed_are_tried_again_and_none_is_no_error_twice(studio: studios.Studio) -> None:
    """Cancelled ones too; those whose files somebody took away are named and no failure."""
    studio.drop(WRONG, name="gone")
    run(studio, "run", "--once")
    (studio.failed / "gone.png").unlink()
    (studio.failed / "gone.toml").unlink()

    told = run(studio, "retry", "--all-failed")

    assert told.returncode == 0
    assert "failed or cancelled: 2 jobs: " in told.stdout
    assert "are not in failed/ any more" in told.stderr
    assert studio.seen("inbox") == ["shot.png", "shot.toml"]
    assert run(studio, "retry").returncode == 64
    assert run(studio, "retry", "shot", "--all-failed").returncode == 64


def test_a_done_job_and_a_duplicate_are_explained(studio: studios.Studio) -> None:
    """Nothing is moved; what to do for another video is said."""
    studio.drop(RIGHT, name="good")
    run(studio, "run", "--once")
    studio.drop(RIGHT, name="twin")
    run(studio, "run", "--once")

    done, twin = run(studio, "retry", "good"), run(studio, "retry", "twin")

    assert (done.returncode, twin.returncode) == (1, 1)
    assert "is done: its video was placed; for another one write `again = true`" in done.stderr
    assert "the same video exists already" in twin.stderr
    assert studio.seen("inbox") == []


def test_takes_are_tried_again_together(sandbox: Sandbox, tmp_path: Path) -> None:
    """Three failed takes are one drop: it is moved once."""
    studio = studios.lay_out(tmp_path / "studio", sandbox.url)
    studio.drop(WRONG + "takes = 3\n")
    run(studio, "run", "--once")

    told = run(studio, "retry", *(row.job_id for row in studio.rows()))

    assert (told.returncode, told.stdout.count("back in the inbox")) == (0, 1)
    assert studio.seen("inbox") == ["shot.png", "shot.toml"]
    assert studio.seen("failed") == []


def test_orders_take_patterns_folders_files_and_labels(poor: studios.Studio) -> None:
    """What a word matched is said; each job is ordered once."""
    told = run(poor, "cancel", "scenes/*", "inbox/scenes", "other")

    assert (told.returncode, told.stderr) == (0, "")
    assert "scenes/*: 2 jobs: " in told.stdout
    assert told.stdout.count("is cancelling") == 3


def test_all_held_or_those_of_a_code(poor: studios.Studio) -> None:
    """A code that no job is held with is an error that names those there are."""
    wrong = run(poor, "cancel", "--all-held", "by_person")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "no job is held with code by_person; there are budget" in wrong.stderr

    told = run(poor, "cancel", "--all-held", "budget")
    assert (told.returncode, told.stdout.count("is cancelling")) == (0, 3)
    assert "held (budget): 3 jobs: " in told.stdout


def test_what_matches_nothing_names_the_nearest(poor: studios.Studio) -> None:
    """The other words are obeyed all the same."""
    told = run(poor, "cancel", "scenes/aa", "nothing?", "other")

    assert told.returncode == 1
    assert "there is no open job, drop or file scenes/aa; did you mean scenes/a?" in told.stderr
    assert "nothing?; `status` lists them" in told.stderr
    assert told.stdout.count("is cancelling") == 1


def test_a_file_that_waits_in_the_inbox_is_no_job(poor: studios.Studio) -> None:
    """Not even when an older job has its name: that one would be cancelled by mistake."""
    poor.drop('prompt = "new"\n', name="other")

    told = run(poor, "cancel", "inbox/other.png")

    assert told.returncode == 1
    assert "lies in the inbox and is no job yet; take it away to withdraw it" in told.stderr


def test_only_one_job_adopts(poor: studios.Studio) -> None:
    """A name that means several is no answer to which one has the task."""
    told = run(poor, "adopt", "scenes/*", "task-1")

    assert told.returncode == 1
    assert "name the one that has the task" in told.stderr


def test_a_job_that_is_not_over_is_not_tried_again(poor: studios.Studio) -> None:
    """What would help is said."""
    told = run(poor, "retry", "other")

    assert (told.returncode, "`release` lets it go on" in told.stderr) == (1, True)
    assert poor.seen("failed") == []
