"""Equal wishes are recognised, and different ones are never taken for equal."""

from dataclasses import replace

import pytest
from histories import SPEC

from seedance_watch.core.fingerprint import fingerprint
from seedance_watch.core.model import Part, Role
from seedance_watch.core.sidecar_model import CHOSEN

IMAGE = Part(Role.IMAGE, "harbour/shot.png", "shot.png", 2_000, "ab" * 32)
END = Part(Role.END_IMAGE, "harbour/end.png", "end.png", 3_000, "cd" * 32)
SIDECAR = Part(Role.SIDECAR, "harbour/shot.toml", "shot.toml", 120, "ef" * 32)
PARTS = (IMAGE, END, SIDECAR)
DRAWN = replace(SPEC, origins={**SPEC.origins, "seed": CHOSEN})
ASKED = replace(SPEC, origins={**SPEC.origins, "seed": "sidecar"})


def test_it_stays_the_same_for_ever() -> None:
    """It is kept in journals: another one for the same wish would pay again after an upgrade."""
    found = fingerprint(SPEC, PARTS)
    assert found == "3572574b35ef1b98d0f0037ddea3236e0c4daf2111cae0c9bff44effa3b286f7"


@pytest.mark.parametrize(
    "spec",
    [
        replace(SPEC, provider="segmind"),
        replace(SPEC, model="other"),
        replace(SPEC, prompt="another"),
        replace(SPEC, params={**SPEC.params, "duration": 10}),
        replace(SPEC, params={**SPEC.params, "seed": 43}),
        replace(SPEC, params={**SPEC.params, "more": True}),
        replace(SPEC, take=2),
        replace(SPEC, text_only=True),
        replace(SPEC, keep_metadata=True),
    ],
)
def test_another_wish_is_another(spec: object) -> None:
    """Whatever changes the video makes another wish."""
    assert fingerprint(spec, PARTS) != fingerprint(SPEC, PARTS)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "parts",
    [
        (IMAGE, SIDECAR),
        (END, SIDECAR),
        (),
        (replace(IMAGE, sha256="12" * 32), END, SIDECAR),
        (IMAGE, replace(END, sha256="12" * 32), SIDECAR),
        (replace(IMAGE, role=Role.END_IMAGE), replace(END, role=Role.IMAGE), SIDECAR),
    ],
)
def test_other_pictures_make_another_wish(parts: tuple[Part, ...]) -> None:
    """The bytes of each picture count, and what it is for."""
    assert fingerprint(SPEC, parts) != fingerprint(SPEC, PARTS)


def test_names_and_the_sidecars_bytes_do_not_count() -> None:
    """A comment in the sidecar, another name or order make no other video."""
    renamed = tuple(replace(each, source=f"b/{each.name}", name="b") for each in PARTS)
    assert fingerprint(SPEC, renamed) == fingerprint(SPEC, PARTS)
    assert fingerprint(SPEC, PARTS[::-1]) == fingerprint(SPEC, PARTS)
    written = (IMAGE, END, replace(SIDECAR, sha256="12" * 32))
    assert fingerprint(SPEC, written) == fingerprint(SPEC, PARTS)
    assert fingerprint(replace(SPEC, meta={"shot": 7}, takes=4), PARTS) == fingerprint(SPEC, PARTS)


def test_a_seed_counts_only_where_it_was_asked_for() -> None:
    """Seeds that the program chose differ between drops of one wish."""
    drawn: list[str] = []
    asked: list[str] = []
    for seed in (42, 43):
        params = {**SPEC.params, "seed": seed}
        drawn.append(fingerprint(replace(DRAWN, params=params), PARTS))
        asked.append(fingerprint(replace(ASKED, params=params), PARTS))
    assert drawn[0] == drawn[1]
    assert asked[0] != asked[1]
    assert drawn[0] not in asked


def test_a_wish_to_be_paid_again_has_none() -> None:
    """`again = true` is never a duplicate of anything."""
    assert fingerprint(replace(SPEC, again=True), PARTS) == ""
