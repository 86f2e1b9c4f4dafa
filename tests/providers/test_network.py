"""Connections below httpx: whether an idle one can still be used."""

import asyncio

import httpcore

from seedance_watch.providers.network import Stream


async def test_an_idle_connection_that_has_ended_is_noticed() -> None:
    """Else the next call, perhaps a paid one, would begin on a dead connection."""
    ended = asyncio.Event()

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ended.wait()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        stream = Stream(await httpcore.AnyIOBackend().connect_tcp("127.0.0.1", port))

        assert stream.get_extra_info("is_readable") is False
        ended.set()
        async with asyncio.timeout(30):
            while not stream.get_extra_info("is_readable"):
                await asyncio.sleep(0.01)

        await stream.aclose()
        assert stream.get_extra_info("is_readable") is True
