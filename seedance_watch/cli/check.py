"""`check`: what would be done, and what is wrong; spends nothing, sends nothing."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from seedance_watch.app.preview import Preview, preview
from seedance_watch.cli.exits import Exit, say, show
from seedance_watch.config.effective import DEFAULT, MISSING, effective
from seedance_watch.config.entry import servable
from seedance_watch.config.keys import key_place, key_warning
from seedance_watch.config.load import find_config, load
from seedance_watch.config.resolved import Config
from seedance_watch.config.warnings import warnings
from seedance_watch.config.watches import Watch
from seedance_watch.core.errors import ConfigError, SidecarError
from seedance_watch.core.words import printable, show_path
from seedance_watch.core.words import show as valued


def check(
    *sidecars: Path,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    quiet: Annotated[bool, Parameter(negative="")] = False,
    every: Annotated[bool, Parameter(name="--all", negative="")] = False,
) -> int:
    """Check the configuration and sidecars; show each job's effective request and its cost.

    Without sidecars the keys that the file sets are shown, secrets starred.

    Parameters
    ----------
    sidecars
        Sidecars to check as if they were dropped; each beside its image.
    config
        The configuration; found as by `run`.
    quiet
        Show only what is wrong.
    every
        Show the keys with their defaults, too.
    """
    settings = load(find_config(config))
    servable(settings)
    if not quiet:
        show(f"{settings.file}: the configuration is good")
        _warn_of_keys(settings)
        for warning in warnings(settings):
            say(f"warning: {warning}")
    if not sidecars and not quiet:
        _show_keys(settings, every=every)
    bad = [path for path in sidecars if not _checked(path, settings, quiet=quiet)]
    return Exit.BAD_SIDECAR if bad else Exit.OK


def _show_keys(config: Config, *, every: bool) -> None:
    """Show what each inbox does, then the keys that the file sets, or all."""
    for watch in config.watches:
        what = " or ".join(dict.fromkeys(map(str, _providers(watch)))) or "the sidecar's provider"
        show(f"{show_path(watch.inbox)} -> {what} -> {show_path(watch.outbox)}")
    for key, value, origin in effective(config):
        if every or not (origin == DEFAULT or value == MISSING):
            show(f"  {key} = {value}    ({origin})")
    if not every:
        show("  every other key has its default: `check --all` shows them all")


def _providers(watch: Watch) -> list[object]:
    """Give the providers that a folder's drops go to, as far as the configuration says."""
    named = (layer.values.get("provider") for layer in watch.layers)
    return [each for each in named if each]


def _warn_of_keys(config: Config) -> None:
    """Say which keys are missing or readable by everybody; `run` waits for them."""
    wanted = {layer.values.get("provider") for watch in config.watches for layer in watch.layers}
    for name, keys in config.providers.items():
        if name not in wanted:
            continue
        try:
            show(f"{name}: key found in {key_place(keys)}")
        except ConfigError as error:
            say(f"warning: {error}")
        if warning := key_warning(keys):
            say(f"warning: {warning}")


def _checked(path: Path, config: Config, *, quiet: bool) -> bool:
    """Check one sidecar and show what it asks for; False when it is wrong."""
    try:
        found = preview(path, config)
    except SidecarError as error:
        say(str(error))
        return False
    if not quiet:
        show(_described(path, found))
    return True


def _described(path: Path, found: Preview) -> str:
    """Describe the jobs of a sidecar."""
    first = found.specs[0]
    total = sum((spec.cost.amount for spec in found.specs), start=first.cost.amount * 0)
    what = f"{len(found.specs)} video(s) with {first.model} at {first.provider}"
    lines = [f"{printable(str(path))}: {what}"]
    lines += [
        f"  prompt = {valued(first.prompt, most=200)}    ({first.origins.get('prompt', '')})"
    ]
    if first.start_from:
        lines.append(f"  start_from = {valued(first.start_from)}    (sidecar)")
    lines += [
        f"  {name} = {valued(value)}    ({first.origins.get(name, '')})"
        for name, value in first.params.items()
    ]
    lines += [f"  cost = {first.cost} each, {total.normalize():f} {first.cost.unit} together"]
    lines += [f"  note: {note}" for note in found.notes]
    return "\n".join(lines)
