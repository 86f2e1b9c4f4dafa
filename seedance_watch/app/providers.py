"""Builds the providers' gateways from the configuration."""

from collections.abc import Mapping
from pathlib import Path

from seedance_watch.config.keys import key_files, key_reader, s3_sources
from seedance_watch.config.resolved import Config
from seedance_watch.config.schema import ProviderKeys, S3Keys
from seedance_watch.disk.mounts import local, mounts
from seedance_watch.ports import Clock
from seedance_watch.providers.dialect import Dialect
from seedance_watch.providers.gateway import Gateway, GatewaySettings, ImageHost
from seedance_watch.providers.rivya import Rivya
from seedance_watch.providers.s3 import S3Host
from seedance_watch.providers.segmind import Segmind


def gateways(config: Config, clock: Clock) -> Mapping[str, Gateway]:
    """Give each configured provider by name; nothing is sent and no key is read yet."""
    segmind_host = _bucket(config) if config.segmind.image_host == "s3" else None
    return {
        "rivya": _gateway(config.rivya, rivya(config), config, clock, None),
        "segmind": _gateway(config.segmind, segmind(config), config, clock, segmind_host),
    }


def used(config: Config) -> frozenset[str]:
    """Name the providers that the watched folders ask, at once or when another one declines."""
    wishes = [layer.values for watch in config.watches for layer in watch.layers]
    asked = [each for wish in wishes for each in (wish.get("provider"), *_routes(wish))]
    return frozenset(each.partition("/")[0] for each in asked if isinstance(each, str))


def _routes(wish: Mapping[str, object]) -> list[object]:
    """Give the route of a wish that may be mistyped."""
    route = wish.get("route")
    return route if isinstance(route, list) else []


def rivya(config: Config) -> Dialect:
    """Give Rivya's way of talking."""
    return Rivya(base_url=config.rivya.base_url)


def segmind(config: Config) -> Dialect:
    """Give Segmind's way of talking."""
    keys = config.segmind
    return Segmind(
        base_url=keys.base_url,
        storage_url=keys.storage_url,
        history_url=keys.history_url,
        api=keys.api,
        image_fields=keys.image_fields,
    )


def _gateway(
    keys: ProviderKeys, dialect: Dialect, config: Config, clock: Clock, host: ImageHost | None
) -> Gateway:
    """Put a dialect behind its gateway."""
    settings = GatewaySettings(
        base_url=keys.base_url,
        requests_per_s=keys.requests_per_s,
        max_video_bytes=config.limits.max_video_bytes,
        image_host=host,
    )
    return Gateway(
        dialect,
        key=key_reader(keys),
        key_waits=not all(map(at_hand, key_files(keys))),
        clock=clock,
        settings=settings,
    )


def at_hand(file: Path) -> bool:
    """Whether a file is on a disk of this machine, so that reading it never waits for a server.

    One that is not there may be on a drive that is not mounted yet. A drive that hangs is not
    touched: its place in the mount table says enough.
    """
    table = mounts()
    near = local(str(file.absolute()), table)
    return near and file.is_file() and local(str(file.resolve()), table)


def _bucket(config: Config) -> ImageHost | None:
    """Give the bucket that lends images; the configuration was checked to have one."""
    return _s3(config.s3) if config.s3 else None


def _s3(keys: S3Keys) -> ImageHost:
    """Build the bucket's host."""
    access, secret = s3_sources(keys)
    return S3Host(
        bucket=keys.bucket,
        endpoint=keys.endpoint,
        region=keys.region,
        prefix=keys.prefix,
        access_key=key_reader(access),
        secret_key=key_reader(secret),
        expires_s=keys.link_expires_s,
        path_style=keys.path_style,
    )
