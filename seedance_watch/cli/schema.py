"""`schema`: the JSON Schema of the files that people write."""

import json
from typing import Literal

from seedance_watch.cli.exits import show
from seedance_watch.config.json_schema import schema as schema_of


def schema(kind: Literal["config", "sidecar"], /) -> None:
    """Print the JSON Schema of the configuration or of a sidecar, for editors.

    Write it beside your files and name it in their first line, and an editor with TOML support
    completes and checks:  #:schema ./sidecar.schema.json

    Parameters
    ----------
    kind
        Which file: "config" or "sidecar".
    """
    show(json.dumps(schema_of(kind), indent=2))
