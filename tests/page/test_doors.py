"""Who may come in where others can reach the page."""

import itertools

import pytest
import studios
from visiting import JSON, Visit, visiting

from seedance_watch.faces.page import doors

TOKEN = "correct-horse-battery"
HTML = {"accept": "text/html"}


@pytest.fixture
def guarded(studio: studios.Studio) -> studios.Studio:
    """A studio whose page asks for a token."""
    (studio.folder / "page.token").write_text(TOKEN)
    return studio


WEB = 'token_file = "page.token"'


async def login(visit: Visit, password: str) -> int:
    page = await visit.client.get("/login")
    found = page.text.split('"')
    visit.token = next(each for each in found if len(each) == 64)
    answer = await visit.client.post("/login", data={"token": visit.token, "password": password})
    return answer.status_code


async def test_nothing_is_seen_before_the_token(guarded: studios.Studio) -> None:
    """Neither pages nor events nor files; afterwards all of it, until somebody logs out."""
    guarded.drop('prompt = "waves"\n')
    async with visiting(guarded, WEB) as visit:
        await visit.done("shot")
        job = visit.row("shot").job_id
        paths = ("/", f"/jobs/{job}", f"/jobs/{job}/video", f"/jobs/{job}/thumb", "/events", "/x")
        for path in paths:
            assert (await visit.client.get(path)).status_code == 401
        assert (await visit.post("/lanes/rivya", paused="yes")).status_code == 401
        shown = await visit.client.get(f"/jobs/{job}", headers=HTML)
        assert (shown.status_code, shown.headers["location"]) == (303, "/login")

        assert await login(visit, "wrong-wrong-wrong-wrong") == 403
        assert (await visit.client.get("/")).status_code == 401
        assert await login(visit, TOKEN) == 303
        cookie = visit.client.cookies.jar
        [kept] = [each for each in cookie if each.name.endswith("_login")]
        assert kept.has_nonstandard_attr("HttpOnly")
        assert kept.get_nonstandard_attr("SameSite") == "strict"
        assert TOKEN not in (kept.value or "")
        for path in paths[:4]:
            assert (await visit.client.get(path)).status_code == 200

        await visit.come()
        assert (await visit.client.post("/logout", data={"token": visit.token})).status_code == 303
        assert (await visit.client.get("/")).status_code == 401
        assert [len(visit.daemon.said(f"page.{each}")) for each in ("entered", "refused")] == [
            1,
            1,
        ]


async def test_a_cookie_cannot_be_made(guarded: studios.Studio) -> None:
    """Nor made to last longer, nor kept when the token changes."""
    async with visiting(guarded, WEB) as visit:
        await login(visit, TOKEN)
        [kept] = [each for each in visit.client.cookies.jar if each.name.endswith("_login")]
        good, name = kept.value or "", kept.name
        until, _, signature = good.partition(".")
        forged = [
            f"{int(until) + 1}.{signature}",
            f"9{until}.",
            ".",
            "",
            good[:-1],
            f"é.{signature}",
        ]
        visit.client.cookies.clear()
        for value in forged:
            raw = {"cookie": f"{name}={value}".encode()}
            assert (await visit.client.get("/", headers=raw)).status_code == 401, value
        raw = {"cookie": f"{name}={good}".encode()}
        assert (await visit.client.get("/", headers=raw)).status_code == 200
    (guarded.folder / "page.token").write_text("another-token-entirely")
    async with visiting(guarded, WEB) as visit:
        assert (await visit.client.get("/", headers=raw)).status_code == 401


async def test_a_token_in_the_address_does_not_stay_there(guarded: studios.Studio) -> None:
    """It is taken once and led away from; a wrong one leads to the form."""
    async with visiting(guarded, WEB) as visit:
        wrong = await visit.client.get("/?token=wrong", headers=HTML)
        assert (wrong.status_code, wrong.headers["location"]) == (303, "/login")
        answer = await visit.client.get(f"/?watch=studio&token={TOKEN}", headers=HTML)
        assert (answer.status_code, answer.headers["location"]) == (303, "/?watch=studio")
        assert (await visit.client.get("/?watch=studio")).status_code == 200
        away = await visit.client.get(f"{visit.base}//evil.example/?token={TOKEN}", headers=HTML)
        assert away.headers["location"] == "/evil.example/"
    assert TOKEN not in str(visit.daemon.logs)


async def test_guessing_is_slow(guarded: studios.Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """After five wrong ones even the right one is not looked at, for a minute."""
    now = itertools.count(0.0, 0.001)
    monkeypatch.setattr(doors.time, "monotonic", lambda: next(now))
    async with visiting(guarded, WEB) as visit:
        assert [await login(visit, f"wrong{number}") for number in range(5)] == [403] * 5
        assert await login(visit, TOKEN) == 429
        assert (await visit.client.get(f"/?token={TOKEN}")).status_code == 429
        now = itertools.count(70.0, 0.001)
        assert await login(visit, TOKEN) == 303


async def test_logging_in_needs_the_page_s_form(guarded: studios.Studio) -> None:
    """Another page cannot log a browser in as somebody else."""
    async with visiting(guarded, WEB) as visit:
        answer = await visit.client.post("/login", data={"password": TOKEN}, headers=JSON)
        assert answer.status_code == 403
        assert (await visit.client.get("/")).status_code == 401
