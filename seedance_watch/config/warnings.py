"""What is no reason not to start, and will be missed when it is needed."""

import importlib.util
import os
import shutil
from collections.abc import Iterator, Mapping

from seedance_watch.config.keys import key_place, told_sources
from seedance_watch.config.resolved import Config
from seedance_watch.core.errors import ConfigError
from seedance_watch.core.words import show


def warnings(config: Config, *, environ: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Say what those who are to be told would not be told by; sentences."""
    yield from _commands(config)
    if config.notify and importlib.util.find_spec("apprise") is None:
        yield "notify: Apprise is missing, so nobody is told; pip install 'seedance-watch[notify]'"
    for sources in told_sources(config.notify, config.webhook):
        for source in sources:
            try:
                key_place(source, environ=environ)
            except ConfigError as error:
                yield str(error)


def _commands(config: Config) -> Iterator[str]:
    """Name the programs of hooks that are not there or may not be run."""
    for number, watch in enumerate(config.watches, start=1):
        for name, words in watch.hooks:
            if isinstance(words, list) and words and shutil.which(words[0]) is None:
                where = f"watch[{number}].hooks.{name}"
                yield f"{where}: {show(words[0])} is not there, or may not be run by this user"
