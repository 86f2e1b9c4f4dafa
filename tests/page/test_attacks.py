"""Strangers at the page: names that are none, hosts that are none, orders that come too late."""

import asyncio
import os

import pytest
import studios
from visiting import Visit, png, visiting

from seedance_watch.app.page.source import Answers
from seedance_watch.config.load import load
from seedance_watch.core.model import State
from seedance_watch.core.orders import Act, Order


async def test_a_name_that_is_no_text_breaks_no_page(studio: studios.Studio) -> None:
    """Bytes that nobody can read, as old programs and other alphabets leave them on shares."""
    odd = os.fsdecode(b"\xff<b>")
    (studio.inbox / odd).mkdir()
    (studio.inbox / odd / f"{odd}.png").write_bytes(png())
    studio.drop('prompt = "waves"\n', name=odd)
    studio.drop('promt = "waves"\n', name=f"{odd}2")
    async with visiting(studio) as visit:
        await visit.daemon.until(
            lambda: {row.state for row in studio.rows()} >= {State.DONE, State.FAILED}
        )
        await visit.daemon.until(lambda: studio.seen("done"))
        pages = [await visit.get("/")]
        for row in studio.rows():
            pages += [await visit.get(f"/jobs/{row.job_id}{more}") for more in ("", "/picture")]
            if row.state is State.DONE:
                pages.append(await visit.get(f"/jobs/{row.job_id}/video?download"))

    assert [page.status_code for page in pages] == [200] * 6
    assert not visit.daemon.said("page.failed")


async def _asked(visit: Visit, host: bytes) -> bytes:
    """Ask as no browser does; give the first line of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(visit.base.rpartition(":")[2]))
    writer.write(b"GET / HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    assert b"content-security-policy" in answer
    return answer.split(b"\r\n")[0]


async def test_what_is_no_host_is_not_answered(
    studio: studios.Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path in the host's place must not pass for one that needs no token."""
    monkeypatch.setenv("SEEDANCE_WATCH_PAGE_TOKEN", "0123456789abcdef")
    hosts = (
        b"127.0.0.1/static/",
        b"[::1",
        b"localhost@evil",
        b"",
        b"localhost:80, evil",
        b"a\xffb",
    )
    async with visiting(studio) as visit:
        for host in hosts:
            assert await _asked(visit, host) == b"HTTP/1.1 400 Bad Request"
        assert await _asked(visit, b"localhost") == b"HTTP/1.1 401 Unauthorized"


async def test_an_order_that_comes_during_a_reload_is_not_lost_in_it(
    studio: studios.Studio,
) -> None:
    """It would be recorded behind the back of the daemon that begins: it is said to come again."""
    async with visiting(studio) as visit:
        assert visit.daemon.built
        answers = Answers(load(studio.config), visit.daemon.built)
        await answers.settled()

        said = await answers.obey(Order(Act.HOLD, "shot"))

    assert (said.obeyed, "try again" in said.said) == (False, True)
