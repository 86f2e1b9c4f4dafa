"""Pictures that nobody here made: test suites of decoders, with every crash they ever had."""

import hashlib
from collections import Counter
from pathlib import Path

import pytest
from corpora.corpora import files
from PIL import Image

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.model import ImageLimits, Picture, Role
from seedance_watch.media import images

# Anything that can be decoded shall be: nothing is refused for its size or shape.
LIMITS = ImageLimits(min_side_px=1, min_ratio=1e-6, max_ratio=1e6)
CODES = {"not_an_image", "damaged", "truncated", "bomb", "empty", "too_small"}
# Each corpus, and how many of its pictures are made fit at least.
CORPORA = {
    "pillow": 750,
    "go": 80,
    "golang-golang-x-image-dev": 75,
    "pi_heif": 55,
    "imagesize": 15,
    "filetype": 6,
    "puremagic": 7,
}
SLOW = {"200MP.heic"}  # half a minute alone; --every 1 decodes it too


def outcome(path: Path, folder: Path) -> str:
    """Prepare a picture as the daemon does; give "ready" or the code of the reason."""
    before = hashlib.sha256(path.read_bytes()).digest()
    images.whole(path)
    made = prepared(path, folder)
    assert hashlib.sha256(path.read_bytes()).digest() == before, path
    if isinstance(made, Picture):
        check(made, folder / made.name if made.steps else path)
        return "ready"
    assert made.kind is FaultKind.REFUSED, path
    assert repr(path.name) in made.reason
    assert made.reason.isprintable(), path
    return made.code


def prepared(path: Path, folder: Path) -> Picture | Fault:
    try:
        return images.prepare(
            path, folder, stem="job", role=Role.IMAGE, limits=LIMITS, keep_metadata=False
        )
    except Fault as fault:
        return fault


def check(picture: Picture, sent: Path) -> None:
    """What would be sent is what the picture says, and any viewer can show it."""
    content = sent.read_bytes()
    assert hashlib.sha256(content).hexdigest() == picture.sha256, sent
    assert len(content) == picture.size_bytes <= LIMITS.max_bytes
    with Image.open(sent) as image:
        image.load()
        assert image.size == (picture.width_px, picture.height_px), sent
        assert Image.MIME[image.format or ""] == picture.media_type, sent
        assert picture.media_type in LIMITS.media_types
        assert max(image.size) <= LIMITS.max_side_px


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("corpus", "least"), CORPORA.items(), ids=list(CORPORA))
def test_every_picture_is_made_fit_or_refused_with_a_reason(
    corpus: str, least: int, tmp_path: Path, every: int
) -> None:
    """Never a crash, and never a picture that a viewer could not show."""
    found = [path for path in files(corpus) if path.suffix != ".toml"]
    outcomes: Counter[str] = Counter()
    for path in found:
        if every == 1 or path.name not in SLOW:
            outcomes[outcome(path, tmp_path)] += 1

    print(corpus, len(found), dict(outcomes))
    assert set(outcomes) <= {"ready", *CODES}
    assert outcomes["ready"] >= least, outcomes
