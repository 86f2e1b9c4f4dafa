"""Storyboards: shots that go on from each other, whole, against the sandbox."""

import io
import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
import pytest
import studios
from PIL import Image
from studios import Studio, once

from seedance_watch.core.model import State
from seedance_watch.sandbox.server import Sandbox, threaded

# The models take no smaller frame than this.
KNOBS = replace(studios.KNOBS, tiny_videos="no", video_scale=0.65, fps=3)
WISH = 'prompt = "shot {0}"\nresolution = "480p"\n'


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with threaded(KNOBS, time_factor=0) as running:
        yield running


def drop(studio: Studio, number: int, *, start: str = "") -> None:
    """Drop a shot; one without a start has an image."""
    text = WISH.format(number) + (f'start_from = "{start}"\n' if start else "")
    studio.drop(text, name=f"shot{number:02}", images=() if start else ("{}.png",))


def last_frame(path: Path) -> bytes:
    """Give the pixels of the last frame of a video."""
    with av.open(str(path)) as container:
        *_, last = container.decode(video=0)
    return last.to_image().convert("RGB").tobytes()


def pixels(image: bytes) -> bytes:
    return Image.open(io.BytesIO(image)).convert("RGB").tobytes()


def sent(sandbox: Sandbox, since: int) -> dict[str, bytes]:
    """Give the first image of each paid call, by prompt."""
    state = sandbox._state
    found = {}
    for line in sandbox.ledger("charge")[since:]:
        upload = state.upload_at(line.images[0])
        assert upload
        found[state.tasks[line.task_id].prompt] = upload.content
    return found


async def test_a_storyboard_becomes_a_continuous_sequence(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """Each shot begins with the very frame with which the one before ends, in whatever order."""
    studio, charges = studios.lay_out(tmp_path, sandbox.url), len(sandbox.ledger("charge"))
    numbers = list(range(1, 5))
    random.Random(3).shuffle(numbers)
    for number in numbers:
        drop(studio, number, start=f"shot{number - 1:02}" if number > 1 else "")

    ended = await once(studio)

    assert ended == {State.DONE: 4}
    lines = sandbox.ledger("charge")[charges:]
    print(lines)
    for before, after in pairwise(range(1, 5)):
        pass
