"""Messages to people: grouped, never in a job's way, and their URL is shown nowhere."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest
import studios
from structlog.testing import capture_logs
from telling.conftest import DEADLINE_S, telling
from telling.receiving import Receiver, receiver

from seedance_watch.core.errors import ConfigError
from seedance_watch.core.model import Money
from seedance_watch.core.news import Kind, News
from seedance_watch.faces import notices
from seedance_watch.faces.digest import digest
from seedance_watch.faces.notices import Notices, Unsent, send, without

# One of its hundred services still uses a module that Python will drop.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@pytest.fixture
def mail() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


def channel(mail: Receiver, token: str = "token-1234") -> str:
    return mail.url.replace("http://", f"json://me:{token}@") + "/room-77"


def news(kind: Kind = Kind.FAILED, number: int = 1, **more: object) -> News:
    facts: dict[str, object] = {
        "kind": kind, "at": 1.0, "id": f"j{number}.9", "watch": "studio", "job": f"j{number}",
        "label": f"shot{number}", "reason": "no such model", "code": "bad_model",
    }  # fmt: skip
    return News(**{**facts, **more})  # type: ignore[arg-type]


async def until(fact: object) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not fact():  # type: ignore[operator]
            await asyncio.sleep(0.01)


@asynccontextmanager
async def told(url: str, *, window_s: float = 0.3) -> AsyncIterator[Notices]:
    """A channel that is told until the block has ended."""
    stop, kinds = asyncio.Event(), frozenset({Kind.FAILED, Kind.HELD, Kind.PAUSED})
    found = Notices("notify[1]", lambda: url, kinds, frozenset({"studio"}), window_s, first_s=0.1)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(found.run(stop))
        try:
            yield found
        finally:
            stop.set()


async def test_a_hundred_failures_are_one_message(mail: Receiver) -> None:
    """It says how many, which, and why, once."""
    async with told(channel(mail), window_s=30.0) as outlet:
        for number in range(100):
            outlet.take(news(number=number, reason=f"job j{number}: no such model"))
        await until(lambda: mail.got)

    [message] = mail.bodies()
    assert message["title"] == "seedance-watch: 100 failed"
    assert message["message"] == (
        "100 failed in studio: shot0, shot1, shot2, shot3, shot4, shot5 and 94 more\n"
        "job j0: no such model"
    )
    assert message["type"] == "failure"


async def test_the_first_goes_soon_and_the_window_is_one_more(mail: Receiver) -> None:
    """Nobody waits for the first; what follows it is gathered; a stop waits for no window."""
    async with told(channel(mail), window_s=3600.0) as outlet:
        outlet.take(news(number=1))
        await until(lambda: mail.got)
        outlet.take(news(number=2))
        outlet.take(news(number=3))
        await asyncio.sleep(0.3)
        assert len(mail.got) == 1

    first, second = mail.bodies()
    assert first["title"] == "seedance-watch: failed: shot1"
    assert second["title"] == "seedance-watch: 2 failed"


async def test_only_what_is_wanted_is_told(mail: Receiver) -> None:
    """By what happened and by folder; a provider concerns every folder."""
    async with told(channel(mail)) as outlet:
        outlet.take(news(Kind.DONE))
        outlet.take(news(watch="other"))
        outlet.take(news(Kind.PAUSED, watch="", job="", label="rivya", reason="no credits"))

    assert [message["message"] for message in mail.bodies()] == ["paused: rivya\nno credits"]


async def test_a_channel_that_fails_is_said_once_and_told_later(mail: Receiver) -> None:
    """Nothing that happened meanwhile is lost, and the log does not fill."""
    mail.statuses = [500, 500, 500, 200]
    with capture_logs() as logs:
        async with told(channel(mail), window_s=0.05) as outlet:
            outlet.take(news(number=1))
            await until(lambda: len(mail.got) == 2)
            outlet.take(news(number=2))
            await until(lambda: "notice.sent" in [line["event"] for line in logs])

    assert [line["event"] for line in logs] == ["notice.failed", "notice.recovered", "notice.sent"]
    assert "500" in logs[0]["reason"]
    assert mail.bodies()[-1]["title"] == "seedance-watch: 2 failed"


async def test_the_url_is_a_secret(mail: Receiver) -> None:
    """Neither our log nor the library's shows a part of it."""
    mail.statuses = [403]
    urls = [
        channel(mail, "s3cr3t-t0k3n"),
        "json://me:s3cr3t-t0k3n@127.0.0.1:1/room-77",
        "bogus://s3cr3t-t0k3n/room-77",
        "slack://s3cr3t-t0k3n/room-77",
    ]
    root, said = logging.getLogger(), Collecting()
    root.addHandler(said)  # as ours, which logs what libraries say
    try:
        with capture_logs() as logs:
            for url in urls:
                async with told(url) as outlet:
                    outlet.take(news())
    finally:
        root.removeHandler(said)

    assert [line["event"] for line in logs] == ["notice.failed"] * len(urls)
    assert "s3cr3t" not in str(logs)
    assert "room-77" not in str(logs)
    assert said.lines == []


class Collecting(logging.Handler):
    """Keeps what libraries say."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def test_parts_of_a_url_are_cut_also_when_they_are_quoted() -> None:
    """A library may say a password as it was written, or as it means."""
    text = without(
        "ntfys://a%40b-user:p%2Fword@host.example/topic?k=value", "p/word p%2Fword value!"
    )

    assert text == "*** *** ***!"


def test_what_is_no_message_is_told(mail: Receiver) -> None:
    """The reason says what the other side answered."""
    mail.statuses = [404]
    with pytest.raises(Unsent, match="404"):
        send(channel(mail), "title", "text", bad=True)
    with pytest.raises(Unsent, match="none that Apprise understands"):
        send("nothing", "title", "text", bad=True)


async def test_a_channel_without_a_url_is_told_at_the_start() -> None:
    """Not on the night when somebody should have been woken."""

    def none() -> str:
        raise ConfigError(())

    stop = asyncio.Event()
    stop.set()
    with capture_logs() as logs:
        await Notices("notify[1]", none, frozenset(Kind), frozenset(), 1.0).run(stop)

    assert [line["event"] for line in logs] == ["notice.failed"]


async def test_a_missing_library_is_told_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to type."""
    monkeypatch.setattr(notices.importlib.util, "find_spec", lambda _name: None)
    stop = asyncio.Event()
    stop.set()
    with capture_logs() as logs:
        await Notices("notify[1]", lambda: "json://x", frozenset(Kind), frozenset(), 1.0).run(stop)

    assert "pip install 'seedance-watch[notify]'" in logs[0]["reason"]


async def test_a_channel_that_hangs_holds_up_nothing(
    studio: studios.Studio, mail: Receiver
) -> None:
    """While it does not answer videos are made; of a run a person is told what failed."""
    url = studio.folder / "notify.url"
    url.write_text(channel(mail))
    studio.configure(more=f'[[notify]]\nurl_file = "{url}"\nwindow_s = 0.1\nevents = ["failed"]')
    mail.answering.clear()
    async with telling(studio) as daemon:
        for number in range(3):
            studio.drop("prompt = 3\n", name=f"bad{number}")
        await daemon.until(lambda: mail.got)
        studio.drop('prompt = "p"\n', name="good")
        await daemon.until(lambda: len(studio.seen("done")) == 2)
        mail.answering.set()

    assert "failed in studio: bad" in mail.bodies()[0]["message"]
    assert "prompt" in mail.bodies()[0]["message"]


async def test_a_paused_provider_is_told(studio: studios.Studio, mail: Receiver) -> None:
    """That is what the operator has to know first; no job says it."""
    (studio.folder / "rivya.key").write_text("wrong-key-0000")
    url = studio.folder / "notify.url"
    url.write_text(channel(mail))
    studio.configure(more=f'[[notify]]\nurl_file = "{url}"')
    async with telling(studio) as daemon:
        studio.drop('prompt = "p"\n')
        await daemon.until(lambda: mail.got)

    assert mail.bodies()[0]["title"] == "seedance-watch: paused: rivya"


# What a message says


def test_a_message_begins_with_what_is_wrong() -> None:
    """And sums up what went well."""
    cost = Money(Decimal(16), "credits")
    title, text = digest(
        [
            news(Kind.DONE, 1, reason="", cost=cost),
            news(Kind.DONE, 2, reason="", cost=cost),
            news(Kind.HELD, 3, code="budget", reason="the day's budget is spent"),
        ]
    )

    assert title == "seedance-watch: 1 held, 2 done"
    assert text == (
        "held in studio: shot3\nthe day's budget is spent\n\n"
        "2 done in studio: shot1, shot2 (32 credits)"
    )


def test_a_message_is_bounded_and_names_steer_nothing() -> None:
    """However many things happened, and whatever files are called."""
    many = [
        news(number=n, label="\x1b[2J\n" + "x" * 50, code=str(n), reason="y" * 10_000)
        for n in range(500)
    ]
    _title, text = digest(many)

    assert len(text) < 10_000
    assert text.endswith("... and 488 more")
    assert "\x1b" not in text
    assert "\\x1b[2J\\nxxx" in text
