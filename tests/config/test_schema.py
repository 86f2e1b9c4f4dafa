"""What the schema offers to editors, and the example that shows every key."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import tomli

from seedance_watch.config.json_schema import DRAFT, schema
from seedance_watch.config.load import load
from seedance_watch.config.starter import starter

APART = {"S3Keys", "NotifyKeys", "WebhookKeys"}  # tables that are there only when wanted
EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


def checker(kind: str) -> jsonschema.Draft7Validator:
    jsonschema.Draft7Validator.check_schema(schema(kind))
    return jsonschema.Draft7Validator(schema(kind))


def test_schemas_are_draft_07_without_nulls() -> None:
    """Editors' plug-ins know draft-07; TOML has no null."""
    for kind in ("config", "sidecar"):
        text = json.dumps(schema(kind))

        assert schema(kind)["$schema"] == DRAFT
        assert "null" not in text
        assert "$defs" not in text


def test_every_key_is_explained() -> None:
    """Completion shows a line of help for every key."""
    tables = [schema("sidecar"), schema("config"), *schema("config")["definitions"].values()]

    for table in tables:
        for name, entry in table["properties"].items():
            assert entry.get("description") or "allOf" in entry or "$ref" in entry, name


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('prompt = "p"\nduration = 5\n[meta]\nx = 1\n[receipt]\njob = "x"', []),
        ("durration = 5", [""]),
        ('duration = "5"', ["duration"]),
        ("takes = 500", ["takes"]),
        ('model = "x"', ["model"]),
    ],
)
def test_editors_see_mistakes_in_a_sidecar(text: str, wrong: list[str]) -> None:
    """Unknown keys, wrong types and impossible values are marked while writing."""
    found = checker("sidecar").iter_errors(tomli.loads(text))

    assert sorted({".".join(map(str, error.path)) for error in found}) == wrong


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('[[watch]]\ninbox = "x"\n[watch.defaults]\nprompt = "p"', []),
        ("[[watch]]", ["watch.0"]),
        ('[[watch]]\ninbox = "x"\n[watch.defaults]\nprmpt = "p"', ["watch.0.defaults"]),
        ("[providers.rivya]\nmax_in_flight = 0", ["providers.rivya.max_in_flight"]),
        ('[providers.segmind]\napi = "v3"', ["providers.segmind.api"]),
    ],
)
def test_editors_see_mistakes_in_a_configuration(text: str, wrong: list[str]) -> None:
    """The sidecar's keys are checked inside a watch's defaults, too."""
    found = checker("config").iter_errors(tomli.loads(text))

    assert sorted({".".join(map(str, error.path)) for error in found}) == wrong


def test_a_toml_linter_follows_the_hint_in_the_first_line(tmp_path: Path) -> None:
    """`#:schema` beside the file is all that an editor needs."""
    for kind in ("config", "sidecar"):
        (tmp_path / f"{kind}.schema.json").write_text(json.dumps(schema(kind)))
    example = uncommented(EXAMPLE.read_text())
    (tmp_path / "config.toml").write_text(f"#:schema ./config.schema.json\n{example}")
    (tmp_path / "good.toml").write_text(
        '#:schema ./sidecar.schema.json\nprompt = "p"\nduration = 5\n[meta]\nx = 1\n'
    )
    (tmp_path / "bad.toml").write_text('#:schema ./sidecar.schema.json\nprompt = "p"\nfoo = 1\n')

    assert lint(tmp_path, "config.toml", "good.toml") == (0, "2 files linted successfully\n")
    code, said = lint(tmp_path, "bad.toml")
    assert code == 1
    assert '"foo" is not allowed' in said


def lint(folder: Path, *names: str) -> tuple[int, str]:
    """Run tombi without a network; give its exit code and what it found."""
    tombi = Path(sys.executable).with_name("tombi")
    done = subprocess.run(
        [tombi, "lint", "--offline", "--no-cache", *names],
        cwd=folder, capture_output=True, text=True, timeout=60, check=False,
        env={"NO_COLOR": "1", "HOME": str(folder), "XDG_CACHE_HOME": str(folder)},
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def uncommented(text: str) -> str:
    """Turn the example's keys that are commented out into real ones."""
    return re.sub(r"^#(?=[a-z_]+ = |\[)", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize("change", [str, uncommented])
def test_the_example_can_be_used(tmp_path: Path, change: Any) -> None:
    """As it is, and with every key switched on, the example loads."""
    file = tmp_path / "seedance-watch.toml"
    file.write_text(change(EXAMPLE.read_text()))

    assert load(file, environ={}).watches[0].inbox == tmp_path / "inbox"


def test_the_starter_can_be_used(tmp_path: Path) -> None:
    """What `init` writes loads, also in a folder with an awkward name."""
    folder = tmp_path / 'a "b" {c} \\ ü'
    folder.mkdir()
    file = folder / "seedance-watch.toml"
    file.write_text(starter(folder))
    config = load(file, environ={})

    assert config.watches[0].outbox == folder / "outbox"
    assert config.state_dir.name == folder.name
    file.write_text(starter(folder, state_dir=tmp_path / "x"))
    assert load(file).state_dir == tmp_path / "x"
