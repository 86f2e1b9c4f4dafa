"""A form with files, piece by piece: nothing of a file is ever kept in memory."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.exceptions import HTTPException
from starlette.requests import Request

from seedance_watch.faces.page.forms import pieces

_FIELD_BYTES = 65_536
_HEADER_BYTES = 4_096
_PARTS_MOST = 60


@dataclass(frozen=True, slots=True)
class Field:
    """A field that was filled in."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class File:
    """A file begins."""

    name: str
    called: str


@dataclass(frozen=True, slots=True)
class Piece:
    """The file goes on."""

    data: bytes


Event = Field | File | Piece


async def parts(request: Request, most_bytes: int) -> AsyncIterator[Event]:
    """Give what a form holds, in its order.

    Raises:
        HTTPException: It is none, it is too long, or it does not come.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not 1 <= len(boundary) <= 100:
        raise HTTPException(415, "a form with files is needed")
    reader = _Reader()
    parser = MultipartParser(boundary, reader.callbacks())  # type: ignore[arg-type]
    async for piece in pieces(request, most_bytes):
        try:
            parser.write(piece)
        except (FormParserError, UnicodeDecodeError):
            raise HTTPException(400, "that is no form") from None
        for event in reader.taken():
            yield event
    if not reader.ended:
        raise HTTPException(400, "the form broke off")


@dataclass(slots=True)
class _Reader:
    """Makes events of what the parser calls."""

    ended: bool = False
    _events: list[Event] = field(default_factory=list)
    _name: bytes = b""
    _value: bytes = b""
    _headers: dict[bytes, bytes] = field(default_factory=dict)
    _field: str = ""
    _text: bytes = b""
    _file: bool = False
    _count: int = 0

    def callbacks(self) -> dict[str, object]:
        """Give what the parser calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_name,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_end,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    def taken(self) -> list[Event]:
        """Give what has come since."""
        events, self._events = self._events, []
        return events

    def _begin(self) -> None:
        self._headers, self._text = {}, b""
        self._count += 1
        if self._count > _PARTS_MOST:
            raise HTTPException(400, "too many fields")

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]
        self._bounded(self._name)

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._bounded(self._value)

    def _bounded(self, data: bytes) -> None:
        if len(data) > _HEADER_BYTES or len(self._headers) > 20:
            raise HTTPException(400, "that is no form")

    def _header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _headers_end(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._field = options.get(b"name", b"").decode("utf-8", "replace")
        self._file = b"filename" in options
        called = options.get(b"filename", b"").decode("utf-8", "replace")
        if self._file:
            self._events.append(File(self._field, called))

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._file:
            self._events.append(Piece(data[start:end]))
            return
        self._text += data[start:end]
        if len(self._text) > _FIELD_BYTES:
            raise HTTPException(413, "a field is too long")

    def _end(self) -> None:
        if not self._file:
            self._events.append(Field(self._field, self._text.decode("utf-8", "replace")))

    def _finish(self) -> None:
        self.ended = True
