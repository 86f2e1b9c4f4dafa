"""Files as answers: videos with ranges, small pictures."""

from pathlib import Path
from typing import Any

from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from seedance_watch.faces.page.answers import missing
from seedance_watch.faces.page.views import Film

ASKED = {"cache-control": "private, no-cache"}
_HOUR = {"cache-control": "private, max-age=3600"}


class _Lent(FileResponse):
    """An open file, closed when it was sent, or when the browser is gone."""

    def __init__(self, film: Film, **values: Any) -> None:
        super().__init__(film.path, **values)
        self._film = film

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, or the part of it that is asked for."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._film.close()


def lent(film: Film | None, media_type: str, *, saved: bool) -> Response:
    """Give an open file.

    Args:
        film: The file, None: there is none.
        media_type: What it is.
        saved: Whether the browser is to save it under its name.
    """
    if film is None:
        return missing()
    name = film.name.encode("utf-8", "replace").decode() if saved else None
    return _Lent(film, headers=ASKED, media_type=media_type, filename=name)


def still(path: Path | None) -> Response:
    """Give a small picture, None: there is none."""
    if path is None:
        return missing()
    return FileResponse(path, headers=_HOUR, media_type="image/jpeg")
