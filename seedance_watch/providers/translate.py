"""The one table from the exceptions of httpcore and httpx to faults.

What matters is whether the request can have arrived. Until a connection stands, it certainly
has not; from then on nobody can tell, and a paid call is looked up before it is made again.
"""

import os
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from socket import gaierror
from types import MappingProxyType

import httpcore
import httpx

from seedance_watch.core.errors import Fault, FaultKind

K = FaultKind


@dataclass(frozen=True, slots=True)
class _Row:
    """A kind, what happened, and what to do about it."""

    kind: FaultKind
    happened: str
    advice: str


_NETWORK = "nothing was sent; check the network, the firewall and base_url"
_UNKNOWN = "whether it arrived is not known; it is looked up or asked again later"

# The nearest class in an exception's ancestry decides.
TABLE: Mapping[type[Exception], _Row] = MappingProxyType(
    {
        httpcore.ConnectTimeout: _Row(K.UNREACHED, "no connection in time", _NETWORK),
        httpcore.ConnectError: _Row(K.UNREACHED, "no connection", _NETWORK),
        httpcore.ProxyError: _Row(
            K.UNREACHED, "the proxy refused", "check HTTPS_PROXY, HTTP_PROXY and NO_PROXY"
        ),
        httpcore.PoolTimeout: _Row(
            K.UNREACHED, "no free connection in time", "nothing was sent; it is tried again later"
        ),
        httpcore.UnsupportedProtocol: _Row(K.UNREACHED, "no such protocol", "check base_url"),
        httpx.InvalidURL: _Row(K.UNREACHED, "no usable address", "check base_url"),
        httpcore.WriteTimeout: _Row(K.UNSURE, "the request was not taken in time", _UNKNOWN),
        httpcore.TimeoutException: _Row(K.UNSURE, "no whole answer in time", _UNKNOWN),
        httpcore.NetworkError: _Row(K.UNSURE, "the connection broke", _UNKNOWN),
        httpcore.ProtocolError: _Row(K.UNSURE, "the answer broke off or was not HTTP", _UNKNOWN),
        httpcore.ConnectionNotAvailable: _Row(K.UNSURE, "the connection was in use", _UNKNOWN),
        httpx.DecodingError: _Row(
            K.GARBLED, "the answer could not be unpacked", "ask the provider about it"
        ),
        httpx.HTTPError: _Row(K.UNSURE, "the call failed", _UNKNOWN),
        # TLS complaints in the middle of a connection come through as they are.
        OSError: _Row(K.UNSURE, "the connection broke", _UNKNOWN),
    }
)


@contextmanager
def translated(doing: str, ends_at: float) -> Iterator[None]:
    """Turn what a call raises into a fault.

    Args:
        doing: What is being done to which host, without any query.
        ends_at: The call's deadline, monotonic seconds; past it the reason says so.

    Raises:
        Fault: As the table says.
    """
    try:
        yield
    except tuple(TABLE) as error:
        row = next(TABLE[each] for each in type(error).__mro__ if each in TABLE)
        late = " (its deadline has passed)" if time.monotonic() >= ends_at else ""
        why = _why(error)
        reason = f"{doing}: {row.happened}{late}{why}; {row.advice}"
        raise Fault(row.kind, reason) from error


def _why(error: BaseException) -> str:
    """Find the system's own word at the root of an exception, " (word)" or ""."""
    root, seen = error, {id(error)}
    while (below := root.__cause__ or root.__context__) is not None and id(below) not in seen:
        root = below
        seen.add(id(root))
    match root:
        case ssl.SSLCertVerificationError():
            return f" ({root.verify_message})"
        case ssl.SSLError() | gaierror() if root.strerror:
            return f" ({root.strerror})"
        case OSError(errno=int(number)) if number > 0:
            return f" ({os.strerror(number)})"
    return ""
