"""A studio with its page, and somebody who visits it as a browser does."""

import io
import re
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import studios
from PIL import Image
from telling.conftest import Telling, telling

from seedance_watch.core.model import State
from seedance_watch.core.snapshot import Row

JSON = {"accept": "application/json"}
_TOKEN = re.compile(r'"([0-9a-f]{64})"')


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def png(shade: int = 90, size: tuple[int, int] = (640, 360)) -> bytes:
    """Give a picture."""
    out = io.BytesIO()
    Image.new("RGB", size, (shade, 90, 160)).save(out, "PNG")
    return out.getvalue()


@dataclass
class Visit:
    """A browser at the page of a daemon that runs."""

    studio: studios.Studio
    daemon: Telling
    base: str
    client: httpx.AsyncClient
    token: str = ""

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Ask."""
        return await self.client.get(path, headers=headers)

    async def come(self) -> str:
        """Open the first page, and know its token."""
        text = (await self.client.get("/", headers={"accept": "text/html"})).text
        found = _TOKEN.search(text)
        assert found, text
        self.token = found[1]
        return text

    async def post(self, path: str, *, script: bool = True, **fields: str) -> httpx.Response:
        """Send a form of the page."""
        values = {"token": self.token, **fields}
        return await self.client.post(path, data=values, headers=JSON if script else {})

    async def drop(
        self, *, files: Mapping[str, tuple[str, bytes]], script: bool = True, **fields: str
    ) -> httpx.Response:
        """Send the drop form."""
        values = {"token": self.token, "watch": "studio", **fields}
        headers = JSON if script else {}
        return await self.client.post("/drop", data=values, files=files, headers=headers)

    def row(self, label: str) -> Row:
        """Give the newest job of a name."""
        rows = [row for row in self.studio.rows() if row.label == label]
        return max(rows, key=lambda row: row.created_at)

    async def done(self, *labels: str) -> None:
        """Wait until jobs are done."""
        await self.until(*labels, state=State.DONE)

    async def until(self, *labels: str, state: State) -> None:
        """Wait until jobs are in a state."""

        def there() -> bool:
            found = {row.label for row in self.studio.rows() if row.state is state}
            return set(labels) <= found

        await self.daemon.until((self.studio.folder / "state/journal.db").exists)
        await self.daemon.until(there)


@asynccontextmanager
async def visiting(
    studio: studios.Studio, web: str = "", *, port: int = 0
) -> AsyncIterator[Visit]:
    """Run the daemon with its page for the length of the block."""
    known = re.search(r"\[web\]\nlisten = '(\d+)'", studio.config.read_text())
    port = port or int(known[1] if known else free_port())
    if not known:
        studio.configure(more=f"[web]\nlisten = '{port}'\n{web}")
    async with telling(studio) as daemon:
        await daemon.until(lambda: daemon.said("page.served"))
        base = f"http://127.0.0.1:{port}"
        headers = {"origin": base, "sec-fetch-site": "same-origin"}
        async with httpx.AsyncClient(base_url=base, headers=headers, timeout=60) as client:
            yield Visit(studio, daemon, base, client)
