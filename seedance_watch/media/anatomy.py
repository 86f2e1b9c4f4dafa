"""A picture file taken apart without decoding: is it all there, and what else is in it?

jpeg.py, png.py and webp.py do the taking apart. What makes up the picture is kept byte for byte;
EXIF, GPS, XMP, comments, thumbnails and whatever hangs behind the picture's end are left out. So
metadata goes without touching a pixel, and the decoder never sees it.
"""

from dataclasses import dataclass, field

from seedance_watch.media import exif


@dataclass(slots=True)
class Anatomy:
    """What was found; grows while the file is walked through.

    Attributes:
        kept: The parts that make up the picture, in order.
        removed: What was left out, as words for people, in order, each once.
        exif: The EXIF block from its byte order mark on, b"" for none.
        animated: Whether the file moves.
        deep: Whether a channel has more than 8 bits.
    """

    kept: list[bytes | memoryview] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    exif: bytes = b""
    animated: bool = False
    deep: bool = False

    def picture(self) -> bytes:
        """Put the parts that make up the picture together."""
        return b"".join(self.kept)

    def drop(self, words: str) -> None:
        """Note that something was left out."""
        if words not in self.removed:
            self.removed.append(words)

    def drop_exif(self, block: bytes) -> None:
        """Note an EXIF block; the first one counts."""
        block = block.removeprefix(b"Exif\0").removeprefix(b"\0")
        self.drop("EXIF with GPS position" if exif.has_position(block) else "EXIF")
        self.exif = self.exif or block

    def drop_tail(self, size_bytes: int) -> None:
        """Note how much hangs behind the picture's end."""
        if size_bytes > 0:
            self.drop(f"{size_bytes} bytes behind the end of the picture")
