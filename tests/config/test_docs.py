"""The documents' tables are what the program checks. To write them anew, run this file."""

import re
from pathlib import Path

import pytest

from seedance_watch.config import reference
from seedance_watch.core.catalogue import CATALOGUE

DOCS = Path(__file__).parents[2] / "docs"
TABLES = {
    "sidecar": reference.sidecar_keys(CATALOGUE),
    "models": reference.models(CATALOGUE),
    "config": reference.config_keys(),
}
PLACE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def renewed(text: str) -> str:
    return PLACE.sub(lambda place: f"{place[1]}\n{TABLES[place[2]]}\n\n{place[3]}", text)


@pytest.mark.parametrize("name", ["SIDECAR.md", "CONFIG.md"])
def test_the_documents_tell_what_the_program_does(name: str) -> None:
    """Every key, default and model stands in the documents as the program has it."""
    text = (DOCS / name).read_text()

    assert PLACE.search(text)
    assert text == renewed(text)


def test_every_table_has_its_place() -> None:
    """No table is made for nobody."""
    text = "".join((DOCS / name).read_text() for name in ("SIDECAR.md", "CONFIG.md"))

    assert {place[1] for place in PLACE.findall(text)} == set(TABLES)


if __name__ == "__main__":
    for document in ("SIDECAR.md", "CONFIG.md"):
        (DOCS / document).write_text(renewed((DOCS / document).read_text()))
