"""`check`: what would be done, and what is wrong; spends nothing, sends nothing."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from seedance_watch.app.preview import Preview, preview
from seedance_watch.cli.exits import Exit, say, show
from seedance_watch.config.effective import effective
from seedance_watch.config.entry import servable
from seedance_watch.config.keys import key_place, key_warning
from seedance_watch.config.load import find_config, load
from seedance_watch.config.resolved import Config
from seedance_watch.core.errors import ConfigError, SidecarError
from seedance_watch.core.words import printable


def check(
    *sidecars: Path,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    quiet: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Check the configuration and sidecars; show each job's effective request and its cost.

    Without sidecars the effective configuration is shown, secrets starred.

    Parameters
    ----------
    sidecars
        Sidecars to check as if they were dropped; each beside its image.
    config
        The configuration; found as by `run`.
    quiet
        Show only what is wrong.
    """
    settings = load(find_config(config))
    servable(settings)
    if not quiet:
        show(f"{settings.file}: the configuration is good")
        _warn_of_keys(settings)
    if not sidecars and not quiet:
        for key, value, origin in effective(settings):
            show(f"  {key} = {value}    ({origin})")
    bad = [path for path in sidecars if not _checked(path, settings, quiet=quiet)]
    return Exit.BAD_SIDECAR if bad else Exit.OK


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
    lines += [f"  prompt = {first.prompt!r}    ({first.origins.get('prompt', '')})"]
    lines += [
        f"  {name} = {value!r}    ({first.origins.get(name, '')})"
        for name, value in first.params.items()
    ]
    lines += [f"  cost = {first.cost} each, {total.normalize():f} {first.cost.unit} together"]
    lines += [f"  note: {note}" for note in found.notes]
    return "\n".join(lines)
