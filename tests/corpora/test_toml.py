"""TOML that nobody here wrote: the suites of toml-lang, BurntSushi/toml and CPython."""

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from corpora.corpora import files

from seedance_watch.core.catalogue import CATALOGUE
from seedance_watch.core.errors import SidecarError
from seedance_watch.core.sidecar import Table, decode, glance, own_layer, parse, wish

# What is wrong in TOML 1.0 and right in 1.1, or in the UTF-16 that some editors write.
NEWER = {
    "no-secs.toml",
    "linebreak-1.toml",
    "linebreak-2.toml",
    "linebreak-3.toml",
    "linebreak-4.toml",
    "trailing-comma.toml",
    "basic-byte-escapes.toml",
    "escape-esc.toml",
    "utf16-bom.toml",
}


def theirs(data: bytes) -> Mapping[str, object] | None:
    """Read a file as the standard library does; None: it is no TOML."""
    try:
        return tomllib.loads(data.decode())
    except (ValueError, RecursionError):
        return None


def ours(path: Path) -> Table | SidecarError:
    """Read a file as a sidecar."""
    try:
        return parse(decode(path.read_bytes(), file=path.name), file=path.name)
    except SidecarError as error:
        return error


@pytest.mark.parametrize(
    ("corpus", "least"), [("golang-github-burntsushi-toml-dev", 300), ("cpython", 0)]
)
def test_toml_is_read_as_the_standard_library_reads_it(corpus: str, least: int) -> None:
    """What is valid has the same values, what is not is refused with its name and line."""
    read: Counter[str] = Counter()
    for path in files(corpus):
        data, seen = path.read_bytes(), ours(path)
        expected = theirs(data)
        values = seen.values if isinstance(seen, Table) else None
        # By their text: not-a-number equals nothing, not even itself.
        assert repr(values) == repr(expected) or path.name in NEWER, path
        if isinstance(seen, Table):
            assert all(0 < line <= data.count(b"\n") + 1 for line in seen.lines.values()), path
        else:
            assert re.match(rf"{re.escape(path.name)}(:\d+)?: \w", str(seen)), path
        read["refused" if values is None else "read"] += 1

    print(corpus, dict(read))
    assert read.total() >= least


def test_as_a_sidecar_each_is_understood_or_refused() -> None:
    """No TOML, dropped as a sidecar, does more than complain about itself."""
    for path in files("golang-github-burntsushi-toml-dev"):
        assert glance(path.read_bytes().decode(errors="replace")).takes >= 1
        table = ours(path)
        if isinstance(table, Table):
            with pytest.raises(SidecarError, match=re.escape(path.name)):
                wish([own_layer(table)], catalogue=CATALOGUE, key="0" * 32)
