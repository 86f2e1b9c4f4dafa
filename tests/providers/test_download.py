"""Fetching a video: resumed where it ended, judged before it is kept."""

from typing import Any

import pytest

from seedance_watch.core.errors import Fault, FaultKind

K = FaultKind
VIDEO = bytes(range(256)) * 40


def ranged(http: Any, *, etag: str = '"v1"', cut_at: int | None = None) -> Any:
    """Serve the video with ranges; break the first answer off where asked."""
    state = {"cut": cut_at}

    async def say(heard: Any, writer: Any) -> None:
        start = 0
        wanted = heard.headers.get("range", "")
        if wanted and heard.headers.get("if-range", etag) == etag:
            start = int(wanted.removeprefix("bytes=").split("-")[0])
        body, more = VIDEO[start:], {}
        if start:
            more["content_range"] = f"bytes {start}-{len(VIDEO) - 1}/{len(VIDEO)}"
        status = 206 if start else 200
        text = http.answer(status, body, content_type="video/mp4", etag=etag, **more)
        cut, state["cut"] = state["cut"], None
        if cut is None:
            writer.write(text)
            return
        writer.write(text[: len(text) - len(body) + cut])
        await writer.drain()
        writer.close()

    return say


async def test_a_broken_download_goes_on_where_it_ended(
    http: Any, serve: Any, gateway: Any, tmp_path: Any
) -> None:
    """The second try asks for the rest only, if the file is still the same one."""
    peer = await serve(ranged(http, cut_at=4000))
    provider, part = gateway(peer.url), tmp_path / "a.mp4"
    with pytest.raises(Fault) as raised:
        await provider.download(f"{peer.url}/1.mp4", part)
    got = await provider.download(f"{peer.url}/1.mp4", part)

    assert raised.value.kind is K.UNSURE
    assert part.read_bytes() == VIDEO
    assert got.size_bytes == len(VIDEO)
    assert peer.heard[-1].headers["range"].startswith("bytes=")


async def test_nothing_is_fetched_into_a_folder_that_is_not_sure(
    http: Any, serve: Any, gateway: Any, tmp_path: Any
) -> None:
    """An outbox that is away or another one stays as it is, and nobody is asked for the video."""
    peer = await serve(ranged(http))

    def sure() -> None:
        raise Fault(K.LOCAL, "another folder is in its place", code="ENOENT")

    with pytest.raises(Fault, match="in its place") as raised:
        await gateway(peer.url).download(f"{peer.url}/1.mp4", tmp_path / "a.mp4", sure=sure)

    assert raised.value.code == "ENOENT"
    assert (peer.heard, list(tmp_path.iterdir())) == ([], [])


async def test_a_changed_file_is_fetched_anew(
    http: Any, serve: Any, gateway: Any, tmp_path: Any
) -> None:
    """Two halves of different files are no video."""
    peer = await serve(ranged(http, cut_at=4000))
    provider, part = gateway(peer.url), tmp_path / "a.mp4"
    with pytest.raises(Fault):
        await provider.download(f"{peer.url}/1.mp4", part)
    peer.say = ranged(http, etag='"v2"')
    await provider.download(f"{peer.url}/1.mp4", part)

    assert part.read_bytes() == VIDEO


@pytest.mark.parametrize(
    ("status", "body", "content_type", "kind"),
    [
        (200, b"<html>sorry</html>", "text/html", K.GARBLED),
        (200, b'{"error": "no"}', "application/json", K.GARBLED),
        (403, b"expired", "text/plain", K.GONE),
        (404, b"gone", "text/plain", K.GONE),
        (410, b"gone", "text/plain", K.GONE),
        (429, b"slow", "text/plain", K.BUSY),
        (500, b"oops", "text/plain", K.UNSURE),
        (503, b"later", "text/plain", K.BUSY),
    ],
)
async def test_what_is_no_video_is_sorted(
    status: int,
    body: bytes,
    content_type: str,
    kind: FaultKind,
    http: Any,
    serve: Any,
    gateway: Any,
    tmp_path: Any,
) -> None:
    """An expired link asks for a fresh one; a page is never kept as a video."""
    peer = await serve(http.whole(status, body, content_type=content_type))
    with pytest.raises(Fault) as raised:
        await gateway(peer.url).download(f"{peer.url}/1.mp4?sig=secret", tmp_path / "a.mp4")

    assert raised.value.kind is kind
    assert "secret" not in raised.value.reason


async def test_an_endless_video_is_given_up(
    http: Any, serve: Any, gateway: Any, tmp_path: Any
) -> None:
    """No more than the limit is ever written."""
    peer = await serve(http.whole(body=b"x" * 300_000, content_type="video/mp4"))
    provider, part = gateway(peer.url, max_video_bytes=100_000), tmp_path / "a.mp4"
    with pytest.raises(Fault) as raised:
        await provider.download(f"{peer.url}/1.mp4", part)

    assert raised.value.kind is K.GARBLED
    assert not part.exists() or part.stat().st_size <= 200_000


async def test_redirects_are_followed_a_few_times_and_never_into_the_house(
    http: Any, serve: Any, gateway: Any, tmp_path: Any
) -> None:
    """A loop ends; a private address is refused at any hop."""
    loop = await serve(http.whole(302, b"", location="/again"))
    with pytest.raises(Fault):
        await gateway(loop.url).download(f"{loop.url}/1.mp4", tmp_path / "a.mp4")
    house = await serve(http.whole(302, b"", location="http://10.0.0.1/1.mp4"))
    with pytest.raises(Fault) as raised:
        await gateway(house.url).download(f"{house.url}/1.mp4", tmp_path / "b.mp4")

    assert len(loop.heard) <= 7
    assert raised.value.code == "link"
