"""Whom to trust: certificates of authorities, read once for all providers."""

import os
import ssl
from functools import cache

import certifi


def trust() -> ssl.SSLContext:
    """Say whom to trust: what the environment names, else certifi's list; blocking at first.

    Raises:
        OSError: What the environment names cannot be read.
    """
    return _trust(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@cache
def _trust(file: str | None, folder: str | None) -> ssl.SSLContext:
    """Read it: that takes longer than most calls, and OpenSSL needs no turn of Python for it."""
    if file:
        return ssl.create_default_context(cafile=file)
    if folder:
        return ssl.create_default_context(capath=folder)
    return ssl.create_default_context(cafile=certifi.where())
