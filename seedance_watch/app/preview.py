"""What a sidecar would do if it were dropped where it lies."""

from dataclasses import dataclass
from pathlib import Path

from seedance_watch.app.defaults import folder_layers, read_table
from seedance_watch.config.resolved import Config
from seedance_watch.config.watches import Watch
from seedance_watch.core import sidecar
from seedance_watch.core.catalogue import CATALOGUE
from seedance_watch.core.errors import Complaint, ConfigError, Fault, SidecarError
from seedance_watch.core.model import JobSpec
from seedance_watch.core.pairing import IMAGE_ENDINGS

# Any key will do: only a seed that is left to us derives from it.
_KEY = "0" * 32


@dataclass(frozen=True, slots=True)
class Preview:
    """What a sidecar asks for.

    Attributes:
        specs: One wish per take.
        notes: What a person should know besides.
    """

    specs: tuple[JobSpec, ...]
    notes: tuple[str, ...]


def preview(path: Path, config: Config) -> Preview:
    """Read a sidecar as the daemon would; sends nothing.

    Raises:
        SidecarError: Every complaint about it.
        ConfigError: There is no watch entry whose rules could be used.
    """
    watch, folder = _home(path.resolve(), config)
    try:
        table = read_table(path, shown=path.name)
        layers = [sidecar.own_layer(table), *folder_layers(watch.inbox, folder), *watch.layers]
    except Fault as fault:
        raise SidecarError((Complaint(str(path), None, "", fault.reason),)) from fault
    takes = sidecar.glance(_text(path), defaults=[each.values for each in layers[1:]]).takes
    image = _image(path)
    end = table.values.get("end_image")
    specs = tuple(
        sidecar.wish(
            layers,
            catalogue=CATALOGUE,
            key=_KEY,
            take=take,
            takes=takes,
            images=int(image is not None),
            has_end=isinstance(end, str) and (path.parent / end).is_file(),
            prices=config.prices,
            stem=path.stem,
        )
        for take in range(1, takes + 1)
    )
    model = CATALOGUE[specs[0].provider, specs[0].model]
    chosen = specs[0].origins.get("seed") == "chosen by seedance-watch"
    seed = ("the seed shown is an example; each job gets its own",) if chosen else ()
    return Preview(specs, tuple(note for note in (model.note, model.price.note, *seed) if note))


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8-sig", "replace")


def _home(path: Path, config: Config) -> tuple[Watch, str]:
    """Give the watch entry that the file lies in, else the first, and the subfolder."""
    for watch in config.watches:
        inbox = watch.inbox.resolve()
        if path.is_relative_to(inbox):
            folder = path.parent.relative_to(inbox).as_posix()
            return watch, "" if folder == "." else folder
    if not config.watches:
        complaint = Complaint(config.file.name, None, "watch", "there is no [[watch]] entry")
        raise ConfigError((complaint,))
    return config.watches[0], ""


def _image(path: Path) -> Path | None:
    """Give the image that would be paired with a sidecar, None when there is none."""
    bases = (path.with_suffix(""),)
    exact = [base for base in bases if base.suffix.lower() in IMAGE_ENDINGS and base.is_file()]
    beside = (
        each
        for each in sorted(path.parent.iterdir())
        if each.stem == path.stem and each.suffix.lower() in IMAGE_ENDINGS
    )
    return next(iter(exact), None) or next(beside, None)
