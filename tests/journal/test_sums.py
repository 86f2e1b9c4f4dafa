"""Checksums: the same in every version, or every journal there is would be damaged."""

import json
import zlib
from typing import Any

from histories import text
from hypothesis import given
from hypothesis import strategies as st

from seedance_watch.journal import sql

_value = text | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.none()


@given(st.lists(_value, max_size=6))
def test_a_checksum_is_that_of_the_values_as_json(values: list[sql.Value]) -> None:
    """It is the CRC of a JSON list in which every number has a fraction."""
    plain = [float(each) if isinstance(each, int) else each for each in values]
    assert sql.checksum(*values) == zlib.crc32(json.dumps(plain).encode())


@given(text, st.integers(-(2**63), 2**63 - 1) | st.none(), st.floats(), text, text | st.binary())
def test_an_event_has_the_same_checksum(
    job_id: str, seq: int | None, at: float, name: str, data: str | bytes
) -> None:
    """Written out for speed, and as it was, also for what damage makes of it."""
    values: Any = (job_id, seq, at, name, data)

    assert sql.event_sum(*values) == sql.checksum(*values)
