"""A provider's whole conversation over a real socket."""

from typing import Any

from seedance_watch.core.events import Accepted, Ready, Staged


async def test_happy_path(http: Any, serve: Any, gateway: Any, tmp_path: Any) -> None:
    """A picture is staged, the call is paid, the task is asked for and its video fetched."""
    video = bytes(range(256)) * 1000

    async def say(heard: Any, writer: Any) -> None:
        base = peer.url
        answers = {
            "/files": b'{"url": "%s/files/1?sig=x"}' % base.encode(),
            "/generations": b'{"id": "task-9"}',
            "/tasks/task-9": b'{"url": "%s/videos/9.mp4?sig=x"}' % base.encode(),
            "/credits": b'{"credits": 84}',
        }
        path = heard.target.partition("?")[0]
        kind = "video/mp4" if path.endswith(".mp4") else "application/json"
        writer.write(http.answer(200, answers.get(path, video), content_type=kind))

    peer = await serve(say)
    provider = gateway(peer.url)
    (tmp_path / "shot.png").write_bytes(b"pixels")
    staged = await provider.stage([http.picture(b"pixels")], tmp_path, http.spec)
    assert staged == Staged((f"{peer.url}/files/1?sig=x",))
    part = tmp_path / "part" / "a.mp4"
    assert await provider.submit(http.intent(peer.url), part) == [Accepted("task-9")]
    ready = await provider.poll("task-9", 0.0)
    assert ready == Ready(f"{peer.url}/videos/9.mp4?sig=x")
    got = await provider.download(ready.url, part)
    assert (got.size_bytes, got.content_type) == (len(video), "video/mp4")
    assert part.read_bytes() == video
    assert str(await provider.balance()) == "84 credits"
