"""Judging the answer to a download: is it the video, all of it, and from where on."""

import re
from dataclasses import dataclass

import httpx

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.providers.dialect import Reply
from seedance_watch.providers.replies import excerpt, is_no_video, media_type
from seedance_watch.providers.verdicts import wait_s

_EXCERPT_BYTES = 4000
_CONTENT_RANGE = re.compile(r"bytes ([0-9]+)-([0-9]+)/([0-9]+|\*)", re.IGNORECASE)
_SHOWN_CHARS = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer whose body has not been read.

    Attributes:
        response: The answer.
        doing: What it answers, for people.
        offset: From which byte on the video was asked for.
    """

    response: httpx.Response
    doing: str
    offset: int

    @property
    def status(self) -> int:
        """Give the HTTP status."""
        return self.response.status_code

    @property
    def anew(self) -> bool:
        """Whether the body begins at the video's first byte."""
        return self.status != 206

    @property
    def media_type(self) -> str:
        """Give the bare content type, "" when not told."""
        return media_type(self.header("content-type"))

    def header(self, name: str) -> str:
        """Give a header, "" when there is none."""
        return str(self.response.headers.get(name, ""))

    def fault(self, kind: FaultKind, happened: str, *, after_s: float | None = None) -> Fault:
        """Say what happened to this download."""
        return Fault(kind, f"{self.doing}: {happened}", after_s=after_s)


def elsewhere(answer: Answer) -> bool:
    """Whether the server cannot go on where we are, and must be asked for all of it."""
    if answer.status == 416:
        return True
    if answer.status != 206:
        return False
    found = _CONTENT_RANGE.fullmatch(answer.header("content-range").strip())
    return found is None or int(found[1]) != answer.offset or answer.offset == 0


def whole_bytes(answer: Answer) -> int | None:
    """Give the length that the whole video will have, None when not told."""
    if answer.anew:
        length = answer.header("content-length")
        return int(length) if length.isdecimal() else None
    found = _CONTENT_RANGE.fullmatch(answer.header("content-range").strip())
    return None if found is None or found[3] == "*" else int(found[3])


def complete(answer: Answer, size_bytes: int, whole: int | None) -> None:
    """Make sure that nothing is missing, as far as the server said how much it is.

    Raises:
        Fault: UNSURE: too short, the next try goes on from here. GARBLED: too long.
    """
    if whole is not None and size_bytes > whole:
        raise answer.fault(FaultKind.GARBLED, f"got {size_bytes} bytes of {whole}")
    if size_bytes == 0 or (whole is not None and size_bytes < whole):
        told = "a video" if whole is None else f"{whole}"
        raise answer.fault(
            FaultKind.UNSURE, f"broke off after {size_bytes} bytes of {told}; it is gone on with"
        )


async def judge(answer: Answer, now: float) -> None:
    """Let only a video through.

    Raises:
        Fault: By status and content type.
    """
    if answer.status not in {200, 206}:
        raise _status_fault(answer, await _said(answer.response), now)
    if is_no_video(answer.media_type):
        said = await _said(answer.response)
        raise answer.fault(
            FaultKind.GARBLED, f"not a video but {answer.media_type}{said}; ask the provider"
        )
    if answer.header("content-encoding").lower() not in {"", "identity"}:
        raise answer.fault(FaultKind.GARBLED, "packed, which was not asked for; ask the provider")


def _status_fault(answer: Answer, said: str, now: float) -> Fault:
    """Sort an answer that is not a success."""
    happened = f"answered {answer.status}{said}"
    after_s = wait_s(Reply(answer.status, dict(answer.response.headers.items()), at=now))
    if answer.status in {429, 503}:
        return answer.fault(FaultKind.BUSY, happened, after_s=after_s)
    if answer.status in {408, 425} or not 400 <= answer.status < 500:
        return answer.fault(FaultKind.UNSURE, happened, after_s=after_s)
    return answer.fault(FaultKind.GONE, f"{happened}; a fresh link is asked for")


async def _said(response: httpx.Response) -> str:
    """Give the beginning of a message, " (text)" or ""."""
    body = b""
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) >= _EXCERPT_BYTES:
            break
    text = excerpt(body, response.headers.get("content-type", ""))[:_SHOWN_CHARS]
    return f" ({text})" if text else ""
