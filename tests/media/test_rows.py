"""A PNG of which it is said without decoding that it is whole does decode."""

import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pictures
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seedance_watch.core.errors import Fault
from seedance_watch.media import decode, rows

WIDTH, HEIGHT = 320, 400
CHANNELS = {0: 1, 2: 3}  # grey, RGB
ROWS = b"".join(bytes((row % 5, *([row % 251] * 3 * WIDTH))) for row in range(HEIGHT))
PACKED = zlib.compress(ROWS)


def png(packed: bytes = PACKED, *between: bytes, colour: int = 2, lace: int = 0) -> bytes:
    """Make a PNG of packed rows and what stands behind them."""
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, colour, 0, 0, lace)
    body = (pictures.chunk(b"IHDR", head), pictures.chunk(b"IDAT", packed), *between)
    return b"\x89PNG\r\n\x1a\n" + b"".join(body) + pictures.chunk(b"IEND", b"")


def told(content: bytes) -> bool:
    """Ask whether it is whole."""
    with decode.opened(content) as still:
        return rows.whole(still.content, still.image)


def test_what_is_whole_is_known() -> None:
    """Grey and colours, in one part or several, of which one may be empty."""
    rest = pictures.chunk(b"IDAT", PACKED[99:])

    assert told(pictures.saved(pictures.scene(), "PNG"))
    assert told(pictures.saved(pictures.scene().convert("L"), "PNG"))
    assert told(png())
    assert told(png(PACKED[:99], pictures.chunk(b"IDAT", b""), rest))


# What the decoder has to judge. It takes some of these, such as a row or a checksum too few.
LEFT: dict[str, bytes] = {
    "interlaced": png(lace=1),
    "transparent": png(colour=6),
    "deep": pictures.png_rgb16(),
    "palette": pictures.saved(pictures.scene().convert("P"), "PNG"),
    "a row too few": png(zlib.compress(ROWS[: -1 - 3 * WIDTH])),
    "a byte too few": png(zlib.compress(ROWS[:-1])),
    "a row too many": png(zlib.compress(ROWS + ROWS[: 1 + 3 * WIDTH])),
    "far too many": png(zlib.compress(bytes(20_000_000))),
    "no such filter": png(zlib.compress(ROWS[: -1 - 3 * WIDTH] + b"\5" + bytes(3 * WIDTH))),
    "no such packing": png(b"\x79" + PACKED[1:]),
    "another checksum": png(PACKED[:-1] + bytes([PACKED[-1] ^ 1])),
    "no checksum": png(PACKED[:-4]),
    "more in the part": png(PACKED + b"more"),
    "another part": png(PACKED, pictures.chunk(b"IDAT", b"more")),
    "transparency behind": png(PACKED, pictures.chunk(b"tRNS", bytes(6))),
    "a part in between": png(
        PACKED[:99], pictures.chunk(b"gAMA", bytes(4)), pictures.chunk(b"IDAT", PACKED[99:])
    ),
}


@pytest.mark.parametrize("name", LEFT)
def test_what_is_not_known_is_left_to_the_decoder(name: str) -> None:
    """Only what surely decodes is called whole."""
    assert not told(LEFT[name])


@pytest.mark.parametrize("name", ["no such filter", "no such packing"])
def test_what_does_not_decode_is_refused(name: str, tmp_path: Path) -> None:
    """The decoder still has the last word."""
    with pytest.raises(Fault, match=r"shot\.png"):
        pictures.prepared(tmp_path, "shot.png", LEFT[name])


def _bit(dice: random.Random, content: bytes) -> bytes:
    at = dice.randrange(len(content))
    return content[:at] + bytes([content[at] ^ 1 << dice.randrange(8)]) + content[at + 1 :]


def _cut(dice: random.Random, content: bytes) -> bytes:
    return content[: dice.randrange(len(content))]


def _kept(_dice: random.Random, content: bytes) -> bytes:
    return content


HARM: tuple[Callable[[random.Random, bytes], bytes], ...] = (_kept, _kept, _bit, _cut)


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32), colour=st.sampled_from([0, 2]), parts=st.integers(0, 3))
def test_what_is_called_whole_decodes(seed: int, colour: int, parts: int) -> None:
    """Whatever has happened to the rows, or to what they were packed into."""
    dice = random.Random(seed)
    row_bytes = 1 + WIDTH * CHANNELS[colour]
    plain = b"".join(
        bytes((dice.randrange(5),)) + dice.randbytes(1) * (row_bytes - 1) for _ in range(HEIGHT)
    )
    packed = dice.choice(HARM)(dice, zlib.compress(dice.choice(HARM)(dice, plain)))
    cuts = sorted(dice.randrange(len(packed) + 1) for _ in range(parts))
    first, *more = (packed[a:b] for a, b in zip([0, *cuts], [*cuts, None], strict=True))
    content = png(first, *(pictures.chunk(b"IDAT", each) for each in more), colour=colour)

    with decode.opened(content) as still:
        if rows.whole(still.content, still.image):
            still.image.load()
            assert still.image.size == (WIDTH, HEIGHT)
