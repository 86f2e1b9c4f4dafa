"""Who may open the page: the token, and whether the page can be served at all."""

import importlib.util
import os
from collections.abc import Mapping

from seedance_watch.config.keys import key_reader, page_source
from seedance_watch.config.page import WebKeys
from seedance_watch.config.resolved import Config
from seedance_watch.config.values import loopback
from seedance_watch.core.errors import Complaint, ConfigError
from seedance_watch.core.words import show

_LEAST = 16
_MAKE = "make one with: openssl rand -hex 24"


def servable(config: Config, *, environ: Mapping[str, str] = os.environ) -> None:
    """Make sure that the page, where one is wanted, can be served and is not open to everybody.

    Raises:
        ConfigError: It cannot, or would be.
    """
    if config.web.listen is None:
        return
    if importlib.util.find_spec("jinja2") is None:
        problem, hint = "the page needs Jinja2", "run: pip install 'seedance-watch[web]'"
        raise _wrong(config, "listen", problem, hint)
    page_token(config, environ=environ)


def page_token(config: Config, *, environ: Mapping[str, str] = os.environ) -> str:
    """Give the token that people log in with; "" where only this machine's users can come.

    Raises:
        ConfigError: Others can reach the page and there is none, or it is easily guessed.
    """
    keys, source = config.web, page_source(config.web)
    given = keys.token_file is not None or bool(environ.get(keys.token_env, "").strip())
    credential = source.places(environ)[-2:-1] if not given else []
    given = given or any(file is not None and file.exists() for _, file in credential)
    if not given and not reachable(keys):
        return ""
    try:
        token = key_reader(source, environ=environ)()
    except ConfigError as error:
        who = "can be reached by other machines, so people have to log in with a token"
        problem = f"{show(keys.listen)} {who if reachable(keys) else 'is to ask for a token'}"
        problem += ", and there is no usable one"
        raise _wrong(config, "listen", problem, _cure(error)) from error
    if len(token) < _LEAST:
        problem = f"the token has {len(token)} characters, {_LEAST} are needed"
        raise _wrong(config, "token_env", problem, _MAKE)
    return token


def reachable(keys: WebKeys) -> bool:
    """Whether others than this machine's users can reach the page."""
    return bool(keys.listen and not loopback(keys.listen)) or bool(keys.hosts)


def needs_token(keys: WebKeys) -> bool:
    """Whether a token has to be there."""
    return keys.listen is not None and (reachable(keys) or keys.token_file is not None)


def _cure(error: ConfigError) -> str:
    said = "; ".join(each.problem for each in error.complaints)
    return f"{said}; {_MAKE}, put it into one of them, or listen at 127.0.0.1 without `hosts`"


def _wrong(config: Config, key: str, problem: str, hint: str) -> ConfigError:
    table = config.table
    line = table.line(("web", key))
    return ConfigError((Complaint(table.file, line, f"web.{key}", problem, hint),))
