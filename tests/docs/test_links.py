"""What the documents point to is there."""

import re
from pathlib import Path

import manual
import pytest
from PIL import Image

_MOST_BYTES = 400_000
_PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".svg"}
_HOSTS = re.compile(r"^(https?|mailto):")


@pytest.mark.parametrize("page", manual.PAGES, ids=manual.name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    """Relative links name files that exist, and anchors name headings that exist."""
    broken = []
    for target, _picture in manual.links(page):
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if _HOSTS.match(target):
            continue
        lost = not there.exists() or not there.is_relative_to(manual.ROOT)
        if lost or (anchor and anchor not in manual.anchors(there)):
            broken.append(target)

    assert broken == []


def test_every_picture_is_there_and_small() -> None:
    """Nobody waits for a page of text because of its pictures, and none is made for nobody."""
    shown = {
        (page.parent / target).resolve()
        for page in manual.PAGES
        for target, picture in manual.links(page)
        if picture and not _HOSTS.match(target)
    }
    kept = {path for path in (manual.ROOT / "docs").rglob("*") if path.suffix in _PICTURES}

    assert sorted(kept - shown) == []
    for path in sorted(shown):
        assert path.stat().st_size <= _MOST_BYTES, path.name
        if path.suffix != ".svg":
            with Image.open(path) as image:
                image.verify()


def test_every_document_can_be_found_from_the_readme() -> None:
    """Whoever begins at the README reaches each document by links."""
    seen, ahead = set[Path](), [manual.ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        seen.add(page)
        targets = (target.partition("#")[0] for target, _ in manual.links(page))
        paths = {(page.parent / each).resolve() for each in targets if each.endswith(".md")}
        ahead += sorted(paths & set(manual.PAGES) - seen)

    assert [manual.name_of(page) for page in manual.PAGES if page not in seen] == []
