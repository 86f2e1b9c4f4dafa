"""The limits of the configuration, and whose days and months they count."""

import os
from collections.abc import Iterator
from datetime import UTC, tzinfo
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from seedance_watch.config.resolved import Config
from seedance_watch.config.schema import BudgetKeys
from seedance_watch.core.budget import Cap, Period
from seedance_watch.core.model import Money
from seedance_watch.core.models import Catalogue

_LOCAL = Path("/etc/localtime")


def caps_of(config: Config, catalogue: Catalogue) -> tuple[Cap, ...]:
    """Give every limit, in its provider's unit."""
    units = {model.provider: model.price.unit for model in catalogue.values()}
    return tuple(
        Cap(
            f"{key}.per_{period}",
            provider,
            watch,
            period,
            Money(Decimal(str(most)), units[provider]),
        )
        for key, provider, watch, keys in _budgets(config)
        for period in Period
        if (most := getattr(keys, f"per_{period}")) is not None
    )


def _money(amount: float, unit: str) -> Money:
    """Give the amount that was written, not the binary fraction nearest to it."""
    return Money(Decimal(str(amount)), unit)


def _budgets(config: Config) -> Iterator[tuple[str, str, str, BudgetKeys]]:
    """Give each budget with its key path, its provider and its watch entry."""
    for provider, keys in config.providers.items():
        yield f"providers.{provider}.budget", provider, "", keys.budget
    for watch in config.watches:
        for provider, budget in watch.budget:
            yield f"budget.{provider} of {watch.name!r}", provider, watch.name, budget


def zone_of(config: Config) -> tzinfo:
    """Give the time zone whose days and months count: the configured one, else the machine's.

    A machine that does not say where it is counts in UTC.
    """
    name = config.limits.timezone or os.environ.get("TZ", "").lstrip(":")
    try:
        return ZoneInfo(name) if name else _machines()
    except (ValueError, OSError, LookupError):
        return UTC


def _machines() -> tzinfo:
    """Read the machine's own zone."""
    with _LOCAL.open("rb") as file:
        return ZoneInfo.from_file(file, key="localtime")
