"""Finding, reading and checking the configuration; every problem is reported at once."""

import copy
import os
from collections.abc import Mapping
from pathlib import Path

import platformdirs
from pydantic import ValidationError

from seedance_watch.config.complaints import complaints_of
from seedance_watch.config.judge import judged
from seedance_watch.config.resolved import Config, resolved
from seedance_watch.config.schema import ConfigKeys
from seedance_watch.core.catalogue import CATALOGUE
from seedance_watch.core.errors import Complaint, ConfigError
from seedance_watch.core.models import Catalogue
from seedance_watch.core.toml import Table, decode, parse
from seedance_watch.core.words import listing

NAME = "seedance-watch.toml"
VARIABLE = "SEEDANCE_WATCH_CONFIG"


def find_config(given: Path | None = None, *, environ: Mapping[str, str] = os.environ) -> Path:
    """Give the configuration's path: the first of these that there is.

    The given one, `$SEEDANCE_WATCH_CONFIG`, `seedance-watch.toml` in the working directory, the
    user's own, `/etc/seedance-watch/config.toml`.

    Raises:
        ConfigError: There is none; the message lists where it was looked for.
    """
    if given or environ.get(VARIABLE):
        return Path(given or environ[VARIABLE])
    user = platformdirs.user_config_path("seedance-watch") / "config.toml"
    places = [Path(NAME).absolute(), user, Path("/etc/seedance-watch/config.toml")]
    for place in places:
        if place.is_file():
            return place
    looked = listing(places, last="and", plain=True)
    problem = f"there is none; looked for {looked}"
    hint = "`seedance-watch init FOLDER` writes one, --config FILE names one"
    raise ConfigError((Complaint("configuration", None, "", problem, hint),))


def load(
    path: Path, *, catalogue: Catalogue = CATALOGUE, environ: Mapping[str, str] = os.environ
) -> Config:
    """Read the configuration and check everything about it that needs no folder to exist.

    Args:
        path: The file.
        catalogue: Every model.
        environ: The environment; `STATE_DIRECTORY` is read.

    Raises:
        ConfigError: Every problem found.
    """
    file = Path(os.path.abspath(path))  # noqa: PTH100  links stay: folders lie beside the link
    try:
        data = file.read_bytes()
    except OSError as error:
        problem = f"cannot be read: {(error.strerror or 'error').lower()}"
        raise ConfigError((Complaint(str(path), None, "", problem),)) from error
    return understand(data, file=file, catalogue=catalogue, environ=environ)


def understand(
    data: bytes, *, file: Path, catalogue: Catalogue, environ: Mapping[str, str]
) -> Config:
    """Check a configuration's bytes; see load.

    Raises:
        ConfigError: Every problem found.
    """
    text = decode(data, file=file.name, blame=ConfigError)
    table = parse(text, file=file.name, blame=ConfigError)
    keys, complaints = _validated(table)
    config = resolved(keys, table, file=file, catalogue=catalogue, environ=environ)
    complaints += judged(config, catalogue)
    if complaints:
        unique = dict.fromkeys(complaints)
        raise ConfigError(tuple(sorted(unique, key=lambda one: (one.line or 0, one.key))))
    return config


def _validated(table: Table) -> tuple[ConfigKeys, list[Complaint]]:
    """Check the file against the schema.

    What is wrong is taken out and the rest is used, so that it can be judged in the same run.
    """
    complaints: list[Complaint] = []
    values = copy.deepcopy(dict(table.values))
    while True:
        try:
            return ConfigKeys.model_validate(values), complaints
        except ValidationError as error:
            known = {one.key for one in complaints}
            complaints += [one for one in complaints_of(error, table) if one.key not in known]
            for one in error.errors(include_url=False):
                _take_out(values, tuple(one["loc"]), missing=one["type"] == "missing")


def _take_out(values: dict[str, object], path: tuple[str | int, ...], *, missing: bool) -> None:
    """Remove the key that is wrong; of a list, or where a key is missing, what is around it.

    A watch without an inbox gets a stand-in, so that the numbers of the others stay.
    """
    stand_in = missing and path[0] == "watch"
    wrong = list(path[:-1] if missing and not stand_in else path)
    while isinstance(wrong[-1], int):
        wrong.pop()
    *above, last = wrong
    around = _at(values, above)
    if isinstance(around, dict) and stand_in:
        around[last] = f"missing inbox {path[1]}"
    elif isinstance(around, dict):
        around.pop(last, None)


def _at(values: object, path: list[str | int]) -> object:
    for part in path:
        inside = isinstance(values, dict) and part in values
        if not inside and not (isinstance(values, list) and isinstance(part, int)):
            return None
        values = values[part]  # type: ignore[index]
    return values
