"""Proxies, as the environment names them."""

from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from seedance_watch.providers.links import Place
from seedance_watch.providers.messages import core_url

_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


def proxy_for(target: Place) -> str | None:
    """Give the proxy that the environment names for a target; never one for loopback."""
    if target.on_loopback or proxy_bypass(target.host):
        return None
    known = getproxies()
    named = known.get(target.scheme) or known.get("all")
    return named if named is None or "://" in named else f"http://{named}"


def proxy_at(address: str) -> httpcore.Proxy:
    """Give a proxy as httpcore has it, with the name and password in its address."""
    told = httpx.Proxy(address)
    return httpcore.Proxy(core_url(told.url), auth=told.raw_auth, headers=told.headers.raw)


def host_of(address: str) -> tuple[str, int]:
    """Give the host and port of a proxy."""
    url = httpx.URL(address)
    return url.host, url.port or _PORTS.get(url.scheme, 80)
