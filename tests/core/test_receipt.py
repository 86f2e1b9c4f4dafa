"""What a receipt says, and that it can always be read."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import tomli
from histories import CLIP, LIFE, PICTURE, SHA, SPEC, Story, claiming
from histories import spec as specs
from histories import text as texts
from hypothesis import given, settings

from seedance_watch.core.events import Accepted, Claiming, Event, Fetched, Prepared, Ready
from seedance_watch.core.machine import Job
from seedance_watch.core.model import JobSpec, Money, Part, Role
from seedance_watch.core.receipt import receipt

END = Part(Role.END_IMAGE, "harbour/last.png", "last.png", 9, "cd" * 32)


def fetched(claim: Claiming, *replaced: Event) -> Job:
    """Give a fetched job whose events came at 1001, 1002, ...; some are replaced by kind."""
    kinds = {type(each): each for each in replaced}
    story = Story.of("shot-0a1b2c3d4e")
    for number, event in enumerate((claim, *LIFE[:7])):
        story.next(kinds.get(type(event), event), at=1001.0 + number)
    return story.job


def read(job: Job, *, name: str = "harbour/shot.mp4", placed_at: float = 2000.0) -> dict[str, Any]:
    """Give a receipt as a reader finds it: by way of the file's bytes."""
    text = receipt(job, name, placed_at=placed_at, version="1.2.3").encode()
    return tomli.loads(text.decode())


def moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, tz=UTC)


def test_a_receipt_says_everything() -> None:
    """The wish with every effective value, then every fact, in plain units."""
    claim = replace(claiming(), seen_at=1000.1234)
    claim = replace(claim, parts=(*claim.parts, END))
    spec = replace(SPEC, take=2, takes=3, meta={"scene": "12A"})
    clip = replace(CLIP, duration_s=5.0416666, fps=23.97602)
    ready = Ready("https://x", seed=43, cost=Money(Decimal("2.50"), "credits"))
    job = fetched(claim, Prepared(spec, (PICTURE,)), ready, Fetched(clip))

    assert read(job) == {
        "provider": "rivya",
        "model": "seedance-1-0-lite",
        "prompt": "a slow pan over the harbour at dawn",
        "duration": 5,
        "resolution": "720p",
        "camera_fixed": False,
        "seed": 42,
        "end_image": "last.png",
        "meta": {"scene": "12A"},
        "receipt": {
            "job": "shot-0a1b2c3d4e",
            "provider": "rivya",
            "model": "seedance-1-0-lite",
            "task_id": "task-1",
            "take": 2,
            "takes": 3,
            "attempts": 1,
            "reserved": {"amount": "1.5", "unit": "credits"},
            "charged": {"amount": "2.5", "unit": "credits"},
            "seed_reported": 43,
            "version": "1.2.3",
            "video": {
                "file": "harbour/shot.mp4",
                "sha256": SHA,
                "size_bytes": 1_000_000,
                "duration_s": 5.042,
                "width_px": 1280,
                "height_px": 720,
                "fps": 23.976,
                "frames": 120,
                "codec": "h264",
                "has_audio": False,
            },
            "images": [
                {
                    "file": "shot.png",
                    "role": "image",
                    "sha256": SHA,
                    "sent_sha256": SHA,
                    "sent_type": "image/jpeg",
                    "sent_width_px": 1280,
                    "sent_height_px": 720,
                    "changes": ["shrunk"],
                },
                {"file": "last.png", "role": "end_image", "sha256": "cd" * 32},
            ],
            "times": {
                "seen": moment(1000.123),
                "claimed": moment(1001.0),
                "submitted": moment(1005.0),
                "accepted": moment(1006.0),
                "ready": moment(1007.0),
                "fetched": moment(1008.0),
                "placed": moment(2000.0),
            },
            "origins": {"duration": "sidecar", "prompt": "_defaults.toml in harbour/"},
        },
    }


def test_what_was_not_told_is_left_out() -> None:
    """No end image, no charge, no seed and no time of the drop are invented."""
    found = read(fetched(claiming(), Ready("https://x")))

    assert "end_image" not in found
    assert "seen" not in found["receipt"]["times"]
    assert {"charged", "seed_reported"}.isdisjoint(found["receipt"])


def test_a_name_that_is_not_utf_8_does_not_stop_a_paid_video() -> None:
    """TOML is UTF-8: undecodable bytes of names are written as escapes."""
    parts = (Part(Role.IMAGE, "a\udcff.png", "a\udcff.png", 1, SHA), *claiming().parts[1:])
    spec = replace(SPEC, origins={"prompt": "_defaults.toml in b\udcff/"})

    found = read(fetched(replace(claiming(), parts=parts), Prepared(spec)), name="a\udcff.mp4")

    assert found["receipt"]["images"][0]["file"] == "a\\udcff.png"
    assert found["receipt"]["video"]["file"] == "a\\udcff.mp4"
    assert found["receipt"]["origins"]["prompt"] == "_defaults.toml in b\\udcff/"


@settings(max_examples=60)
@given(specs, texts, texts)
def test_a_receipt_can_always_be_read(spec: JobSpec, name: str, task_id: str) -> None:
    """Whatever a wish, a name or a provider's word holds, the text is TOML and UTF-8."""
    job = fetched(claiming(), Prepared(spec, (PICTURE,)), Accepted(task_id))

    assert read(job, name=name)["receipt"]["attempts"] == 1
