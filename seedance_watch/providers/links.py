"""Which addresses may be fetched, and how an address is shown to people.

A provider's answer is not trusted to choose where we go. A link must be https and lead to a
public address, whatever its name resolves to. There is one exception: when the provider itself
is on loopback, links on that same host and port are accepted, http too.

The text of a link is judged here; the addresses that its name resolves to are judged in
network.py, at the moment of connecting, so that a name cannot change its mind in between.
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from seedance_watch.core.errors import Fault, FaultKind

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Stricter than the standard, so that no two parsers can read two hosts out of one text: no
# user name, no backslash, no blanks, no characters beyond ASCII in the host.
_URL = re.compile(
    r"(?P<scheme>https?)://(?:\[(?P<six>[0-9a-f:.]+)\]|(?P<host>[a-z0-9._-]+))"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<path>/[^\s\\?#]*)?(?:[?#][^\s\\]*)?",
    re.IGNORECASE,
)
# 2130706433, 0177.0.0.1, 127.1, 0x7f.1: some resolvers and proxies read an address out of them.
_ENDS_IN_NUMBER = re.compile(r"(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.*$")
_QUERY = re.compile(r"(https?://[^\s\"'<>?#]*)[?#][^\s\"'<>]*", re.IGNORECASE)
_PORTS = {"https": 443, "http": 80}
# IPv6 addresses that carry an IPv4 address in their last 32 bits (RFC 6052).
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Not on the open internet, whatever this Python's table says: machines of clouds that tell the
# secrets of whoever asks (Oracle's, Azure's), relays of 6to4, local NAT64, documentation, SRv6.
_NEVER = tuple(
    map(
        ipaddress.ip_network,
        (
            *("192.0.0.0/24", "168.63.129.16/32", "192.88.99.0/24", "64:ff9b:1::/48"),
            *("3fff::/20", "5f00::/16"),
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Place:
    """The part of an address that says where to connect; `path` is for people."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        """Give scheme, host and port, the port left out where it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    @property
    def on_loopback(self) -> bool:
        """Whether the host is this machine, by its number or by the name kept for it."""
        if _is_local(self.host):
            return True
        number = address_of(self.host)
        return number is not None and number.is_loopback


def place(url: str) -> Place | None:
    """Take an address apart; None when it is not plainly an http(s) address."""
    found = _URL.fullmatch(url)
    if found is None:
        return None
    scheme = found["scheme"].lower()
    port = int(found["port"] or _PORTS[scheme])
    if not 0 < port < 65536:
        return None
    return Place(scheme, (found["six"] or found["host"]).lower(), port, found["path"] or "/")


def shown(url: str) -> str:
    """Show an address without its query, which may hold a signature."""
    return re.split(r"[?#]", url, maxsplit=1)[0][:300]


def without_queries(text: str) -> str:
    """Cut the query of every link in a text."""
    return _QUERY.sub(r"\1?...", text)


@dataclass(frozen=True, slots=True)
class LinkRule:
    """The rule, for one provider.

    Attributes:
        own: Where the provider is, if that is on loopback; else None.
    """

    own: Place | None = None

    @classmethod
    def of(cls, base_url: str) -> "LinkRule":
        """Make the rule for a provider with this base_url."""
        base = place(base_url)
        return cls(base if base is not None and base.on_loopback else None)

    def is_own(self, host: str, port: int) -> bool:
        """Whether this is the provider on loopback itself."""
        return self.own is not None and (self.own.host, self.own.port) == (host.lower(), port)

    def check(self, url: str, doing: str) -> Place:
        """Judge the text of a link.

        Raises:
            Fault: GARBLED, code "link".
        """
        found = place(url)
        problem = _problem(self, found)
        if problem:
            raise refused(doing, shown(url), problem)
        assert found is not None
        return found


def _problem(rule: LinkRule, found: Place | None) -> str:
    """Say what is wrong with a link's text, "" for nothing."""
    if found is None:
        return "it is not a plain http or https address"
    if rule.is_own(found.host, found.port):
        return ""
    if found.scheme != "https":
        return "it is not https"
    number = address_of(found.host)
    if _is_local(found.host) or (number is not None and not public(number)):
        return "it leads into a private network"
    if number is None and _ENDS_IN_NUMBER.search(found.host):
        return "its host is a number written in an unusual way"
    return ""


def _is_local(host: str) -> bool:
    """Whether a name is kept for this machine (RFC 6761)."""
    return f".{host.rstrip('.')}".endswith(".localhost")


def refused(doing: str, link: str, problem: str) -> Fault:
    """Say that a link is not followed, and why."""
    reason = (
        f"{doing}: the link {link!r} is not followed, because {problem}; ask the provider about "
        "it, or release the job to ask for a fresh link"
    )
    return Fault(FaultKind.GARBLED, reason, code="link")


def address_of(host: str) -> Address | None:
    """Read a host that is written as an address."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def public(address: Address) -> bool:
    """Whether an address, and every address hidden in it, is on the open internet."""
    hidden = _hidden(address)
    if hidden is not None:
        return public(hidden)
    if isinstance(address, ipaddress.IPv6Address) and address.is_site_local:
        return False
    if any(address in network for network in _NEVER):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _hidden(address: Address) -> ipaddress.IPv4Address | None:
    """Give the IPv4 address that an IPv6 address is a wrapping of."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


async def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system for a name's addresses, in the order to try them.

    Raises:
        OSError: No such name, or nobody to ask.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # an empty or overlong label
        raise OSError(f"{host!r} is not a host name") from error
    return list(dict.fromkeys(str(info[4][0]) for info in found))


def all_public(addresses: Sequence[str]) -> bool:
    """Whether a name may be followed: it has addresses and each of them is public."""
    return bool(addresses) and all(
        public(ipaddress.ip_address(each.partition("%")[0])) for each in addresses
    )
