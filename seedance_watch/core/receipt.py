"""The receipt: everything needed to explain a video and to make it again.

A receipt is a valid sidecar with one more table: dropped into an inbox beside its image it
repeats the job, because the sidecar part holds every effective value, the seed included.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import tomli_w

from seedance_watch.core.machine import Job
from seedance_watch.core.model import Clip, Extra, Money, Part, Picture, Role, State
from seedance_watch.core.sidecar import receipt_keys


def receipt(
    job: Job, name: str, *, placed_at: float, version: str, extras: Sequence[Extra] = ()
) -> str:
    """Write a job's receipt.

    Args:
        job: A fetched job.
        name: The video's path below the outbox.
        placed_at: When it was placed, UTC seconds.
        version: This program's version.
        extras: What will be made beside the video.
    """
    assert job.prepared is not None, job.id
    assert job.fetched is not None, job.id
    end = next((part for part in job.claim.parts if part.role is Role.END_IMAGE), None)
    wish = receipt_keys(job.prepared.spec, end_image=end.name if end else None)
    facts: dict[str, Any] = {
        **_facts(job, version),
        "video": video(name, job.fetched.clip),
        **_start(job),
        "images": [_image(job, part) for part in job.claim.parts if part.role is not Role.SIDECAR],
        **({"extras": {str(each.kind): each.name for each in extras}} if extras else {}),
        "times": _times(job, placed_at),
        "origins": dict(job.prepared.spec.origins),
    }
    return tomli_w.dumps(tellable({**wish, "receipt": facts}))


def tellable(value: Any) -> Any:
    """Write the undecodable bytes of file names as escapes: TOML is UTF-8 and cannot hold them."""
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode()
        case Mapping():
            return {tellable(name): tellable(below) for name, below in value.items()}
        case list():
            return [tellable(each) for each in value]
        case _:
            return value


def _facts(job: Job, version: str) -> dict[str, Any]:
    """Give what stands directly in the receipt's table."""
    assert job.prepared is not None, job.id
    spec = job.prepared.spec
    charged = job.ready.cost if job.ready else None
    told = {"seed_reported": job.ready.seed} if job.ready and job.ready.seed is not None else {}
    return {
        "job": job.id,
        "provider": spec.provider,
        "model": spec.model,
        **({"task_id": job.accepted.task_id} if job.accepted else {}),
        **({"same_as": job.reused.of} if job.reused else {}),
        "take": spec.take,
        "takes": spec.takes,
        "attempts": job.attempts,
        "reserved": _money(job.intended.cost if job.intended else spec.cost.none()),
        **({"charged": _money(charged)} if charged else {}),
        **told,
        "version": version,
    }


def _money(money: Money) -> Mapping[str, str]:
    """Give an amount that no reader rounds."""
    return {"amount": money.digits, "unit": money.unit}


def video(name: str, clip: Clip) -> dict[str, Any]:
    """Describe the verified video."""
    return {
        "file": name,
        "sha256": clip.sha256,
        "size_bytes": clip.size_bytes,
        "duration_s": round(clip.duration_s, 3),
        "width_px": clip.width_px,
        "height_px": clip.height_px,
        "fps": round(clip.fps, 3),
        "frames": clip.frames,
        "codec": clip.codec,
        "has_audio": clip.has_audio,
    }


def _start(job: Job) -> dict[str, Any]:
    """Describe the frame that a chained shot went on from."""
    assert job.prepared is not None, job.id
    sent = next((each for each in job.prepared.pictures if each.role is Role.IMAGE), None)
    start = job.prepared.start
    return {"start": {"job": start, **_sent(sent)}} if start else {}


def _image(job: Job, part: Part) -> dict[str, Any]:
    """Describe an original, and what was sent of it."""
    assert job.prepared is not None, job.id
    sent = next((each for each in job.prepared.pictures if each.role is part.role), None)
    return {"file": part.name, "role": str(part.role), "sha256": part.sha256, **_sent(sent)}


def _sent(picture: Picture | None) -> dict[str, Any]:
    """Describe what the provider was given."""
    if picture is None:
        return {}
    return {
        "sent_sha256": picture.sha256,
        "sent_type": picture.media_type,
        "sent_width_px": picture.width_px,
        "sent_height_px": picture.height_px,
        "changes": list(picture.steps),
    }


# What people call the moments in which a state was entered.
_MOMENTS: Mapping[State, str] = {
    State.CLAIMING: "claimed",
    State.SUBMITTING: "submitted",
    State.RUNNING: "accepted",
    State.READY: "ready",
    State.FETCHED: "fetched",
}


def _times(job: Job, placed_at: float) -> dict[str, Any]:
    """Give the moments of a job's life, UTC."""
    named = {_MOMENTS[state]: at for state, at in job.since.items() if state in _MOMENTS}
    seen = {"seen": job.claim.seen_at} if job.claim.seen_at else {}
    return {name: _moment(at) for name, at in {**seen, **named, "placed": placed_at}.items()}


def _moment(at: float) -> datetime:
    """Give a TOML date and time, UTC, to the millisecond."""
    return datetime.fromtimestamp(round(at, 3), tz=UTC)
