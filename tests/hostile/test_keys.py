"""A provider that says our key back to us, in every place it has: it is shown and kept nowhere."""

import asyncio
import io
import json
from pathlib import Path

import pytest
import structlog
import studios
from hostile.test_reach import holding

from seedance_watch.app.build import build, make_folders
from seedance_watch.config.effective import effective
from seedance_watch.config.load import load
from seedance_watch.faces import log
from seedance_watch.sandbox.keys import RIVYA_KEY, SEGMIND_KEY
from seedance_watch.sandbox.server import Sandbox

KEYS = {"rivya": RIVYA_KEY, "segmind": SEGMIND_KEY}
# Whoever serves the video never gets a key (tests/providers/test_wire.py), so knows none to say.
CALLS = {
    "rivya": ("rivya.upload", "rivya.create", "rivya.status"),
    "segmind": ("segmind.upload", "segmind.submit", "segmind.status"),
}
STATUSES = (200, 202, 302, 400, 403, 404, 409, 422, 429, 500)


def echoes(key: str) -> list[dict[str, object]]:
    """Give answers that hold the key wherever we might look."""
    url = f"https://cdn.example/{key}/1.mp4?sig={key}"
    return [
        {"error": {"code": key, "message": f"wrong key: Bearer {key}", "details": [key]}},
        {"id": key, "request_id": key, "status": key, "url": url, "detail": {key: key}},
        {"status": "succeeded", "id": "t", "result": {"primary_url": url, "urls": [url]}},
        {"status": "COMPLETED", "request_id": "t", "video_url": url, "output": [{"video": url}]},
        {"status": "failed", "error": {"code": "generation_failed", "message": key}},
        {"status": "FAILED", "error": key, "message": key},
    ]


@pytest.mark.parametrize("provider", KEYS)
@pytest.mark.parametrize("form", ["text", "json"])
async def test_a_key_that_is_said_back_stays_secret(
    provider: str, form: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Neither journal nor note, receipt or log holds it, not even at level debug."""
    studio, key = (
        studios.lay_out(tmp_path / "studio", sandbox.url, provider=provider),
        KEYS[provider],
    )
    for number in range(len(CALLS[provider]) * len(STATUSES)):
        studio.drop(f'prompt = "{number}"\nmeta.number = {number}\n', name=f"shot{number}")
    headers = {"x-request-id": key, "retry-after": "0", "location": f"/{key}", "x-why": key}
    for call in CALLS[provider]:
        for number, status in enumerate(STATUSES):
            body = echoes(key)[number % len(echoes(key))]
            sandbox.fault("answer", call, status=status, body=body, headers=headers)
    stream, before = io.TextIOWrapper(io.BytesIO(), "utf-8"), structlog.get_config()
    try:
        log.configure(level="debug", form=form, stream=stream)
        await until_struck(studio, sandbox)
    finally:
        structlog.configure(**before)
    stream.flush()
    (tmp_path / "studio" / "daemon.log").write_bytes(stream.buffer.getvalue())

    assert len(sandbox.calls()) > len(CALLS[provider]) * len(STATUSES)
    assert b"***" in stream.buffer.getvalue()  # it was said, and cut out
    assert holding(studio.folder, key) == []


async def until_struck(studio: studios.Studio, sandbox: Sandbox) -> None:
    """Run the daemon until every such answer was given."""
    settings, stop = load(studio.config), asyncio.Event()
    make_folders(settings)
    built = await build(settings, stop=stop, listeners=(log.heard,), apart=False)
    try:
        async with asyncio.timeout(90), asyncio.TaskGroup() as tasks:
            tasks.create_task(built.daemon.run())
            while sandbox._state.faults.pending():
                await asyncio.sleep(0.05)
            stop.set()
    finally:
        await built.close()


def test_the_configuration_has_no_key_to_show(tmp_path: Path) -> None:
    """Not in what check shows, not in its repr, not as JSON."""
    settings = load(studios.lay_out(tmp_path / "studio", "http://127.0.0.1:9").config)
    shown = f"{effective(settings)}{settings!r}{settings.keys.model_dump_json()}"
    shown += json.dumps(dict(settings.table.values), default=str)

    assert "********" in shown
    assert not any(key in shown for key in KEYS.values())
