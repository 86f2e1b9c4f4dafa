"""Builds the daemon from a configuration; nothing else knows every part."""

import asyncio
import random
import secrets
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from importlib.metadata import version

from seedance_watch.app import defaults
from seedance_watch.app.providers import gateways
from seedance_watch.app.reading import JOURNAL
from seedance_watch.app.studio import PollLimits, Rules, Studio
from seedance_watch.config.budgets import caps_of, zone_of
from seedance_watch.config.resolved import Config
from seedance_watch.config.watches import Watch
from seedance_watch.core.catalogue import CATALOGUE
from seedance_watch.core.errors import JournalError
from seedance_watch.disk import files, pauses
from seedance_watch.disk.ground import Ground
from seedance_watch.disk.inbox import Inbox, InboxSettings
from seedance_watch.disk.marks import Known
from seedance_watch.disk.mounts import type_of
from seedance_watch.disk.places import PRIVATE
from seedance_watch.disk.spool import Places, Spool
from seedance_watch.engine.accounts import Accounts
from seedance_watch.engine.beats import Beats, inbox_loop
from seedance_watch.engine.chains import Chains
from seedance_watch.engine.clock import RealClock
from seedance_watch.engine.daemon import Daemon
from seedance_watch.engine.drags import Drags
from seedance_watch.engine.grounds import Grounds
from seedance_watch.engine.lanes import Lanes
from seedance_watch.engine.live import Lookout
from seedance_watch.engine.pauses import Pauses
from seedance_watch.engine.purse import Purse, Twins
from seedance_watch.engine.runner import Heard, Runner
from seedance_watch.engine.seats import Seats
from seedance_watch.engine.tools import Tools
from seedance_watch.journal.place import check_local
from seedance_watch.journal.sqlite import SqliteJournal
from seedance_watch.media.decoders import Decoders
from seedance_watch.media.workers import Workers
from seedance_watch.ports import Clock
from seedance_watch.providers.trust import trust

_REMEMBERED = 100  # jobs whose durations are looked up at a start
_UPLOADS = 4  # at a provider at once; more share one line and hold their pictures in memory
FOLDERS = "folders.json"
_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Built:
    """A daemon and what has to be closed after it.

    Attributes:
        daemon: The daemon.
        tools: What it works with.
        workers: Its decoders' processes.
        lookout: Looks at it.
        pauses: Pauses and resumes its lanes.
        keeps_journal: Whether the journal is somebody else's and stays open.
    """

    daemon: Daemon
    tools: Tools
    workers: Workers
    lookout: Lookout
    pauses: Pauses
    keeps_journal: bool = False

    async def close(self) -> None:
        """Let go of connections, processes and of our own journal; may be called twice."""
        self.workers.close()
        for provider in self.tools.providers.values():
            await provider.close()
        if not self.keeps_journal:
            await self.tools.journal.close()


def make_folders(config: Config) -> None:
    """Create the folders of new watch entries.

    Those of an entry that was worked in before are never created again: one that is missing is
    a share that is not mounted, and nothing must be put into its bare mount point.
    """
    for watch in config.watches:
        _make_folders(watch, config)


def _make_folders(watch: Watch, config: Config) -> None:
    first = not (config.state_dir / JOURNAL).exists()
    try:
        new = watch.inbox.is_dir() and not (watch.inbox / PRIVATE).is_dir()
        for folder in watch.folders.values() if first or new else ():
            files.make_dirs(folder)
    except OSError:
        if first:
            raise
        # Else its ground tells what is wrong, and the other entries go on.


async def folders_made(config: Config) -> None:
    """Create the folders of new watch entries, except where a disk does not answer.

    Raises:
        ConfigError: The journal would lie on a network drive; nothing was made.
        OSError: At the very first start: they cannot be made.
    """
    check_local(config.state_dir, type_of(config.state_dir))
    loop = asyncio.get_running_loop()
    making = [loop.run_in_executor(None, _make_folders, each, config) for each in config.watches]
    made, _ = await asyncio.wait(making, timeout=_PATIENCE_S)
    for each in made:
        each.result()


async def open_journal(config: Config) -> SqliteJournal:
    """Open a configuration's journal and become its only writer.

    Raises:
        SpoolError: Another process holds it, or its folder cannot be used.
        JournalError: It is damaged.
    """
    fs_type = type_of(config.state_dir)
    return await SqliteJournal.open(config.state_dir / JOURNAL, fs_type=fs_type)


async def build(
    config: Config,
    *,
    stop: asyncio.Event,
    listeners: tuple[Heard, ...],
    clock: Clock | None = None,
    apart: bool = True,
    journal: SqliteJournal | None = None,
) -> Built:
    """Open the journal and put everything together.

    Args:
        config: What to do.
        stop: Set to ask the daemon for a stop.
        listeners: Told every recorded event after it is durable.
        clock: The time; None: the machine's.
        apart: Whether files are decoded in processes of their own.
        journal: The configuration's journal, where somebody has it open; None: it is opened.

    Raises:
        SpoolError: Another process holds the journal, or its folder cannot be used.
        JournalError: The journal is damaged.
    """
    clock = clock or RealClock()
    workers = Workers()
    decoders = Decoders(workers.do) if apart else Decoders()
    kept, journal = journal is not None, journal or await open_journal(config)
    grounds = _grounds(config)
    spool = Spool({watch.name: _places(watch) for watch in config.watches}, grounds)
    standing = Grounds(grounds)
    desk = studio(config, decoders)
    providers = gateways(config, clock)
    tools = Tools(
        clock=clock,
        journal=journal,
        spool=spool,
        studio=desk,
        providers=providers,
        workers=Seats(config.limits.workers, standing.frozen),
        uploads={name: Seats(_UPLOADS, standing.frozen) for name in providers},
        grounds=standing,
        min_free_bytes=config.limits.min_free_bytes,
        purse=_purse(config, journal, spool),
        chains=Chains(journal, spool),
    )
    luck = random.Random().random  # noqa: S311 - jitter, not a secret
    lanes = Lanes({name: keys.max_in_flight for name, keys in config.providers.items()}, luck)
    lanes.pauses.update((each.provider, each) for each in pauses.load(config.state_dir))
    runner = Runner(tools, lanes, luck, stop.is_set, listeners=[*listeners, desk.heard])
    beats = Beats()
    inboxes = {
        watch.name: _inbox(watch, clock, decoders, grounds[watch.name], beats)
        for watch in config.watches
    }
    accounts = _accounts(config, tools)
    accounts.beat = partial(beats.beat, "accounts")
    besides = (accounts.watch, partial(_resting, workers, clock))
    daemon = Daemon(
        runner, lanes, inboxes, partial(secrets.token_hex, 16), stop, besides=besides, beats=beats
    )
    daemon.needs, daemon.soon = (trust,), (partial(_remember, journal, desk),)
    hands = daemon.turns.hands
    drags = Drags(daemon.queue, inboxes, spool, journal, clock, daemon.obey, hands.refuse)
    daemon.besides, daemon.errands = (*besides, drags.run), (drags.once,)
    lookout = Lookout(daemon, accounts, desk.version)
    paused = Pauses(daemon, partial(pauses.keep, config.state_dir))
    return Built(daemon, tools, workers, lookout, paused, keeps_journal=kept)


async def _remember(journal: SqliteJournal, desk: Studio) -> None:
    """Learn from the last jobs how long tasks take; what is damaged teaches nothing.

    The look at the whole journal tells it, and what to do.
    """
    with suppress(JournalError):
        for job in await journal.ended(_REMEMBERED):
            desk.durations.learn(job)


async def _resting(workers: Workers, clock: Clock, stop: asyncio.Event) -> None:
    """End processes without work now and then, until stopped."""
    while not await clock.pause(workers.idle_s / 2, stop):
        await asyncio.to_thread(workers.rest)


def _accounts(config: Config, tools: Tools) -> Accounts:
    """Give the accounts that the watched folders spend from."""
    used = {keys.provider for keys in config.keys.watch}
    return Accounts(
        tools.clock,
        {name: provider for name, provider in tools.providers.items() if name in used},
        {
            name: Decimal(str(keys.warn_below))
            for name, keys in config.providers.items()
            if keys.warn_below is not None
        },
        config.limits.balance_every_s,
    )


def _purse(config: Config, journal: SqliteJournal, spool: Spool) -> Purse:
    """Give the limits of a configuration."""
    twins = {watch.name: Twins(watch.duplicates) for watch in config.watches}
    hours = {watch.name: watch.hours for watch in config.watches}
    return Purse(journal, spool, caps_of(config, CATALOGUE), zone_of(config), twins, hours)


def studio(config: Config, decoders: Decoders) -> Studio:
    """Give the local work of a configuration."""
    return Studio(
        rules={watch.name: Rules(watch.inbox, watch.layers) for watch in config.watches},
        prices=config.prices,
        polls={
            name: PollLimits(keys.poll_first_s, keys.poll_max_s)
            for name, keys in config.providers.items()
        },
        max_video_bytes=config.limits.max_video_bytes,
        version=version("seedance-watch"),
        decoders=decoders,
    )


def _grounds(config: Config) -> dict[str, Ground]:
    """Give what is known of the folders of each watch entry."""
    known = Known(config.state_dir / FOLDERS)
    least = config.limits.min_free_bytes
    return {
        watch.name: Ground(watch.name, watch.folders, known, min_free_bytes=least)
        for watch in config.watches
    }


def _places(watch: Watch) -> Places:
    """Give a watch entry's folders to the spool."""
    return Places(watch.inbox, watch.outbox, watch.done, watch.failed, watch.held)


def settings_of(watch: Watch) -> InboxSettings:
    """Say how a watch entry's inbox is watched."""
    keys = watch.settle
    return InboxSettings(
        scan_local_s=keys.scan_local_s,
        scan_network_s=keys.scan_network_s,
        quiet_s=keys.quiet_s,
        sidecar_grace_s=keys.sidecar_grace_s,
        orphan_s=keys.orphan_s,
        recursive=watch.recursive,
        ignore=tuple(keys.ignore),
        events=keys.events,
    )


def _inbox(watch: Watch, clock: Clock, decoders: Decoders, ground: Ground, beats: Beats) -> Inbox:
    """Give the watcher of one inbox."""
    return Inbox(
        watch.name,
        watch.inbox,
        settings=settings_of(watch),
        clock=clock,
        whole=decoders.whole,
        glance=partial(defaults.seen, watch.inbox, watch.layers),
        has_prompt=lambda folder: defaults.have_prompt(watch.inbox, folder, watch.layers),
        sure=partial(ground.sure, "inbox"),
        beat=partial(beats.beat, inbox_loop(watch.name)),
    )
