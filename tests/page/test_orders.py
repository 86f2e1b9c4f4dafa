"""Buttons do what the shell's commands do; what costs is asked twice."""

from dataclasses import replace

import outcomes
import pytest
import studios
from visiting import Visit, visiting

from seedance_watch.core import offers
from seedance_watch.core.model import State
from seedance_watch.providers.segmind import Segmind
from seedance_watch.sandbox.server import Sandbox


async def ordered(visit: Visit, label: str, **fields: str) -> tuple[int, str]:
    answer = await visit.post(f"/jobs/{visit.row(label).job_id}/orders", **fields)
    return answer.status_code, answer.json()["said"]


async def test_a_failed_job_is_tried_again(studio: studios.Studio) -> None:
    """Its originals lie in the inbox once more; corrected, it becomes a video."""
    studio.drop('promt = "waves"\n')
    async with visiting(studio) as visit:
        await visit.until("shot", state=State.FAILED)
        await visit.come()
        (studio.failed / "shot.toml").write_text('prompt = "waves"\n')
        status, said = await ordered(visit, "shot", act="retry")
        assert (status, "back in the inbox" in said) == (200, True)
        await visit.done("shot")
        [line] = visit.daemon.said("page.ordered")
        assert (line["act"], line["who"]) == ("retry", "127.0.0.1")
        status, said = await ordered(visit, "shot", act="retry")
        assert (status, said) == (409, "that cannot be done with this job any more")


async def test_held_jobs_are_released_and_given_up(studio: studios.Studio) -> None:
    """A limit that stands holds again; who gives up gets the originals back."""
    studio.configure(more="[providers.rivya.budget]\nper_day = 0")
    studio.drop('prompt = "waves"\n')
    async with visiting(studio) as visit:
        await visit.daemon.until(lambda: visit.studio.rows() and visit.row("shot").held)
        await visit.come()
        seq = visit.row("shot").seq
        assert (await ordered(visit, "shot", act="release"))[0] == 200
        await visit.daemon.until(lambda: visit.row("shot").seq > seq + 1)
        assert visit.row("shot").held == "budget"
        page = await visit.post(
            f"/jobs/{visit.row('shot').job_id}/orders", script=False, act="cancel"
        )
        assert page.status_code == 303
        await visit.until("shot", state=State.CANCELLED)
        await visit.daemon.until(lambda: "shot.png" in studio.seen("failed"))
        assert "127.0.0.1" in visit.row("shot").reason


async def test_what_is_paid_is_not_thrown_away_by_one_click(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """The second click says so, of the job as it was shown."""
    sandbox.fault("stuck", "rivya.create")
    studio.drop('prompt = "waves"\n')
    async with visiting(studio) as visit:
        await visit.until("shot", state=State.RUNNING)
        await visit.come()
        status, said = await ordered(visit, "shot", act="cancel")
        assert (status, "what was paid is lost" in said) == (409, True)
        seq = visit.row("shot").seq
        stale = await ordered(visit, "shot", act="cancel", anyway="yes", seq=str(seq - 1))
        assert stale[0] == 409
        assert visit.row("shot").state is State.RUNNING
        assert (await ordered(visit, "shot", act="cancel", anyway="yes", seq=str(seq)))[0] == 200
        await visit.until("shot", state=State.CANCELLED)


async def test_paying_again_has_to_be_typed(studio: studios.Studio, sandbox: Sandbox) -> None:
    """A click, a yes or an old page pays nothing; and two orders at once pay once more only."""
    sandbox.fault("stuck", "rivya.create")
    studio.drop('prompt = "waves"\n')
    async with visiting(studio) as visit:
        await visit.until("shot", state=State.RUNNING)
        await visit.come()
        job, seq = visit.row("shot").job_id, str(visit.row("shot").seq)
        for fields in (
            {},
            {"anyway": "yes", "seq": seq},
            {"words": "yes", "seq": seq},
            {"words": offers.PAY_AGAIN},
            {"words": offers.PAY_AGAIN, "seq": "1"},
        ):
            status, said = await ordered(visit, "shot", act="resubmit", **fields)
            assert (status, "pays a second time" in said) == (409, True)
            assert ("open it again" in said) == (fields.get("seq") == "1")
        assert outcomes.charges_of(sandbox) == 1
        words = {"act": "resubmit", "words": "Pay again ", "seq": seq}
        first = await visit.post(f"/jobs/{job}/orders", **words)
        second = await visit.post(f"/jobs/{job}/orders", **words)
        assert (first.status_code, second.status_code) == (200, 409)
        await visit.done("shot")
    assert outcomes.charges_of(sandbox) == 2


async def test_a_provider_is_paused_and_goes_on(studio: studios.Studio) -> None:
    """Nothing new is paid meanwhile; who is not one is not known."""
    async with visiting(studio) as visit:
        await visit.come()
        assert (await visit.post("/lanes/rivya", paused="yes")).status_code == 200
        studio.drop('prompt = "waves"\n')
        await visit.daemon.until(lambda: studio.rows() and visit.row("shot").provider)
        job = await visit.get(f"/jobs/{visit.row('shot').job_id}")
        assert "paused by a person (page, 127.0.0.1)" in job.text
        assert (await visit.post("/lanes/none", paused="yes")).status_code == 404
        assert (await visit.post("/lanes/rivya", paused="perhaps")).status_code == 404
        assert (await visit.post("/lanes/rivya", script=False, paused="no")).status_code == 303
        await visit.done("shot")


@pytest.mark.parametrize("path", ["/jobs/{}/orders", "/lanes/rivya", "/drop", "/logout"])
async def test_an_order_needs_the_page_s_own_token(studio: studios.Studio, path: str) -> None:
    """Neither a forged one, nor another browser's, nor none; nothing happens."""
    studio.configure(more="[providers.rivya.budget]\nper_day = 0")
    studio.drop('prompt = "waves"\n')
    async with visiting(studio) as visit:
        await visit.daemon.until(lambda: studio.rows() and visit.row("shot").held)
        await visit.come()
        where = path.format(visit.row("shot").job_id)
        theirs = visit.token
        visit.client.cookies.clear()
        await visit.come()
        for token in ("", "0" * 64, theirs, "é"):
            fields = {"token": token, "act": "cancel", "paused": "yes", "watch": "studio"}
            if path == "/drop":
                files = {"image": ("x.png", b"x")}
                answer = await visit.client.post(where, data=fields, files=files)
            else:
                answer = await visit.client.post(where, data=fields)
            assert answer.status_code == 403, (token, answer.text)
        visit.client.cookies.clear()
        answer = await visit.client.post(where, data={"token": visit.token, "act": "cancel"})
        assert answer.status_code in {403, 415}
        assert visit.row("shot").held
        assert not visit.daemon.said("page.ordered")


async def test_only_forms_are_read(studio: studios.Studio) -> None:
    """Of a bounded size, and of the kind that a page sends."""
    async with visiting(studio) as visit:
        await visit.come()
        post = visit.client.post
        assert (await post("/lanes/rivya", json={"paused": "yes"})).status_code == 415
        assert (await post("/lanes/rivya", data={"x": "x" * 20_000})).status_code == 413
        many = {f"x{number}": "1" for number in range(60)}
        assert (await post("/lanes/rivya", data=many)).status_code == 400
        kind = {"content-type": "application/x-www-form-urlencoded"}
        assert (await post("/lanes/rivya", content=b"\xff\xfe", headers=kind)).status_code == 400
        assert (await visit.client.put("/drop")).status_code == 405


async def test_a_doubt_is_settled_by_a_task_id(
    studio: studios.Studio, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person copies it from the provider's own page; nothing is paid again."""
    monkeypatch.setattr(Segmind, "doubts", replace(Segmind.doubts, looks_s=outcomes.LOOKS_S))
    studio.drop('prompt = "waves"\nprovider = "segmind"\n')
    sandbox.turn(segmind_history_delay_s=1e6)
    sandbox.fault("reset_after", "segmind.submit")
    await studios.once(studio)
    assert [row.held for row in studio.rows()] == ["in_doubt"]
    task = sandbox.ledger("charge")[0].task_id
    async with visiting(studio) as visit:
        await visit.come()
        assert (await ordered(visit, "shot", act="release"))[0] == 409
        status, said = await ordered(visit, "shot", act="adopt", task_id="../other")
        assert (status, "is not a task id" in said) == (409, True)
        assert (await ordered(visit, "shot", act="adopt", task_id=f" {task} "))[0] == 200
        await visit.done("shot")
    assert outcomes.charges_of(sandbox) == 1
