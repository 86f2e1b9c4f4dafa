"""A changed configuration is applied without a restart, by signal and by order."""

import asyncio
import base64
import gc
import json
import signal
import socket
import time
import weakref
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import outcomes
import pytest
import studios
from serving import Running, daemon, managed, wait
from telling.receiving import receiver

from seedance_watch.app.build import build, folders_made
from seedance_watch.app.service import Service
from seedance_watch.config.load import load
from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.model import State
from seedance_watch.engine.threads import Threads
from seedance_watch.journal import loading
from seedance_watch.sandbox.server import Sandbox

UNPAID = {State.CLAIMING, State.CLAIMED, State.PREPARED, State.STAGED, State.SUBMITTING}


def rewrite(studio: studios.Studio, old: str, new: str) -> None:
    text = studio.config.read_text()
    assert old in text
    studio.config.write_text(text.replace(old, new))


def held(studio: studios.Studio) -> list[str]:
    return [row.held for row in studio.rows()]


def answered(running: Running) -> tuple[int, str, str]:
    told = running.run("reload")
    return told.returncode, told.stdout, told.stderr


def test_a_raised_budget_lets_the_held_job_go(studio: studios.Studio) -> None:
    """At once, and the difference is printed and logged."""
    studio.drop('prompt = "waves"\n')
    with daemon(studio) as running:
        wait(lambda: running.said("job.held"))
        rewrite(studio, "per_day = 0", "per_day = 100.0")

        assert answered(running) == (0, "providers.rivya.budget.per_day: 0.0 -> 100.0\n", "")
        wait(lambda: studio.seen("outbox") == ["shot.mp4", "shot.toml"])
        [line] = [json.loads(line) for line in running.lines if '"config.loaded"' in line]
        assert line["changes"] == ["providers.rivya.budget.per_day: 0.0 -> 100.0"]
    assert running.process.returncode == 0


def test_counts_and_untold_news_outlive_a_reload(studio: studios.Studio, tmp_path: Path) -> None:
    """A counter never begins anew, and what an address would not take is told it afterwards."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    rewrite(studio, "per_day = 0", "per_day = 20")
    (tmp_path / "secret").write_text(f"whsec_{base64.b64encode(bytes(32)).decode()}")
    with receiver() as nas:
        nas.statuses = [503]
        studio.configure(
            more=f'[metrics]\nlisten = "127.0.0.1:{port}"\n[[webhook]]\nurl = "{nas.url}"\n'
            f'secret_file = "{tmp_path / "secret"}"\nevents = ["held"]'
        )
        studio.drop('prompt = "waves"\n', name="a")
        with daemon(studio) as running:
            wait(lambda: studio.seen("outbox") == ["a.mp4", "a.toml"])
            since = status(running)["live"]["since"]
            studio.drop('prompt = "more waves"\n', name="b")
            wait(lambda: running.said("webhook.failed"))
            before = spent(port)
            rewrite(studio, "per_day = 20", "per_day = 20.5")

            assert answered(running) == (0, "providers.rivya.budget.per_day: 20.0 -> 20.5\n", "")
            nas.statuses = [200]
            assert spent(port) == before > 0
            refused = len(nas.got)
            wait(lambda: len(nas.got) > refused)
            assert len({body["data"]["id"] for body in nas.bodies()}) == 1
            assert status(running)["live"]["since"] == since


def status(running: Running) -> dict[str, Any]:
    return dict(json.loads(running.run("status", "--json").stdout))


def spent(port: int) -> float:
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as page:
        text = page.read().decode()
    [line] = [line for line in text.splitlines() if line.startswith("seedance_watch_spend_total{")]
    return float(line.split()[-1])


def test_a_hang_up_does_the_same(studio: studios.Studio, tmp_path: Path) -> None:
    """And the service manager is told when it begins, by its clock, and when it is over."""
    studio.drop('prompt = "waves"\n')
    with managed(str(tmp_path / "notify.sock")) as manager:
        with daemon(studio, NOTIFY_SOCKET=manager.address) as running:
            wait(lambda: running.said("job.held"))
            rewrite(studio, "per_day = 0", "per_day = 100.0")
            before_s = time.monotonic()
            running.hang_up()
            wait(lambda: studio.seen("outbox") == ["shot.mp4", "shot.toml"])
            wait(lambda: len(manager.told("READY")) == 2)

        names = [name for message in manager.messages for name in message]
        at_s = int(manager.told("MONOTONIC_USEC")[0]) / 1e6
    assert (
        names.index("READY") < names.index("RELOADING") < len(names) - names[::-1].index("READY")
    )
    assert before_s <= at_s <= time.monotonic()


def test_a_new_watch_is_watched(studio: studios.Studio) -> None:
    """Its folders are made as at a start, and what lies in the old one is not touched."""
    studio.drop('prompt = "waves"\n')
    with daemon(studio) as running:
        wait(lambda: running.said("job.held"))
        more = '[[watch]]\nname = "more"\ninbox = "more/inbox"\nprovider = "segmind"\n'
        studio.configure(more=more)
        (studio.folder / "more/inbox").mkdir(parents=True)
        studios.Studio(studio.folder / "more").drop('prompt = "more"\n', name="more")

        code, told, _ = answered(running)
        assert (code, 'watch "more".inbox: not set -> ' in told) == (0, True)
        wait((studio.folder / "more/outbox/more.mp4").exists)
        assert sorted(held(studio)) == ["", "budget"]


def test_a_wrong_file_keeps_the_configuration(studio: studios.Studio) -> None:
    """With every complaint, by order and by signal; the daemon goes on as before."""
    with daemon(studio) as running:
        rewrite(studio, "per_day = 0", "per_dya = 1\nper_month = -1")
        code, _, told = answered(running)
        assert (code, "per_dya" in told, "per_month" in told) == (78, True, True)
        assert "nothing was changed" in told
        running.hang_up()
        wait(lambda: running.said("config.refused"))
        [line] = [json.loads(line) for line in running.lines if '"config.refused"' in line]
        assert "per_dya" in line["reason"]
        assert "per_month" in line["reason"]

        studio.drop('prompt = "waves"\n')
        wait(lambda: running.said("job.held"))
        assert not running.said("config.loaded")


def test_what_cannot_change_is_said(studio: studios.Studio) -> None:
    """A watch with open jobs stays, and so do its folders and the journal's."""
    studio.drop('prompt = "waves"\n')
    with daemon(studio) as running:
        wait(lambda: running.said("job.held"))
        rewrite(studio, "[[watch]]\n", '[[watch]]\nname = "other"\n')
        code, _, told = answered(running)
        assert (code, "taken out or renamed while it has open jobs" in told) == (78, True)

        rewrite(studio, 'name = "other"', 'outbox = "elsewhere"')
        code, _, told = answered(running)
        assert (code, "its outbox cannot move" in told) == (78, True)

        rewrite(studio, 'outbox = "elsewhere"', "")
        rewrite(studio, 'state_dir = "state"', 'state_dir = "other"')
        running.hang_up()
        wait(lambda: any("the journal cannot move" in line for line in running.lines))
        code, _, told = answered(running)
        assert (code, "no daemon runs with the state_dir" in told) == (75, True)
    assert held(studio) == ["budget"]


def test_nothing_is_done_where_nothing_changed(studio: studios.Studio) -> None:
    """Not even a pause."""
    with daemon(studio) as running:
        assert answered(running) == (0, "the configuration has not changed\n", "")
        assert not running.said("daemon.ready", times=2)


def test_a_watch_that_cannot_begin_is_taken_back(
    studio: studios.Studio, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Its inbox has another daemon: the configuration before comes back into force."""
    other = studios.lay_out(tmp_path / "other", sandbox.url)
    with daemon(other), daemon(studio) as running:
        studio.configure(more=f'[[watch]]\nname = "theirs"\ninbox = "{other.inbox}"\n')
        code, _, told = answered(running)
        assert (code, "is in use by" in told) == (78, True)
        assert running.said("config.refused")

        studio.drop('prompt = "waves"\n')
        wait(lambda: running.said("job.held"))
    assert running.process.returncode == 0


def test_a_paid_call_is_finished_first(studio: studios.Studio, sandbox: Sandbox) -> None:
    """It is paid once, its answer is recorded, and nobody has to ask for it again."""
    rewrite(studio, "per_day = 0", "per_day = 100.0")
    sandbox.fault("delay_after", "rivya.create", seconds=1.5)
    studio.drop('prompt = "waves"\n')
    with daemon(studio) as running:
        wait(sandbox.tasks)
        rewrite(studio, "per_day = 100.0", "per_day = 50.0")
        code, _, _ = answered(running)
        assert code == 0
        assert [row.state not in UNPAID for row in studio.rows()] == [True]
        wait(lambda: studio.seen("outbox") == ["shot.mp4", "shot.toml"])
    assert outcomes.charges_of(sandbox) == 1
    assert sum("reconcile" in line for line in running.lines) == 0


def test_orders_during_a_reload_are_obeyed_after_it(
    studio: studios.Studio, sandbox: Sandbox
) -> None:
    """By the new daemon, which knows the job as the old one left it."""
    studio.drop('prompt = "waves"\n')
    studio.drop('prompt = "slow"\nprovider = "segmind"\n', name="slow")
    sandbox.fault("delay_after", "segmind.submit", seconds=2.0)
    with daemon(studio) as running:
        wait(lambda: running.said("job.held") and running.said("job.intended"))
        [job] = [row.job_id for row in studio.rows() if row.held]
        rewrite(studio, "per_day = 0", "per_day = 1.0")
        running.hang_up()
        assert running.run("cancel", job).returncode == 0
        wait(lambda: {"shot.png", "shot.toml"} <= set(studio.seen("failed")))
        assert running.said("config.loaded")
    assert not running.said("job.stale")


def test_a_stop_during_a_reload_is_a_stop(studio: studios.Studio, sandbox: Sandbox) -> None:
    """Nothing new is begun, the paid call is finished."""
    rewrite(studio, "per_day = 0", "per_day = 100.0")
    sandbox.fault("delay_after", "rivya.create", seconds=1.5)
    studio.drop('prompt = "waves"\n')
    with daemon(studio) as running:
        wait(sandbox.tasks)
        rewrite(studio, "per_day = 100.0", "per_day = 50.0")
        running.hang_up()
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(20) == 0
    assert [row.state for row in studio.rows()] == [State.RUNNING]
    assert not running.said("config.loaded")


async def test_a_reload_waits_for_no_decoder(studio: studios.Studio) -> None:
    """A joined video may take many minutes, and nothing paid would be fetched meanwhile."""
    config = load(studio.config)
    service = Service(config, Threads.installed())
    await folders_made(config)
    service.built = await build(config, stop=asyncio.Event(), listeners=())
    hours = asyncio.ensure_future(
        asyncio.to_thread(service.built.workers.do, FaultKind.GARBLED, time.sleep, 9_000)
    )
    try:
        await asyncio.sleep(0)
        async with asyncio.timeout(60):
            await service._drained()
        with pytest.raises(Fault):
            await hours
    finally:
        await service.built.close()


async def test_a_reload_leaves_nothing_of_the_life_before(
    studio: studios.Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although a start keeps what it loaded from being searched for garbage."""
    monkeypatch.setattr(loading, "_MANY", 0)
    service = Service(load(studio.config), Threads.installed())
    running = asyncio.ensure_future(service.run())
    try:
        async with asyncio.timeout(60):
            await service._open.wait()
            assert service.built
            before = weakref.ref(service.built.daemon.queue)
            rewrite(studio, "per_day = 0", "per_day = 20")
            assert (await service.reload()).obeyed
        assert gc.get_freeze_count()
        assert before() is None
    finally:
        service.ask_to_stop()
        await running
        gc.unfreeze()
