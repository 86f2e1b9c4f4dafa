"""`balance`: what is left on the providers' accounts."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from seedance_watch.app.providers import gateways, used
from seedance_watch.cli.exits import Exit, say, show
from seedance_watch.config.load import find_config, load
from seedance_watch.config.resolved import Config
from seedance_watch.core.errors import Fault
from seedance_watch.core.model import Money
from seedance_watch.engine.clock import RealClock
from seedance_watch.faces import log


def balance(
    *,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Ask the providers that the watched folders use what is left on their accounts.

    Exits with 78 when a key is missing, with 75 when a provider does not tell.

    Parameters
    ----------
    config
        The configuration; found as by `run`.
    as_json
        One JSON object per line.
    """
    log.configure(level="warning")
    found = asyncio.run(_ask(load(find_config(config))))
    for name, left in found.items():
        if isinstance(left, Fault):
            say(f"{name}: {left.reason}")
        elif as_json:
            show(json.dumps({"provider": name, "left": left.digits, "unit": left.unit}))
        else:
            show(f"{name}\t{left}")
    return _code([left for left in found.values() if isinstance(left, Fault)])


def _code(faults: Sequence[Fault]) -> Exit:
    """Give the exit code of what went wrong."""
    if any(fault.code == "no_key" for fault in faults):
        return Exit.CONFIG
    return Exit.TRY_AGAIN if faults else Exit.OK


async def _ask(config: Config) -> Mapping[str, Money | Fault]:
    """Ask each provider in turn."""
    found: dict[str, Money | Fault] = {}
    asked = used(config)
    for name, gateway in gateways(config, RealClock()).items():
        if name not in asked:
            continue
        try:
            found[name] = await gateway.balance()
        except Fault as fault:
            found[name] = fault
        finally:
            await gateway.close()
    return found
