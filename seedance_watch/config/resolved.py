"""A configuration with every default filled in, the ones that depend on the machine included."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import platformdirs

from seedance_watch.config.page import WebKeys
from seedance_watch.config.prices import prices_of
from seedance_watch.config.schema import (
    ConfigKeys,
    LimitKeys,
    LogKeys,
    ProviderKeys,
    RivyaKeys,
    S3Keys,
    SegmindKeys,
)
from seedance_watch.config.telling import MetricsKeys, NotifyKeys, WebhookKeys
from seedance_watch.config.values import Keys
from seedance_watch.config.watches import Watch, located, watch_of
from seedance_watch.core.models import Catalogue
from seedance_watch.core.sidecar import Prices
from seedance_watch.core.toml import Table

K = TypeVar("K", bound=Keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A configuration that can be used.

    Attributes:
        file: Where it was read from, absolute.
        state_dir: Folder for the journal and its lock.
        watches: The watched folders.
        rivya: Settings of Rivya.
        segmind: Settings of Segmind.
        s3: The bucket that lends images, None: there is none.
        limits: Bounds.
        log: What is logged.
        metrics: Figures for monitoring.
        web: The page for browsers.
        notify: Channels that are told what happened.
        webhook: Addresses that are told what happened.
        prices: The operator's own prices.
        table: The file as it was written, for showing what comes from where.
        keys: The file with every default filled in.
    """

    file: Path
    state_dir: Path
    watches: tuple[Watch, ...]
    rivya: RivyaKeys
    segmind: SegmindKeys
    s3: S3Keys | None
    limits: LimitKeys
    log: LogKeys
    metrics: MetricsKeys
    web: WebKeys
    notify: tuple[NotifyKeys, ...]
    webhook: tuple[WebhookKeys, ...]
    prices: Prices
    table: Table
    keys: ConfigKeys

    @property
    def providers(self) -> Mapping[str, ProviderKeys]:
        """The providers' settings by name."""
        return {"rivya": self.rivya, "segmind": self.segmind}


def resolved(
    keys: ConfigKeys,
    table: Table,
    *,
    file: Path,
    catalogue: Catalogue,
    environ: Mapping[str, str],
) -> Config:
    """Fill in the defaults that depend on where we are."""
    folder = file.parent
    s3 = keys.image_host.s3
    return Config(
        file=file,
        state_dir=_state_dir(keys, folder, environ),
        watches=tuple(
            watch_of(each, place, inbox=keys.inbox, table=table, folder=folder)
            for place, each in enumerate(keys.watch)
        ),
        rivya=_with_files(keys.providers.rivya, folder),
        segmind=_with_files(keys.providers.segmind, folder),
        s3=None if s3 is None else _with_files(s3, folder),
        limits=keys.limits,
        log=keys.log,
        metrics=_metrics(keys.metrics, folder),
        web=_with_files(keys.web, folder),
        notify=tuple(_with_files(each, folder) for each in keys.notify),
        webhook=tuple(_with_files(each, folder) for each in keys.webhook),
        prices=prices_of(keys.providers, catalogue),
        table=table,
        keys=keys,
    )


def _metrics(keys: MetricsKeys, folder: Path) -> MetricsKeys:
    if keys.textfile is None:
        return keys
    return keys.model_copy(update={"textfile": str(located(keys.textfile, folder))})


def _state_dir(keys: ConfigKeys, folder: Path, environ: Mapping[str, str]) -> Path:
    if keys.state_dir is not None:
        return located(keys.state_dir, folder)
    if given := environ.get("STATE_DIRECTORY", "").split(":")[0]:
        return Path(given)
    return platformdirs.user_state_path("seedance-watch")


def _with_files(keys: K, folder: Path) -> K:
    """Make the paths of key files absolute."""
    files = {
        name: str(located(path, folder))
        for name, path in keys
        if name.endswith("_file") and path is not None
    }
    return keys.model_copy(update=files)
