"""Where videos are made: two worker threads, each video once, results by content."""

import asyncio
import concurrent.futures
import io
import urllib.error
import urllib.parse
import urllib.request

from seedance_watch.sandbox.render import VideoSpec, render

_WORKERS = 2
_FETCH_S = 10.0
_FETCH_MAX_BYTES = 64 << 20


class Studio:
    """A cache of videos that are rendered or being rendered."""

    def __init__(self) -> None:
        self._pool = concurrent.futures.ThreadPoolExecutor(_WORKERS, "sandbox-render")
        self._videos: dict[VideoSpec, concurrent.futures.Future[bytes]] = {}

    def begin(self, spec: VideoSpec) -> concurrent.futures.Future[bytes]:
        """Start rendering, unless it was started before."""
        if spec not in self._videos:
            self._videos[spec] = self._pool.submit(render, spec)
        return self._videos[spec]

    async def video(self, spec: VideoSpec) -> bytes:
        """Return the video, waiting for it when needed."""
        return await asyncio.wrap_future(self.begin(spec))

    def close(self) -> None:
        """Drop what has not begun; wait for what has."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def decodable(image: bytes) -> bool:
    """Say whether an image opens and decodes to its last byte."""
    from PIL import Image  # noqa: PLC0415 - only who looks at images pays for the import

    try:
        with Image.open(io.BytesIO(image)) as opened:
            opened.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False
    return True


def fetched(url: str) -> bytes | None:
    """Fetch a foreign image as the real service would; None is a failure.

    Only loopback is really asked (a test's bucket); other hosts count as reachable and give
    an empty body, because a sandbox never talks to the world.
    """
    host = urllib.parse.urlsplit(url).hostname or ""
    if host not in {"127.0.0.1", "localhost", "::1"}:
        return b""
    try:
        with urllib.request.urlopen(url, timeout=_FETCH_S) as answer:  # noqa: S310 - checked
            content: bytes = answer.read(_FETCH_MAX_BYTES)
    except (urllib.error.URLError, OSError, ValueError):
        return None
    return content
