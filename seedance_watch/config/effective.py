"""The configuration as it will be used, and where each value comes from; secrets starred."""

import os
from collections.abc import Iterator, Mapping, Sequence

from pydantic import BaseModel

from seedance_watch.config.entry import needs_token
from seedance_watch.config.keys import (
    KeySource,
    key_place,
    page_source,
    s3_sources,
    source_of,
    told_sources,
)
from seedance_watch.config.resolved import Config
from seedance_watch.config.watches import ROLES
from seedance_watch.core.errors import ConfigError
from seedance_watch.core.toml import Table
from seedance_watch.core.toml_lines import Path
from seedance_watch.core.words import path_text, show

Row = tuple[str, str, str]  # key path, value, origin

DEFAULT = "default"
MISSING = "missing"
_WHOLE = 20_000  # nothing is cut: this is what people search for why something happens


def effective(config: Config, *, environ: Mapping[str, str] = os.environ) -> list[Row]:
    """Give every key's effective value and origin ("default", "seedance-watch.toml:12")."""
    later = {path_text(path): (value, origin) for path, value, origin in _found_later(config)}
    rows: list[Row] = []
    for path, written, told in _walk(config.keys, (), config.table):
        key = path_text(path)
        value, origin = later.get(key, (written, told))
        rows.append((key, _shown(value), told if told != DEFAULT else origin))
    return [*rows, *_secrets(config, environ)]


def _found_later(config: Config) -> Iterator[tuple[Path, object, str]]:
    """Give what the file leaves open: absolute folders, names, models, what [inbox] says."""
    yield ("state_dir",), str(config.state_dir), DEFAULT
    for number, watch in enumerate(config.watches):
        here = ("watch", number)
        yield (*here, "name"), watch.name, DEFAULT
        for role in ROLES:
            yield (*here, role), str(watch.folders[role]), DEFAULT
        if "model" in watch.layers[-1].values:
            yield (*here, "model"), watch.layers[-1].values["model"], DEFAULT
        for name, value in watch.settle:
            yield (*here, name), value, _origin(("inbox", name), config.table)


def _walk(keys: BaseModel, path: Path, table: Table) -> Iterator[tuple[Path, object, str]]:
    for name, value in keys:
        here = (*path, name)
        if isinstance(value, BaseModel):
            yield from _walk(value, here, table)
        elif isinstance(value, Sequence) and value and isinstance(value[0], BaseModel):
            for number, each in enumerate(value):
                yield from _walk(each, (*here, number), table)
        elif isinstance(value, Mapping):
            yield from (
                ((*here, key), each, _origin((*here, key), table)) for key, each in value.items()
            )
        else:
            yield here, value, _origin(here, table)


def _origin(path: Path, table: Table) -> str:
    return f"{table.file}:{table.lines[path]}" if path in table.lines else DEFAULT


def _shown(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(show(each, most=_WHOLE) for each in value)}]"
    return "not set" if value is None else show(value, most=_WHOLE)


def _secrets(config: Config, environ: Mapping[str, str]) -> Iterator[Row]:
    sources = [source_of(each) for each in config.providers.values()]
    if config.s3:
        sources += s3_sources(config.s3)
    if needs_token(config.web):
        sources.append(page_source(config.web))
    for told in told_sources(config.notify, config.webhook):
        sources += told
    for source in sources:
        yield source.key.removesuffix("_env"), *_secret(source, environ)


def _secret(source: KeySource, environ: Mapping[str, str]) -> tuple[str, str]:
    try:
        return "********", key_place(source, environ=environ)
    except ConfigError as error:
        return MISSING, error.complaints[0].problem
