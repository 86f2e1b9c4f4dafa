"""Checksums: the same in every version, or every journal there is would be damaged."""

import zlib

from histories import text
from hypothesis import given
from hypothesis import strategies as st

from seedance_watch.journal import sums
from seedance_watch.journal.text import storable

_stored = text.map(storable)
_value = _stored | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.none()


def test_a_checksum_stays_as_it_is() -> None:
    """It is the CRC of the values as Python writes them, with a zero character between."""
    event = ("shot-0a1b", 2, 1_790_000_000.5, "Claimed", "{}")
    assert sums.checksum(*event) == zlib.crc32(b"shot-0a1b\x002\x001790000000.5\x00Claimed\x00{}")
    assert sums.checksum("", None, 1.0) == zlib.crc32(b"\x00None\x001.0")


@given(st.lists(_value, min_size=1, max_size=6), st.data())
def test_what_moves_to_the_neighbour_is_noticed(
    values: list[sums.Value], data: st.DataObject
) -> None:
    """A text that is cut elsewhere is another row, whatever stands in it."""
    cut = data.draw(_stored)
    assert sums.checksum(*values, f"{cut}x", "y") != sums.checksum(*values, cut, "xy")


@given(text, st.none() | st.binary())
def test_what_damage_makes_of_a_text_has_a_checksum(job_id: str, data: object) -> None:
    """It is compared, so it must never raise."""
    assert sums.checksum(job_id, 1, 1.0, "Claimed", data) >= 0  # type: ignore[arg-type]
