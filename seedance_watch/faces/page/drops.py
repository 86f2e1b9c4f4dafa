"""Drops from the page: a form with a picture becomes a pair in an inbox."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from seedance_watch.core.errors import Complaint, SidecarError
from seedance_watch.faces.page.answers import OLD, Writer, by_script
from seedance_watch.faces.page.uploads import Field, File, Piece, parts
from seedance_watch.faces.page.views import Arriving, Busy, Dropped, Wished

_AT_ONCE = 4
_ROLES = frozenset({"image", "end_image"})
_OURS = frozenset({"token", "watch", "folder"})


class _Board(Protocol):
    """Gives the first page."""

    async def __call__(
        self,
        request: Request,
        *,
        wished: Mapping[str, str] | None = None,
        complaints: Mapping[str, str] | None = None,
    ) -> Response:
        """Give it, with what was wrong with a drop."""
        ...


@dataclass(slots=True)
class Taker:
    """Takes drops.

    Attributes:
        write: Writes what came of them.
        board: Gives the page with the form.
    """

    write: Writer
    board: _Board
    _count: int = 0

    async def drop(self, request: Request) -> Response:
        """Take one."""
        if self._count >= _AT_ONCE:
            raise Busy
        self._count += 1
        taking = _Taking(self.write, request)
        try:
            dropped = await taking.all()
        except SidecarError as error:
            dropped = Dropped(complaints=error.complaints)
        finally:
            self._count -= 1
            await taking.close()
        if dropped.complaints:
            return await self._refused(request, taking.fields, dropped.complaints)
        who = self.write.doors.who(request)
        structlog.get_logger().info("page.dropped", label=dropped.label, who=who)
        return self.write.answer(request, f"{dropped.label} was dropped")

    async def _refused(
        self, request: Request, fields: Mapping[str, str], complaints: tuple[Complaint, ...]
    ) -> Response:
        """Say what is wrong, beside the fields that are."""
        wrong: dict[str, str] = {}
        for each in complaints:
            name = each.key.rpartition(".")[2]
            said = f"{each.problem}; {each.hint}" if each.hint else each.problem
            said = f"{name} {said}" if said.startswith("is ") else said
            wrong[name] = f"{wrong[name]}; {said}" if name in wrong else said
        if by_script(request):
            said = "nothing was dropped: " + "; ".join(map(_told, complaints))
            return self.write.answer(request, said, status=422, fields=wrong)
        return await self.board(request, wished=fields, complaints=wrong)


@dataclass(slots=True)
class _Taking:
    """One drop, as it comes."""

    write: Writer
    request: Request
    fields: dict[str, str] = field(default_factory=dict)
    _arriving: Arriving | None = None
    _skipping: bool = False

    async def all(self) -> Dropped:
        """Take all of it.

        Raises:
            HTTPException: It is no such form, or not this page's.
            SidecarError: The inbox cannot be written.
        """
        async for event in parts(self.request, self.write.max_upload_bytes):
            match event:
                case Field(name=name, text=text):
                    self.fields[name] = text
                case File(name=name, called=called):
                    await self._begin(name, called)
                case Piece(data=data) if self._arriving and not self._skipping:
                    await self._arriving.write(data)
        rest = {
            name: text for name, text in self.fields.items() if name not in _OURS and text.strip()
        }
        wished = Wished(self.fields.get("watch", ""), self.fields.get("folder", ""), rest)
        return await self._begun().finish(wished)

    async def _begin(self, name: str, called: str) -> None:
        """Begin a file; a field for one that was left empty has no name."""
        self._skipping = not called
        if self._skipping:
            return
        if name not in _ROLES:
            raise HTTPException(400, "there is no such field for a file")
        await self._begun().begin(name, called)

    def _begun(self) -> Arriving:
        """Begin the drop, once it is known to be this page's and where it is to go."""
        if self._arriving is None:
            if not self.write.doors.ours(self.request, self.fields):
                raise HTTPException(403, OLD)
            try:
                self._arriving = self.write.source.arriving(self.fields.get("watch", ""))
            except KeyError:
                raise HTTPException(400, "there is no such folder to drop into") from None
        return self._arriving

    async def close(self) -> None:
        """Leave nothing of it behind."""
        if self._arriving:
            await self._arriving.discard()


def _told(complaint: Complaint) -> str:
    return f"{complaint.key}: {complaint.problem}" if complaint.key else complaint.problem
