"""Whether the providers, the daemon and the service manager are as they should be.

No paid call is ever made here: only the balance and the list of models are asked for.
"""

import asyncio
import os
import shutil
from collections.abc import Iterator
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path

from seedance_watch.app.asking import live
from seedance_watch.app.doctor.check import Check, broken, good, note, warning
from seedance_watch.app.providers import gateways, used
from seedance_watch.config.keys import key_place, key_warning
from seedance_watch.config.resolved import Config
from seedance_watch.core.errors import ConfigError, Fault, FaultKind
from seedance_watch.core.health import ills, notes
from seedance_watch.core.model import Money
from seedance_watch.disk import pauses
from seedance_watch.engine.clock import RealClock
from seedance_watch.ports import Clock
from seedance_watch.providers.gateway import Gateway

UNIT = "seedance-watch.service"
_ANSWER_S = 30.0
_SKEW_S = 60.0  # signed addresses and replays bear some minutes
_CURES = {
    FaultKind.UNREACHED: "check the network, the proxy and base_url; jobs wait until then",
    FaultKind.DENIED: "check the key and the account on the provider's own page",
    FaultKind.BUSY: "nothing; ask again in a moment",
}


async def providers(config: Config, clock: Clock | None = None) -> list[Check]:
    """Look at the providers that the watched folders ask."""
    found: list[Check] = []
    paused = {each.provider: str(each) for each in pauses.load(config.state_dir)}
    for name, gateway in gateways(config, clock or RealClock()).items():
        try:
            if name in used(config):
                found += await _provider(config, name, gateway)
        finally:
            await gateway.close()
        if name in paused:
            cure = f"`seedance-watch resume {name}`"
            found.append(warning(name, paused[name].partition(";")[0], cure))
    return found


async def _provider(config: Config, name: str, gateway: Gateway) -> list[Check]:
    keys = config.providers[name]
    try:
        found = [good(f"key of {name}", f"found in {key_place(keys)}")]
    except ConfigError as error:
        said = "; ".join(each.problem for each in error.complaints)
        return [broken(f"key of {name}", said, "put the key there; nothing is asked without it")]
    if open_to := key_warning(keys):
        found.append(warning(f"key of {name}", *_halves(open_to)))
    try:
        async with asyncio.timeout(_ANSWER_S):
            left = await gateway.balance()
            found += [good(name, "it answers"), _credits(name, left, keys.warn_below)]
            found += _models(config, name, await gateway.offered())
    except Fault as fault:
        cure = _CURES.get(fault.kind, "look at the provider's own page, and ask again later")
        found.append(broken(name, fault.reason, cure))
    except TimeoutError:
        cure = _CURES[FaultKind.UNREACHED]
        found.append(broken(name, f"no answer within {_ANSWER_S:.0f} s", cure))
    return [*found, *_clock(name, gateway.skew_s)]


def _halves(text: str) -> tuple[str, str]:
    said, _, cure = text.partition("; ")
    return said, cure


def _credits(name: str, left: Money, warn_below: object) -> Check:
    about, said = f"credits at {name}", f"{left} left"
    if left.amount <= 0:
        return broken(about, said, "fill the account up; jobs wait until then")
    if warn_below is not None and left.amount < Decimal(str(warn_below)):
        return warning(about, f"{said}, less than warn_below", "fill the account up")
    return good(about, said)


def _models(config: Config, name: str, offered: frozenset[str] | None) -> Iterator[Check]:
    """Compare the models that the folders ask for with those that the provider lists."""
    about = f"models of {name}"
    wanted = {model for provider, model in _wanted(config) if provider == name}
    if offered is None:
        yield note(about, "the provider has no list of models that could be asked for")
        return
    gone = sorted(wanted - offered)
    for model in gone:
        cure = "choose another: `seedance-watch check` shows where it is set"
        yield broken(about, f"{model} is not offered any more", cure)
    if wanted and not gone:
        yield good(about, f"offered: {', '.join(sorted(wanted))}")


def _wanted(config: Config) -> Iterator[tuple[str, str]]:
    """Give the providers and models that the watch entries name, routes included."""
    for watch in config.watches:
        for layer in watch.layers:
            values = layer.values
            yield str(values.get("provider", "")), str(values.get("model", ""))
            route = values.get("route")
            for each in route if isinstance(route, list) else []:
                provider, _, model = str(each).partition("/")
                if model:
                    yield provider, model


def _clock(name: str, skew_s: float | None) -> Iterator[Check]:
    if skew_s is None:
        return
    said = f"{abs(skew_s):.0f} s {'behind' if skew_s > 0 else 'ahead of'} {name}'s clock"
    if abs(skew_s) <= _SKEW_S:
        yield good("clock", said)
    else:
        cure = "set it, best by time synchronisation: `timedatectl set-ntp true`"
        yield broken("clock", f"this machine is {said}", cure)


async def daemon(config: Config) -> list[Check]:
    """Look whether a daemon runs, is well, and is of this version."""
    found = await asyncio.to_thread(live, config.state_dir) if config.state_dir.is_dir() else None
    if found is None:
        return [note("daemon", "none runs", "`seedance-watch run` starts it")]
    said = f"process {found.process}, version {found.version}"
    checks = [broken("daemon", each, "restart it") for each in ills(found)]
    checks += [
        warning("daemon", each, "`seedance-watch status` says more") for each in notes(found)
    ]
    if not found.silent and found.version != version("seedance-watch"):
        checks.append(warning("daemon", f"{said}; this is another version", "restart it"))
    if (theirs := _user_of(found.process)) not in {None, os.getuid()}:
        cure = f"sudo -u '#{theirs}' seedance-watch doctor"
        checks.append(warning("daemon", f"it runs as user {theirs}, and this is another", cure))
    return checks or [good("daemon", f"{said}: well")]


def _user_of(process: int) -> int | None:
    try:
        return Path(f"/proc/{process}").stat().st_uid
    except OSError:
        return None


async def unit() -> list[Check]:
    """Look at the service manager's unit, where there is one."""
    systemctl = shutil.which("systemctl")
    found = [await _unit(systemctl, *user) for user in ((), ("--user",))] if systemctl else []
    known = [each for each in found if each]
    return known or [
        note("systemd", "no unit is installed", "`seedance-watch systemd` prints one")
    ]


async def _unit(systemctl: str, *user: str) -> Check | None:
    show = ("show", UNIT, "--property=LoadState,ActiveState,UnitFileState")
    try:
        process = await asyncio.create_subprocess_exec(
            systemctl,
            *user,
            *show,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(10):
            told, _ = await process.communicate()
    except (OSError, TimeoutError):
        return None
    facts = dict(line.split("=", 1) for line in told.decode().splitlines() if "=" in line)
    if facts.get("LoadState") != "loaded":
        return None
    active, enabled = facts.get("ActiveState", ""), facts.get("UnitFileState", "")
    said = f"{' '.join(('unit', *user))}: {active}, {enabled}"
    if active == "failed":
        return broken("systemd", said, f"journalctl {' '.join(user)} -u {UNIT} says why")
    if enabled != "enabled":
        command = " ".join(("systemctl", *user, "enable", "--now", UNIT))
        return warning("systemd", f"{said}: it does not start with the machine", command)
    return good("systemd", said)
