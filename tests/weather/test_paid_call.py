"""The paid call in bad weather: whatever is lost on the way, a video is paid once or held."""

import pytest
from skies import Skies, until

from seedance_watch.core.events import Accepted, Intended, Unsent
from seedance_watch.core.model import State
from seedance_watch.ports import Doubts
from seedance_watch.providers.rivya import Rivya
from seedance_watch.providers.segmind import Segmind
from seedance_watch.sandbox import segmind_history

# What may happen after the provider took the job: fault, settings.
TAKEN = [
    ("reset_after", {}),
    ("error_after", {"status": 503}),
    ("no_length", {}),
    ("html_body", {"content_type": "text/html"}),
]


@pytest.mark.parametrize(("fault", "settings"), TAKEN, ids=[name for name, _ in TAKEN])
async def test_a_taken_job_whose_answer_is_spoiled_is_found_again(
    anywhere: Skies, fault: str, settings: dict[str, object]
) -> None:
    """By replay or in the history; the paid call itself is made once under each key."""
    anywhere.sandbox.fault(fault, anywhere.paid, **settings)
    anywhere.drop()

    await anywhere.once()

    anywhere.whole()
    assert len(anywhere.events(Intended)) == 1


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("fault", ["drip_head", "drip_body"])
async def test_a_slow_loris_ends_at_the_deadline_and_is_found_again(
    anywhere: Skies, fault: str
) -> None:
    """Bytes that drip are no answer: the whole call has an end, and is then in doubt."""
    anywhere.sandbox.fault(fault, anywhere.paid)
    anywhere.drop()

    await anywhere.once()

    anywhere.whole()
    assert anywhere.events(Accepted)[-1].via == "reconcile"


@pytest.mark.usefixtures("impatient")
async def test_a_service_that_never_answers_is_a_doubt(anywhere: Skies) -> None:
    """Rivya is asked under the same key; at Segmind nothing is found, so a person is asked."""
    anywhere.sandbox.fault("hang_before", anywhere.paid)
    anywhere.drop()

    await anywhere.once()

    if anywhere.way == "rivya":
        anywhere.whole()
    else:
        assert (anywhere.row().held, anywhere.charges()) == ("in_doubt", [])
        assert 200 in anywhere.statuses("segmind.history")


@pytest.mark.parametrize("body", ["current", "frozen"])
@pytest.mark.parametrize("status", ["200", "original"])
async def test_any_answer_to_a_replay_is_understood(skies: Skies, body: str, status: str) -> None:
    """The task as it is now or as it was, under the first status or another."""
    skies.sandbox.turn(
        rivya_replay_body=body,
        rivya_replay_status=status,
        rivya_create_status="202",
        rivya_body_match="bytes",
    )
    skies.sandbox.fault("close_after", skies.paid)
    skies.drop()

    await skies.once()

    skies.whole()
    assert len(skies.sandbox.ledger("replay")) == 1


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("answer", ["conflict", "wait"])
async def test_a_replay_that_overtakes_the_first_call_waits_for_it(
    skies: Skies, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """409 while the first call is at work is no refusal: it is asked again later."""
    monkeypatch.setattr(Rivya, "doubts", Doubts((0.35, 0.9), 1800.0))
    skies.sandbox.turn(rivya_key_in_flight=answer)
    skies.sandbox.fault("slow_create", skies.paid, seconds=0.7)
    skies.drop()

    await skies.once()

    skies.whole()
    assert (409 in skies.statuses(skies.paid)) == (answer == "conflict")


async def test_a_conflict_that_stays_is_held_and_told(skies: Skies) -> None:
    """A person decides; the key is never changed to get through."""
    error = {"code": "idempotency_conflict", "message": "another body"}
    skies.sandbox.fault("reset_after", skies.paid)
    skies.sandbox.fault("answer", skies.paid, status=409, times=0, body={"error": error})
    skies.drop()

    await skies.once()

    assert skies.row().held == "in_doubt"
    assert "idempotency_conflict" in skies.row().reason or "another body" in skies.row().reason
    assert (len(skies.charges()), len(skies.events(Intended))) == (1, 1)
    assert skies.studio.seen("held") == ["shot.held.txt"]


async def test_a_replay_that_is_refused_does_not_fail_a_paid_job(skies: Skies) -> None:
    """What is said of the second call says nothing about the first: it stays a doubt."""
    skies.sandbox.fault("reset_after", skies.paid)
    skies.sandbox.fault("answer", skies.paid, status=400)
    skies.drop()

    await skies.once()

    skies.whole()


@pytest.mark.parametrize("way", ["segmind", "segmind-v1"])
async def test_a_row_that_lands_late_is_still_found(skies: Skies, way: str) -> None:
    """Several looks, spread over time; the row is there at the last of them."""
    skies.way = way
    skies.sandbox.fault("late_history", skies.paid, seconds=0.4)
    skies.sandbox.fault("reset_after", skies.paid)
    skies.drop()

    await skies.once()

    skies.whole()
    assert len(skies.statuses("segmind.history")) <= 4


@pytest.mark.parametrize("way", ["segmind", "segmind-v1"])
async def test_a_row_that_never_lands_is_held_not_paid_again(
    skies: Skies, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The video may be paid, so a person decides."""
    skies.way = way
    monkeypatch.setattr(Segmind, "doubts", Doubts((0.02, 0.05), 1800.0))
    skies.sandbox.turn(segmind_history_delay_s=7200)
    skies.sandbox.fault("close_after", skies.paid)
    skies.drop()

    await skies.once()

    assert (skies.row().state, skies.row().held) == (State.SUBMITTING, "in_doubt")
    assert len(skies.charges()) == 1
    await skies.once()  # neither does a restart
    assert len(skies.charges()) == 1
    assert len(skies.statuses(skies.paid)) == 1


async def test_two_rows_with_the_image_are_nobodys(skies: Skies) -> None:
    """Exactly one match is adopted; of two a person chooses, and both are named."""
    skies.way = "segmind"
    skies.sandbox.fault("reset_after", skies.paid)
    skies.sandbox.turn(segmind_history_delay_s=0.3)
    skies.drop()

    async with skies.running():
        await until(skies.sandbox.tasks)
        _doubled(skies)

    assert skies.row().held == "in_doubt"
    assert all(task.id in skies.row().reason for task in skies.sandbox.tasks())


def _doubled(skies: Skies) -> None:
    """Let the provider list the same request under a second number."""
    (task,) = skies.sandbox.tasks()
    twin = type(task)(**{name: getattr(task, name) for name in task.__slots__} | {"id": "twin"})
    skies.sandbox._state.tasks["twin"] = twin


@pytest.mark.parametrize("fault", ["not_json", "json_shape", "reset_before"])
async def test_a_look_that_fails_is_one_of_several(skies: Skies, fault: str) -> None:
    """A history that nobody can read says nothing about the paid call."""
    skies.way = "segmind"
    skies.sandbox.fault("reset_after", skies.paid)
    skies.sandbox.fault(fault, "segmind.history")
    skies.drop()

    await skies.once()

    skies.whole()


async def test_looks_that_nobody_answers_do_not_count(
    anywhere: Skies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An outage that outlasts all looks leads to more of them, not to a person."""
    for dialect in (Rivya, Segmind):
        monkeypatch.setattr(dialect, "doubts", Doubts((0.5,), 1800.0))
    anywhere.sandbox.fault("reset_after", anywhere.paid)
    looked = anywhere.paid if anywhere.way == "rivya" else "segmind.history"
    anywhere.sandbox.fault("answer", looked, status=429, times=6)
    anywhere.drop()

    async with anywhere.running():
        await until(anywhere.sandbox.tasks)

    anywhere.whole()
    assert len(anywhere.statuses(looked)) >= 7


async def test_a_gateway_timeout_of_the_long_call_is_a_doubt(skies: Skies) -> None:
    """Version 1: 504 from in front of the service, which finishes and bills the job."""
    skies.way = "segmind-v1"
    skies.sandbox.fault("gateway_timeout", skies.paid)
    skies.drop()

    await skies.once()

    skies.whole()
    assert skies.events(Accepted)[-1].via == "reconcile"


async def test_a_video_lost_on_the_way_back_is_fetched_by_its_number(skies: Skies) -> None:
    """Version 1: the answer breaks off in the middle of the paid video."""
    skies.way = "segmind-v1"
    skies.sandbox.fault("lost_in_body", skies.paid, part=0.5)
    skies.drop()

    await skies.once()

    skies.whole()
    assert len(skies.statuses("media.video")) == 1


async def test_a_short_answer_that_looks_whole_is_no_video(skies: Skies) -> None:
    """Version 1: half a video without a length is found out by decoding, and fetched anew."""
    skies.way = "segmind-v1"
    skies.sandbox.fault("no_length", skies.paid, part=0.6)
    skies.drop()

    await skies.once()

    skies.whole()


async def test_what_certainly_was_not_taken_is_sent_anew(anywhere: Skies) -> None:
    """429 is a definite no: a new intent under a new key, one charge."""
    anywhere.sandbox.fault("throttled", anywhere.paid, reset_s=0.0)
    anywhere.drop()

    await anywhere.once()

    anywhere.whole()
    first, second = anywhere.events(Intended)
    assert first.key != second.key
    assert len(anywhere.events(Unsent)) == 1


async def test_doubts_of_many_jobs_are_settled_side_by_side(anywhere: Skies) -> None:
    """Eight lost answers, eight videos, eight charges."""
    names = tuple("abcdefgh")
    anywhere.sandbox.fault("reset_after", anywhere.paid, times=8)
    anywhere.drop(*names)

    await anywhere.once()

    anywhere.whole(*names)


async def test_a_restart_in_the_middle_of_a_doubt_goes_on_with_it(anywhere: Skies) -> None:
    """The looks are times in the journal, not sleeps."""
    anywhere.sandbox.fault("reset_after", anywhere.paid)
    anywhere.drop()
    await anywhere.cut(anywhere.sandbox.tasks)

    await anywhere.once()

    anywhere.whole()


async def test_a_rivya_key_that_is_forgotten_is_never_replayed(
    skies: Skies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the window a replay could pay again: the job is held, unasked."""
    monkeypatch.setattr(Rivya, "doubts", Doubts((0.05, 0.5), 0.3))
    skies.sandbox.turn(rivya_key_ttl_s=0.3)
    skies.sandbox.fault("reset_after", skies.paid)
    skies.sandbox.fault("error_before", skies.paid, times=0)
    skies.drop()

    await skies.once()

    assert (skies.row().held, len(skies.charges())) == ("in_doubt", 1)
    assert len(skies.statuses(skies.paid)) <= 2


@pytest.fixture
def one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Segmind's storage know equal bytes again, and give them the address that they have."""
    monkeypatch.setattr(segmind_history, "new_id", lambda: "known-again")


@pytest.mark.usefixtures("impatient", "one_address")
async def test_the_task_of_another_job_is_never_taken_for_a_lost_answer(skies: Skies) -> None:
    """Should two jobs have the same image's address: a person is asked, no video is lost."""
    skies.way = "segmind"
    skies.drop("a")
    await skies.once()
    skies.sandbox.fault("hang_before", skies.paid)
    skies.drop("b")

    await skies.once()

    rows = {row.label: row.held or str(row.state) for row in skies.studio.rows()}
    assert rows == {"a": "done", "b": "in_doubt"}
    assert len(skies.charges()) == 1


@pytest.mark.usefixtures("one_address")
async def test_an_address_that_is_never_new_is_told_and_not_asked_for_without_end(
    skies: Skies,
) -> None:
    """After a refusal the same image cannot be told from the one before: nothing is paid."""
    skies.way = "segmind"
    skies.sandbox.fault("throttled", skies.paid)
    skies.drop()

    await skies.once()

    assert (skies.row().held, skies.charges()) == ("garbled", [])
    assert "image_host" in skies.row().reason
    assert len(skies.sandbox.calls("segmind.upload")) == 6
