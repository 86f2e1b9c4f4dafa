"""Writes an MP4, durably, to a private file."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seedance_watch.media import jobfiles

if TYPE_CHECKING:
    from av import Packet
    from av.container import OutputContainer


@dataclass(frozen=True, slots=True)
class Mux:
    """An MP4 that grows.

    Attributes:
        container: What makes its streams.
        path: Where it is.
    """

    container: "OutputContainer"
    path: Path

    def write(self, *packets: "Packet[Any]") -> None:
        """Write some; a disk that is full is no fault of the video that is being read.

        Raises:
            Fault: LOCAL, our own disk.
        """
        try:
            self.container.mux(packets)
        except OSError as error:
            raise jobfiles.local("writing", self.path, error) from error


@contextmanager
def muxed(path: Path, options: Mapping[str, str]) -> Iterator[Mux]:
    """Make a new MP4 in place of what is there.

    Raises:
        Fault: LOCAL, our own disk.
    """
    import av  # noqa: PLC0415 - 30 MB that only this needs

    with jobfiles.made(path) as file:
        # It needs a path, also to move its index to the front; this one nobody can swap.
        itself = f"/proc/self/fd/{file.fileno()}"
        with av.open(itself, "w", format="mp4", options=dict(options)) as container:
            yield Mux(container, path)
