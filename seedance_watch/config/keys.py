"""API keys: read from a file, a credential or a variable at the moment they are needed.

A key is never part of the configuration, so nothing that shows the configuration can show it.
"""

import os
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from seedance_watch.config.page import WebKeys
from seedance_watch.config.schema import ProviderKeys, S3Keys
from seedance_watch.config.telling import NotifyKeys, WebhookKeys
from seedance_watch.core.errors import Complaint, ConfigError
from seedance_watch.core.words import show_path

_LONGEST_BYTES = 10_000  # no key of any service comes near


@dataclass(frozen=True, slots=True)
class KeySource:
    """Where one key may be.

    Attributes:
        key: Key path of the setting that names its variable ("providers.rivya.api_key_env").
        env: Name of the environment variable and of the credential.
        file: A file that holds it, None: not configured.
    """

    key: str
    env: str
    file: Path | None

    def places(self, environ: Mapping[str, str]) -> list[tuple[str, Path | None]]:
        """Give where to look, in order: words for people, and the file (None: the variable)."""
        credentials = environ.get("CREDENTIALS_DIRECTORY", "")
        files = [("the key file", self.file)] if self.file else []
        if credentials:
            files.append(("the service manager's credential", Path(credentials) / self.env))
        return [*files, (f"the environment variable {self.env}", None)]


def source_of(settings: ProviderKeys) -> KeySource:
    """Say where a provider's API key may be."""
    file = Path(settings.api_key_file) if settings.api_key_file else None
    return KeySource(f"providers.{settings.provider}.api_key_env", settings.api_key_env, file)


def s3_sources(settings: S3Keys) -> tuple[KeySource, KeySource]:
    """Say where a bucket's access key and secret key may be, in this order."""
    return (
        _s3("access_key_env", settings.access_key_env, settings.access_key_file),
        _s3("secret_key_env", settings.secret_key_env, settings.secret_key_file),
    )


def _s3(key: str, env: str, file: str | None) -> KeySource:
    return KeySource(f"image_host.s3.{key}", env, Path(file) if file else None)


def page_source(settings: WebKeys) -> KeySource:
    """Say where the page's token may be."""
    file = Path(settings.token_file) if settings.token_file else None
    return KeySource("web.token_env", settings.token_env, file)


def told_sources(
    notify: Sequence[NotifyKeys], webhook: Sequence[WebhookKeys]
) -> tuple[list[KeySource], list[KeySource]]:
    """Say where the channels' URLs and the addresses' secrets may be, in their order."""
    return (
        [
            _told(f"notify[{number}].url_env", each.url_env, each.url_file)
            for number, each in enumerate(notify, start=1)
        ],
        [
            _told(f"webhook[{number}].secret_env", each.secret_env, each.secret_file)
            for number, each in enumerate(webhook, start=1)
        ],
    )


def _told(key: str, env: str, file: str | None) -> KeySource:
    return KeySource(key, env, Path(file) if file else None)


def key_reader(
    settings: ProviderKeys | KeySource, *, environ: Mapping[str, str] = os.environ
) -> Callable[[], str]:
    """Give a function that reads the key anew each time, so that a changed key needs no restart.

    The function raises ConfigError when there is no usable key; the message names every place
    where it was looked for, and never the key.
    """
    source = settings if isinstance(settings, KeySource) else source_of(settings)
    return lambda: _read(source, environ)[0]


def key_files(
    settings: ProviderKeys | KeySource, *, environ: Mapping[str, str] = os.environ
) -> list[Path]:
    """Give the files that the key is looked for in; none where only a variable can hold it."""
    source = settings if isinstance(settings, KeySource) else source_of(settings)
    return [file for _, file in source.places(environ) if file is not None]


def key_place(
    settings: ProviderKeys | KeySource, *, environ: Mapping[str, str] = os.environ
) -> str:
    """Say where the key is found, as words for people.

    Raises:
        ConfigError: There is no usable key.
    """
    source = settings if isinstance(settings, KeySource) else source_of(settings)
    return _read(source, environ)[1]


def key_warning(
    settings: ProviderKeys | KeySource, *, environ: Mapping[str, str] = os.environ
) -> str:
    """Say that a key file can be read by everybody on the machine, "" when it cannot."""
    source = settings if isinstance(settings, KeySource) else source_of(settings)
    for words, file in source.places(environ):
        if file is not None and _world_readable(file):
            open_to = "can be read by every user of this machine"
            return f"{words} {show_path(file)} {open_to}; run: chmod 600 {file}"
    return ""


def _world_readable(file: Path) -> bool:
    try:
        return bool(file.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False


def _read(source: KeySource, environ: Mapping[str, str]) -> tuple[str, str]:
    """Give the key and where it was: the first place that has one decides."""
    looked = []
    for words, file in source.places(environ):
        text, problem = _from_file(file) if file else (environ.get(source.env), "is not set")
        shown = f"{words} {file}" if file else words
        if text is not None and text.strip():
            if problem := _unusable(text.strip()):
                raise ConfigError((Complaint(shown, None, source.key, problem),))
            return text.strip(), shown
        looked.append(f"{shown} {'is empty' if text is not None else problem}")
    if source.file is None:
        looked.append(f"{source.key.removesuffix('_env')}_file is not configured")
    hint = f"put the key into one of them (under a service manager, a credential {source.env})"
    raise ConfigError((Complaint("keys", None, source.key, f"no key: {', '.join(looked)}", hint),))


def _from_file(file: Path) -> tuple[str | None, str]:
    """Give a file's text, or None and why there is none."""
    try:
        with file.open("rb") as opened:
            return opened.read(_LONGEST_BYTES).decode("utf-8-sig"), ""
    except FileNotFoundError:
        return None, "does not exist"
    except UnicodeDecodeError:
        return None, "is not text"
    except OSError as error:
        return None, f"cannot be read ({(error.strerror or 'error').lower()})"


def _unusable(key: str) -> str:
    """Say why a text cannot be a key, without showing it."""
    if len(key.split()) > 1:
        return "holds more than one word; it must hold the key alone"
    if not key.isascii() or not key.isprintable():
        return "holds characters that no key has"
    return ""
