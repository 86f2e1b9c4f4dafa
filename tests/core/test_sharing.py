"""What jobs share."""

from dataclasses import replace
from decimal import Decimal

from histories import PICTURE, SPEC

from seedance_watch.core.events import Prepared
from seedance_watch.core.model import Money, Part, Role
from seedance_watch.core.sharing import shared


def _prepared(amount: str, kind: str) -> Prepared:
    cost = Money(Decimal(amount), "credits")
    spec = replace(SPEC, origins=dict(SPEC.origins), cost=cost)
    return Prepared(spec, (replace(PICTURE, media_type="".join(kind)),), "f")


def test_equal_parts_are_one_object() -> None:
    """Ten thousand jobs of one folder have one table of origins and one price."""
    given = [_prepared("1.50", "image/jpeg") for _ in range(2)]
    first, second = [shared(each, ()) for each in given]
    assert [first, second] == given
    assert first.spec.origins is second.spec.origins
    assert first.spec.cost is second.spec.cost
    assert first.pictures[0].media_type is second.pictures[0].media_type


def test_a_picture_that_fitted_has_the_names_of_its_file() -> None:
    """Untouched, it is the file that was dropped."""
    picture = replace(PICTURE, name="".join("shot.jpg"), sha256="".join("ab" * 32))
    part = Part(Role.IMAGE, "shot.jpg", "".join("shot.jpg"), 1, "".join("ab" * 32))
    found = shared(Prepared(SPEC, (picture,)), [part])
    assert found == Prepared(SPEC, (picture,))
    assert found.pictures[0].name is part.name
    assert found.pictures[0].sha256 is part.sha256


def test_what_differs_stays_as_it_is() -> None:
    """An amount keeps its digits, because equal ones may be written differently."""
    given = [_prepared(each, "image/png") for each in ("1.50", "1.5", "2")]
    amounts = [str(shared(each, ()).spec.cost.amount) for each in given]
    assert amounts == ["1.50", "1.5", "2"]
