"""The kinds of values that keys of the configuration have, and what is wrong with others."""

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from seedance_watch.core.hours import hours_of
from seedance_watch.core.ignore import check_line
from seedance_watch.core.words import show

DAY_S = 86_400.0
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_KEY_STARTS = re.compile(r"rvya_sk_|rvya_|SG_[0-9a-f]{6}|AKIA[0-9A-Z]{8}")


class Keys(BaseModel):
    """A table of the configuration."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        defer_build=True,  # the whole file's table builds all others
    )


def _address(text: str) -> str:
    """Accept https anywhere and http on this machine only; never show what may hold a password."""
    parts = urlsplit(text)
    if parts.username is not None or parts.password is not None:
        raise ValueError("an address must not hold a user name or password")
    if not parts.hostname or parts.query or parts.fragment:
        raise ValueError('must be an address such as "https://host" or "https://host/path"')
    if parts.scheme != "https" and (parts.scheme != "http" or parts.hostname not in _LOOPBACK):
        raise ValueError("must begin with https:// (http:// is for this machine's 127.0.0.1 only)")
    return text.rstrip("/")


def _variable(text: str) -> str:
    """Accept the name of an environment variable, and notice a key written in its place."""
    if _KEY_STARTS.match(text):
        raise ValueError(
            "holds a key itself; write the name of an environment variable here and put the key "
            "into that variable (and make a new key, as this one was written down)"
        )
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,99}", text):
        raise ValueError("must be the name of an environment variable: letters, digits and _")
    return text


def _folder(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty; write a path")
    try:
        Path(text).expanduser()
    except RuntimeError as error:
        user = text.split("/", 1)[0]
        raise ValueError(f"there is no home folder for {user}; write the whole path") from error
    return text


def _key_file(text: str) -> str:
    if _KEY_STARTS.match(text):
        raise ValueError(
            "holds a key itself; write the path of a file here and put the key into that file "
            "(and make a new key, as this one was written down)"
        )
    return _folder(text)


def _listen(text: str) -> str:
    """Accept HOST:PORT, or a port alone, which is one of this machine's own address."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") or "127.0.0.1"
    host = "127.0.0.1" if host == "localhost" else host
    try:
        ip_address(host)
        number = int(port) if port.isascii() and port.isdigit() else -1
    except ValueError:
        number = -1
    if not 0 < number < 65_536:
        raise ValueError('must be an address such as "127.0.0.1:9469", or a port such as "9469"')
    return f"[{host}]:{number}" if ":" in host else f"{host}:{number}"


def loopback(listen: str) -> bool:
    """Whether only this machine can reach a listening address."""
    return ip_address(listen.rpartition(":")[0].strip("[]")).is_loopback


def _host_name(text: str) -> str:
    """Accept a host's name as a browser sends it, without port."""
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", text):
        raise ValueError('must be the name of a host, such as "studio.example"')
    return text.lower()


def _receiver(text: str) -> str:
    """Accept an address to post to, also one within the house that has no certificate."""
    parts = urlsplit(text)
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError("an address must not hold a user name, a password or a fragment")
    if parts.scheme not in {"http", "https"} or not parts.hostname or not text.isascii():
        raise ValueError('must be an address such as "https://host/path"')
    return text


def _command(words: list[str]) -> list[str]:
    bad = any("\0" in word for word in words) or "=" in "".join(words[:1])
    if words and (bad or not words[0].strip()):
        raise ValueError('must be a program and its arguments, such as ["/usr/bin/program", "-x"]')
    return words


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ValueError, OSError, ZoneInfoNotFoundError) as error:
        raise ValueError("is not the name of a time zone, such as Europe/Berlin") from error
    return text


def _hours(text: str) -> str:
    try:
        hours_of(text)
    except ValueError as error:
        raise ValueError(f"{show(text)} is no span of hours: {error}") from error
    return text


def _ignored(line: str) -> str:
    check_line(line)
    return line


Amount = Annotated[float, Field(ge=0, le=1e9)]
Seconds = Annotated[float, Field(gt=0, le=30 * DAY_S)]
Address = Annotated[str, AfterValidator(_address)]
Variable = Annotated[str, AfterValidator(_variable)]
Folder = Annotated[str, AfterValidator(_folder)]
KeyFile = Annotated[str, AfterValidator(_key_file)]
HoursText = Annotated[str, AfterValidator(_hours)]
IgnoredName = Annotated[str, AfterValidator(_ignored)]
Listen = Annotated[str, AfterValidator(_listen)]
HostName = Annotated[str, AfterValidator(_host_name)]
Receiver = Annotated[str, AfterValidator(_receiver)]
Command = Annotated[list[str], AfterValidator(_command)]
Zone = Annotated[str, AfterValidator(_zone)]
