"""JSON Schema for editors: completion, explanations and checks while the file is written.

Written in the style of draft-07, which every TOML editor plug-in understands.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from pydantic.json_schema import GenerateJsonSchema
from pydantic_core.core_schema import ModelSchema

from seedance_watch.config.explained import explained
from seedance_watch.config.schema import ConfigKeys
from seedance_watch.core.catalogue import CATALOGUE
from seedance_watch.core.models import Catalogue
from seedance_watch.core.sidecar_keys import Key, vocabulary

DRAFT = "http://json-schema.org/draft-07/schema#"
_TYPES: Mapping[type, str] = {
    str: "string",
    int: "integer",
    bool: "boolean",
    dict: "object",
    list: "array",
    date: "",  # JSON has no word for TOML's dates
}


class _Explaining(GenerateJsonSchema):
    """pydantic's generator, with what each key does."""

    def model_schema(self, schema: ModelSchema) -> dict[str, Any]:
        made = super().model_schema(schema)
        for name, text in explained(schema["cls"]).items():
            made["properties"][name]["description"] = text
        return made


def schema(kind: Literal["config", "sidecar"], catalogue: Catalogue = CATALOGUE) -> dict[str, Any]:
    """Give the JSON Schema of the configuration or of a sidecar.

    Args:
        kind: Which file.
        catalogue: The models whose names and parameters are offered.
    """
    return _config(catalogue) if kind == "config" else _sidecar(catalogue)


def _sidecar(catalogue: Catalogue) -> dict[str, Any]:
    return {
        "$schema": DRAFT,
        "title": "seedance-watch sidecar",
        "description": "What to make of the image that lies beside this file.",
        "type": "object",
        "additionalProperties": False,
        "properties": _properties(catalogue),
    }


def _properties(catalogue: Catalogue) -> dict[str, Any]:
    properties = {name: _property(key) for name, key in vocabulary(catalogue).items()}
    properties["provider"]["enum"] = list(dict.fromkeys(owner for owner, _ in catalogue))
    properties["model"]["enum"] = _models(catalogue)
    properties["prompt"]["maxLength"] = max(each.prompt_max for each in catalogue.values())
    return properties


def _models(catalogue: Catalogue) -> list[str]:
    names = (name for each in catalogue.values() for name in (each.id, *each.aliases))
    return list(dict.fromkeys(names))


def _property(key: Key) -> dict[str, Any]:
    types = [_TYPES[natural] for natural in key.naturals]
    found: dict[str, Any] = {
        "additionalProperties": True if dict in key.naturals else None,  # some linters ask for it
        "description": key.about,
        "type": (types[0] or None) if len(types) == 1 else types,
        "minimum": key.low,
        "maximum": key.high,
        "default": key.default,
        "enum": [each for each in key.choices if not isinstance(each, bool)] or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _config(catalogue: Catalogue) -> dict[str, Any]:
    made = ConfigKeys.model_json_schema(
        ref_template="#/definitions/{model}", schema_generator=_Explaining
    )
    definitions = {name: _plain(each) for name, each in made.pop("$defs").items()}
    watch = definitions["WatchKeys"]["properties"]
    sidecar = _properties(catalogue)
    watch["defaults"] |= {"properties": sidecar, "additionalProperties": False}
    watch["provider"]["enum"] = sidecar["provider"]["enum"]
    watch["model"] = {
        "description": watch["model"]["description"],
        "type": "string",
        "enum": sidecar["model"]["enum"],
    }
    head = {"$schema": DRAFT, "title": "seedance-watch configuration"}
    return {**_plain(made), **head, "definitions": definitions}


def _plain(node: Any) -> Any:
    """Bring what pydantic writes into draft-07 for TOML: nothing beside $ref, and no null."""
    if isinstance(node, list):
        return [_plain(each) for each in node]
    if not isinstance(node, dict):
        return node
    kept = {
        name: _plain(each)
        for name, each in node.items()
        if name != "title" or isinstance(each, dict)
    }
    if "anyOf" in kept:
        some = [each for each in kept["anyOf"] if each != {"type": "null"}]
        kept = {**kept, "anyOf": some} if len(some) > 1 else {**some[0], **_without(kept, "anyOf")}
    if kept.get("default", 0) is None or isinstance(kept.get("default"), dict):
        kept = _without(kept, "default")
    if isinstance(kept.get("description"), str):
        kept["description"] = " ".join(kept["description"].split())
    if "$ref" in kept and len(kept) > 1:
        kept = {**_without(kept, "$ref"), "allOf": [{"$ref": kept["$ref"]}]}
    return kept


def _without(node: dict[str, Any], name: str) -> dict[str, Any]:
    return {each: value for each, value in node.items() if each != name}
