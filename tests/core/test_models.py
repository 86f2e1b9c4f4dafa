"""Values on the wire, and amounts of money."""

from decimal import Decimal

import pytest

from seedance_watch.core.model import Money, Value
from seedance_watch.core.models import Param, Wire


@pytest.mark.parametrize(
    ("form", "value", "written"),
    [
        (Wire.STRING, 5, "5"),
        (Wire.STRING, "720p", "720p"),
        (Wire.STRING, True, "true"),
        (Wire.STRING, False, "false"),
        (Wire.NUMBER, 5, 5),
        (Wire.BOOLEAN, True, True),
        (Wire.BOOLEAN, False, False),
    ],
)
def test_a_value_is_written_as_its_row_says(form: Wire, value: Value, written: Value) -> None:
    """Another type on the wire is a refusal, or another video."""
    param = Param("x", form, type(value))  # type: ignore[arg-type]
    found = param.on_wire(value)
    assert (type(found), found) == (type(written), written)


@pytest.mark.parametrize(
    ("form", "off", "on"), [(Wire.STRING, "true", "false"), (Wire.BOOLEAN, True, False)]
)
def test_an_inverted_switch_means_the_opposite(form: Wire, off: Value, on: Value) -> None:
    """Saying yes to a check is saying no to its switch-off."""
    param = Param("x", form, bool, inverted=True)
    assert (param.on_wire(False), param.on_wire(True)) == (off, on)


def test_nothing_is_nothing_in_the_same_unit() -> None:
    """What was not charged is nought of the same money."""
    assert Money(Decimal("1.5"), "usd").none() == Money(Decimal(0), "usd")
