"""Errors say what people need, and survive the way between processes."""

import pickle
from decimal import Decimal

from seedance_watch.core.errors import Complaint, Fault, FaultKind, SidecarError
from seedance_watch.core.model import Money


def test_a_fault_survives_the_way_out_of_another_process() -> None:
    """Kind, reason and everything else arrive."""
    fault = Fault(
        FaultKind.BUSY, "throttled", after_s=3.0, code="slow", charged=Money(Decimal(1), "usd")
    )
    found = pickle.loads(pickle.dumps(fault))
    assert (type(found), vars(found), str(found)) == (Fault, vars(fault), str(fault))
    assert str(fault) == "busy: throttled"


def test_a_fault_without_a_code_has_none() -> None:
    """Nothing is made up."""
    fault = Fault(FaultKind.GONE, "away")
    assert (fault.code, fault.after_s, fault.charged) == ("", None, None)


def test_many_complaints_are_told_in_part_and_counted() -> None:
    """Fifty are shown, the others are counted."""
    error = SidecarError(tuple(Complaint("a.toml", n, "x", "is wrong") for n in range(53)))
    lines = str(error).split("\n")
    assert lines[0] == "a.toml:0: x: is wrong"
    assert lines[49:] == ["a.toml:49: x: is wrong", "and 3 more of the kind"]
    few = SidecarError((Complaint("a.toml", None, "", "is empty"),))
    assert str(few) == "a.toml: is empty"
