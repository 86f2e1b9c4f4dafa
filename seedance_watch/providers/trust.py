"""Whom to trust: certificates of authorities, read once for all providers."""

import os
import ssl
from functools import cache

import certifi

from seedance_watch.core.errors import Complaint, ConfigError


def trust() -> ssl.SSLContext:
    """Say whom to trust: what the environment names, else certifi's list; blocking at first.

    Raises:
        ConfigError: What the environment names cannot be read, or holds no certificate.
    """
    return _trust(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@cache
def _trust(file: str | None, folder: str | None) -> ssl.SSLContext:
    """Read it: that takes longer than most calls, and OpenSSL needs no turn of Python for it."""
    if file:
        return _read(file)
    if folder:
        return ssl.create_default_context(capath=folder)
    return ssl.create_default_context(cafile=certifi.where())


def _read(file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=file)
    except OSError as error:
        problem = f"no certificates can be read from {file}: {error.strerror}"
        hint = "let it name a file of certificates in PEM, or unset it"
        raise ConfigError(
            (Complaint("environment", None, "SSL_CERT_FILE", problem, hint),)
        ) from error
