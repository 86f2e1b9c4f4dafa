"""Print colours come out as their profile says, not as a rule of thumb would have it."""

import io
import itertools
import struct
from pathlib import Path

import pictures
import pytest
from PIL import Image, ImageCms

INK = (255, 0, 0, 0)  # cyan alone
GREEN = (0, 128, 40)  # about what the profile below says of it


def print_profile() -> bytes:
    """Make a profile of a press whose cyan is green, and that prints all mixtures black."""
    paper, green, black = b"\xff\x80\x80", b"\x76\x44\xa0", b"\x00\x80\x80"  # Lab, 8 bits
    known = {(0, 0, 0, 0): paper, (1, 0, 0, 0): green}
    table = b"".join(known.get(inks, black) for inks in itertools.product((0, 1), repeat=4))
    matrix = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    curve = bytes(range(256))
    lut = b"mft1" + bytes(4) + b"\4\3\2\0" + matrix + curve * 4 + table + curve * 3
    text = b"text" + bytes(4) + b"none\0" + bytes(3)
    name = b"Green press\0"
    desc = b"desc" + bytes(4) + struct.pack(">I", len(name)) + name + bytes(78)
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    return _icc({b"desc": desc, b"cprt": text, b"wtpt": white, b"A2B0": lut})


def _icc(tags: dict[bytes, bytes]) -> bytes:
    at, places, bodies = 132 + 12 * len(tags), b"", b""
    for tag, body in tags.items():
        padded = body + bytes(-len(body) % 4)
        places += tag + struct.pack(">II", at + len(bodies), len(body))
        bodies += padded
    head = struct.pack(
        ">I4sI4s4s4s12s", at + len(bodies), b"", 0x02400000, b"prtr", b"CMYK", b"Lab ", bytes(12)
    )
    head += b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + places + bodies


@pytest.mark.parametrize("form", ["JPEG", "TIFF"])
def test_a_print_profile_is_applied(tmp_path: Path, form: str) -> None:
    """Cyan ink becomes what the press makes of it, and the step names the profile."""
    inked = Image.new("CMYK", (640, 400), INK)
    content = pictures.saved(inked, form, icc_profile=print_profile())

    picture = pictures.prepared(tmp_path, "print", content)

    assert "converted colours from Green press to sRGB" in picture.steps
    with Image.open(tmp_path / picture.name) as image:
        assert image.mode == "RGB"
        assert "icc_profile" not in image.info
        assert pictures.near([image.getpixel((300, 200))], [GREEN], within=40)


def test_the_made_profile_is_one() -> None:
    """The profile of these tests is readable; else they would test nothing."""
    profile = ImageCms.ImageCmsProfile(io.BytesIO(print_profile()))

    assert ImageCms.getProfileDescription(profile).strip() == "Green press"
