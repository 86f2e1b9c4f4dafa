"""A running sandbox, and clients as the two services know them."""

import base64
import io
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from PIL import Image

from seedance_watch.sandbox.keys import RIVYA_KEY, SEGMIND_KEY
from seedance_watch.sandbox.knobs import Knobs
from seedance_watch.sandbox.server import Sandbox, running

LITE = "seedance-v1-lite-image-to-video"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with running(Knobs(tiny_videos="yes"), time_factor=0) as one:
        yield one


@pytest.fixture
async def bare(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=sandbox.url, timeout=30, verify=False) as client:
        yield client


@pytest.fixture
async def rivya(sandbox: Sandbox) -> AsyncIterator["Rivya"]:
    headers = {"authorization": f"Bearer {RIVYA_KEY}"}
    async with httpx.AsyncClient(
        base_url=sandbox.url, headers=headers, timeout=30, verify=False
    ) as client:
        yield Rivya(client)


@pytest.fixture
async def segmind(sandbox: Sandbox) -> AsyncIterator["Segmind"]:
    headers = {"x-api-key": SEGMIND_KEY}
    async with httpx.AsyncClient(
        base_url=sandbox.url, headers=headers, timeout=30, verify=False
    ) as client:
        yield Segmind(client)


@pytest.fixture(scope="session")
def picture() -> bytes:
    return encoded((320, 200), "PNG")


def encoded(size: tuple[int, int], kind: str, colour: str = "teal") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, kind)
    return buffer.getvalue()


class Rivya:
    """The calls a client makes, with bodies that pass."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.http = client

    async def upload(self, content: bytes, **fields: str) -> httpx.Response:
        data = {"kind": "image", "model": "seedance-1-0-lite", **fields}
        return await self.http.post("/api/v1/files", files={"file": ("a.png", content)}, data=data)

    async def create(self, body: dict[str, Any] | None = None, key: str = "") -> httpx.Response:
        headers = {"idempotency-key": key} if key else {}
        sent = body or self.body()
        return await self.http.post("/api/v1/generations", json=sent, headers=headers)

    async def task(self, task_id: str) -> dict[str, Any]:
        return (await self.http.get(f"/api/v1/generations/{task_id}")).json()

    async def made(self, body: dict[str, Any] | None = None) -> dict[str, Any]:
        return await self.task((await self.create(body)).json()["id"])

    @staticmethod
    def body(**params: Any) -> dict[str, Any]:
        return {"model": "seedance-1-0-lite", "prompt": "a boat", "params": params}


class Segmind:
    """The calls a client makes, with bodies that pass."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.http = client

    async def upload(self, content: bytes) -> httpx.Response:
        data = base64.b64encode(content).decode()
        urls = [f"data:image/png;base64,{data}"]
        return await self.http.post("/upload-asset", json={"data_urls": urls})

    async def submit(
        self, body: dict[str, Any] | None = None, *, slug: str = LITE, api: str = "v2"
    ) -> httpx.Response:
        return await self.http.post(f"/{api}/{slug}", json=body or self.body())

    async def history(self, **query: Any) -> list[dict[str, Any]]:
        path = "/inference-request/request-history"
        return (await self.http.get(path, params=query)).json()["requests"]

    @staticmethod
    def body(**changes: Any) -> dict[str, Any]:
        body = {
            "prompt": "a boat",
            "duration": 5,
            "resolution": "480p",
            "image_url": "https://images.example/a.png",
            **changes,
        }
        return {name: value for name, value in body.items() if value is not ...}
