"""What each kind of fault does to a request; the table is at the end."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

from seedance_watch.sandbox import replies
from seedance_watch.sandbox.clock import lost_within
from seedance_watch.sandbox.exchange import Exchange
from seedance_watch.sandbox.replies import Reply

_HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
_ZIP = b"PK\x03\x04" + bytes(200)
_NOISE = b"\x5a" * 65536


async def _reset_before(exchange: Exchange) -> None:
    await exchange.wire.reset()


async def _close_before(exchange: Exchange) -> None:
    await exchange.wire.close()


async def _hang_before(exchange: Exchange) -> None:
    if not await lost_within(exchange.wire.lost, exchange.args["seconds"]):
        await exchange.wire.close()


async def _error(exchange: Exchange) -> None:
    if exchange.injection.row.stage == "after":
        await exchange.handled()
    await exchange.answer(replies.error(exchange.endpoint, exchange.args["status"]))


async def _html_error(exchange: Exchange) -> None:
    if exchange.injection.row.stage == "after":
        await exchange.handled()
    await exchange.answer(replies.html(exchange.args["status"], _HTML))


async def _throttled(exchange: Exchange) -> None:
    reset_at = exchange.state.clock.now_at() + exchange.args["reset_s"]
    reset = exchange.state.clock.text(reset_at)
    wait = exchange.args["retry_after"]
    await exchange.answer(replies.throttled(exchange.endpoint, reset=reset, retry_after=wait))


async def _not_found(exchange: Exchange) -> None:
    await exchange.answer(replies.error(exchange.endpoint, 404))


async def _any_answer(exchange: Exchange) -> None:
    body, headers = exchange.args["body"], dict(exchange.args["headers"])
    if isinstance(body, str):
        reply = Reply(status=exchange.args["status"], headers=(), body=body.encode())
    else:
        reply = replies.json_reply(exchange.args["status"], body)
    await exchange.answer(reply.with_headers(headers))


async def _garbage(exchange: Exchange) -> None:
    await exchange.wire.write(b"\x16\x03\x01 this is not HTTP at all\r\n\r\n")
    await exchange.wire.close()


async def _redirect(exchange: Exchange) -> None:
    here = replies.url_of(exchange.scope)
    other = here.replace("127.0.0.1", "localhost")
    to = {"loop": here, "other": other}.get(exchange.args["to"], exchange.args["to"])
    await exchange.answer(Reply(status=exchange.args["status"], headers=(("location", to),)))


async def _expired(exchange: Exchange) -> None:
    await exchange.answer(replies.html(exchange.args["status"], b"<Error>AccessDenied</Error>"))


async def _reset_after(exchange: Exchange) -> None:
    await exchange.handled()
    await exchange.wire.reset()


async def _close_after(exchange: Exchange) -> None:
    await exchange.handled()
    await exchange.wire.close()


async def _delay_after(exchange: Exchange) -> None:
    reply = await exchange.handled()
    if not await lost_within(exchange.wire.lost, exchange.args["seconds"]):
        await exchange.answer(reply)


async def _lost_in_body(exchange: Exchange) -> None:
    reply = await exchange.handled()
    await exchange.wire.write(reply.head() + reply.first(exchange.args["part"]))
    await exchange.wire.sent()
    await exchange.wire.reset()


async def _unknown_status(exchange: Exchange) -> None:
    reply = await exchange.handled()
    body = reply.json()
    if isinstance(body, dict) and "status" in body:
        reply = replies.json_reply(reply.status, {**body, "status": exchange.args["value"]})
    await exchange.answer(reply)


async def _extra_fields(exchange: Exchange) -> None:
    reply = await exchange.handled()
    await exchange.answer(replies.json_reply(reply.status, _enriched(reply.json())))


def _enriched(value: Any) -> Any:
    match value:
        case dict():
            return {name: _enriched(item) for name, item in value.items()} | {"x_new": [{"a": 1}]}
        case list():
            return [_enriched(item) for item in value]
        case _:
            return value


async def _not_json(exchange: Exchange) -> None:
    reply = await exchange.handled()
    await exchange.answer(reply.with_body(b'{"id": "task_', "application/json"))


async def _json_shape(exchange: Exchange) -> None:
    reply = await exchange.handled()
    body = json.dumps(exchange.args["body"]).encode()
    await exchange.answer(reply.with_body(body, "application/json"))


async def _truncated(exchange: Exchange) -> None:
    reply = await exchange.handled()
    await exchange.wire.write(reply.head() + reply.first(exchange.args["part"]))
    await exchange.wire.close()


async def _no_length(exchange: Exchange) -> None:
    reply = (
        (await exchange.handled()).without("content-length").with_headers({"connection": "close"})
    )
    await exchange.wire.write(reply.head() + reply.first(exchange.args["part"]))
    await exchange.wire.close()


async def _wrong_length(exchange: Exchange) -> None:
    reply = await exchange.handled()
    length = str(max(0, len(reply.body) + exchange.args["by"]))
    await exchange.wire.write(reply.with_headers({"content-length": length}).head() + reply.body)
    await exchange.wire.close()


async def _wrong_type(exchange: Exchange) -> None:
    reply = await exchange.handled()
    await exchange.answer(reply.with_headers({"content-type": exchange.args["value"]}))


async def _html_body(exchange: Exchange) -> None:
    reply = await exchange.handled()
    await exchange.answer(reply.with_body(_HTML, exchange.args["content_type"], status=200))


async def _zip_body(exchange: Exchange) -> None:
    reply = await exchange.handled()
    await exchange.answer(reply.with_body(_ZIP, "application/zip", status=200))


async def _empty_body(exchange: Exchange) -> None:
    reply = await exchange.handled()
    await exchange.answer(reply.with_body(b"", reply.content_type))


async def _corrupt(exchange: Exchange) -> None:
    reply = await exchange.handled()
    middle = len(reply.body) // 2
    damage = bytes(byte ^ 0xA5 for byte in reply.body[middle : middle + 2000])
    body = reply.body[:middle] + damage + reply.body[middle + 2000 :]
    await exchange.answer(reply.with_body(body, reply.content_type))


async def _endless(exchange: Exchange) -> None:
    reply = (await exchange.handled()).without("content-length")
    declared = exchange.args["declared"]
    framing = {"content-length": str(declared)} if declared else {"connection": "close"}
    going = await exchange.wire.write(reply.with_headers(framing).head() + reply.body)
    total = len(reply.body)
    while going and total < exchange.args["limit"]:
        going = await exchange.wire.write(_NOISE)
        total += len(_NOISE)
        await asyncio.sleep(0)
    await exchange.wire.close()


async def _drip_body(exchange: Exchange) -> None:
    reply = await exchange.handled()
    await exchange.wire.write(reply.head())
    await exchange.wire.drip(reply.body, exchange.args["interval_s"])
    await exchange.wire.close()


async def _drip_head(exchange: Exchange) -> None:
    reply = await exchange.handled()
    await exchange.wire.drip(reply.head(), exchange.args["interval_s"])
    await exchange.wire.write(reply.body)
    await exchange.wire.close()


async def _range_wrong(exchange: Exchange) -> None:
    reply = await exchange.handled()
    wrong = f"bytes 0-{len(reply.body) - 1}/{len(reply.body)}"
    if reply.status == 206:
        reply = reply.with_headers({"content-range": wrong})
    await exchange.answer(reply)


Act = Callable[[Exchange], Awaitable[None]]
ACTS: Mapping[str, Act] = MappingProxyType({
    "reset_before": _reset_before, "close_before": _close_before, "hang_before": _hang_before,
    "error_before": _error, "html_before": _html_error, "throttled": _throttled,
    "not_found": _not_found, "answer": _any_answer, "garbage": _garbage, "redirect": _redirect,
    "expired": _expired, "reset_after": _reset_after, "close_after": _close_after,
    "delay_after": _delay_after, "lost_in_body": _lost_in_body, "error_after": _error,
    "html_after": _html_error, "error_at_completion": _error,
    "unknown_status": _unknown_status, "extra_fields": _extra_fields, "not_json": _not_json,
    "json_shape": _json_shape, "truncated": _truncated, "no_length": _no_length,
    "wrong_length": _wrong_length, "wrong_type": _wrong_type, "html_body": _html_body,
    "zip_body": _zip_body, "empty_body": _empty_body, "corrupt": _corrupt, "endless": _endless,
    "drip_body": _drip_body, "drip_head": _drip_head, "range_wrong": _range_wrong,
})  # fmt: skip
