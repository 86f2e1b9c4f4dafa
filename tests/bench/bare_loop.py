"""The reference: the same calls and the same files, and nothing else.

No journal, no look at a picture or a video, no sync, no retry. It is given the sandbox's address,
the folder and how many jobs may be under way, and prints the seconds that it took, and those of
processor time.
"""

import asyncio
import sys
import time
from pathlib import Path

import httpx

from seedance_watch.sandbox.keys import RIVYA_KEY

MODEL = "seedance-1-0-lite"
HEADERS = {"authorization": f"Bearer {RIVYA_KEY}"}


async def jobs(url: str, folder: Path, most: int) -> None:
    """Do all jobs."""
    seats = asyncio.Semaphore(most)
    limits = httpx.Limits(max_connections=most, max_keepalive_connections=most)
    async with (
        httpx.AsyncClient(base_url=url, headers=HEADERS, limits=limits) as client,
        asyncio.TaskGroup() as tasks,
    ):
        for image in sorted(folder.glob("beside*/*.png")):
            tasks.create_task(job(client, seats, image, folder / "studio"))


async def job(
    client: httpx.AsyncClient, seats: asyncio.Semaphore, image: Path, studio: Path
) -> None:
    """Upload, create, ask, download, move the originals."""
    sidecar = image.with_suffix(".toml")
    async with seats:
        file = ("image.png", image.read_bytes(), "image/png")
        form = {"kind": "image", "model": MODEL}
        uploaded = (await client.post("/api/v1/files", files={"file": file}, data=form)).json()
        item = {"url": uploaded["url"], "kind": "image", "mimeType": "image/png"}
        body = {
            "model": MODEL,
            "prompt": sidecar.read_text(),
            "params": {"referenceMediaItems": [item]},
        }
        key = {"idempotency-key": image.stem}
        made = (await client.post("/api/v1/generations", json=body, headers=key)).json()
        while True:
            answer = (await client.get(f"/api/v1/generations/{made['id']}")).json()
            if answer["status"] == "succeeded":
                break
            await asyncio.sleep(0.02)
        part = studio / "outbox" / f"{image.stem}.part"
        with part.open("wb") as video:
            async with client.stream("GET", answer["result"]["primary_url"]) as stream:
                async for piece in stream.aiter_raw():
                    video.write(piece)
        part.rename(part.with_suffix(".mp4"))
        part.with_suffix(".toml").write_text(str(answer))
        for path in (sidecar, image):
            path.rename(studio / "done" / path.name)


def main() -> None:
    """Do them and print what they took."""
    begun_s = time.monotonic()
    asyncio.run(jobs(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
    sys.stdout.write(f"{time.monotonic() - begun_s} {time.process_time()}\n")


if __name__ == "__main__":
    main()
