"""Storyboards for tests: shots that are dropped, and what the sandbox was sent for them."""

import io
from dataclasses import replace
from pathlib import Path

import av
import studios
from PIL import Image
from studios import Studio

from seedance_watch.core.snapshot import Row
from seedance_watch.sandbox.server import Sandbox

# The models take no smaller frame than this makes.
KNOBS = replace(studios.KNOBS, tiny_videos="no", video_scale=0.65, fps=3)
GOOD = 'resolution = "480p"\n'
WRONG = "duration = 999\n"


def drop(studio: Studio, name: str, start: str = "", more: str = GOOD) -> None:
    """Drop a shot; one that starts from another has no image."""
    chained = f'start_from = "{start}"\n' if start else ""
    text = f'prompt = "{name}"\n{chained}{more}'
    studio.drop(text, name=name, images=() if start else ("{}.png",))


def states(studio: Studio) -> dict[str, str]:
    """Give each shot's newest job: its hold, else its state."""
    rows = sorted(studio.rows(), key=lambda row: row.created_at)
    return {row.label: row.held or str(row.state) for row in rows}


def newest(studio: Studio, label: str) -> Row:
    """Give a shot's newest job."""
    rows = [row for row in studio.rows() if row.label == label]
    return max(rows, key=lambda row: row.created_at)


def last_frame(video: Path) -> bytes:
    """Give the pixels of a video's last frame."""
    with av.open(str(video)) as container:
        *_, last = container.decode(video=0)
    return last.to_image().convert("RGB").tobytes()


def sent(studio: Studio, sandbox: Sandbox) -> dict[str, list[bytes]]:
    """Give the pixels of the first image of each accepted call, by the shot's name."""
    labels = {row.job_id: row.label for row in studio.rows()}
    found: dict[str, list[bytes]] = {}
    for task in sandbox.tasks():
        label = labels[task.client_request_id or ""]
        found.setdefault(label, []).append(pixels(task.spec.images[0]))
    return found


def pixels(image: bytes) -> bytes:
    return Image.open(io.BytesIO(image)).convert("RGB").tobytes()
