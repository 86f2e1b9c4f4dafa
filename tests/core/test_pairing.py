"""Which files belong together."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedance_watch.core.pairing import Bundle, Glance, Kind, Lack, kind_of, pair

G = Glance()
NFC, NFD = (unicodedata.normalize(form, "é") for form in ("NFC", "NFD"))


def bonds(images: list[str], sidecars: list[str], *, prompted: bool = False) -> set[str]:
    """Give what is paired, as "image+sidecar"."""
    plan = pair(images, dict.fromkeys(sidecars, G), prompted=prompted)
    return {"+".join(bundle.names) for bundle in plan.bundles}


@pytest.mark.parametrize(
    ("images", "sidecars", "expected"),
    [
        (["a.png"], ["a.toml"], {"a.png+a.toml"}),
        (["a.png"], ["a.png.toml"], {"a.png+a.png.toml"}),
        (
            ["a.png", "a.jpg"],
            ["a.png.toml", "a.jpg.toml"],
            {"a.png+a.png.toml", "a.jpg+a.jpg.toml"},
        ),
        (["a.png", "a.jpg"], ["a.png.toml", "a.toml"], {"a.png+a.png.toml", "a.jpg+a.toml"}),
        (["a.png", "a.jpg"], ["a.toml"], set()),
        (["a.png"], ["a.toml", "A.toml"], {"a.png+a.toml"}),
        (["A.PNG"], ["a.TOML"], {"A.PNG+a.TOML"}),
        ([f"{NFC}.png"], [f"{NFD}.toml"], {f"{NFC}.png+{NFD}.toml"}),
        (["a.b.png"], ["a.b.toml", "a.toml"], {"a.b.png+a.b.toml"}),
        (["a.png"], ["b.toml"], set()),
        ([".png"], [".toml"], set()),
    ],
)
def test_names(images: list[str], sidecars: list[str], expected: set[str]) -> None:
    """The closest fit wins; where two fit equally well nobody guesses."""
    assert bonds(images, sidecars) == expected


def test_contested_wait_with_words() -> None:
    """Files that cannot be paired say why and what to do."""
    plan = pair(["a.png", "a.jpg"], {"a.toml": G}, prompted=False)
    assert set(plan.waits) == {"a.png", "a.jpg", "a.toml"}
    assert "a.jpg.toml or a.png.toml" in plan.waits["a.toml"]


@pytest.mark.parametrize(
    ("glance", "images", "lack"),
    [
        (None, ["a.png"], Lack.READING),
        (Glance(end_image="z.png"), ["a.png"], Lack.END),
        (Glance(end_image="z.png"), ["a.png", "z.png"], Lack.NOTHING),
        (Glance(end_image="Z.PNG"), ["a.png", "z.png"], Lack.NOTHING),
        (Glance(end_image="../z.png"), ["a.png"], Lack.NOTHING),
        (Glance(end_image="a.png"), ["a.png"], Lack.IMAGE),
        (Glance(broken=True), ["a.png"], Lack.NOTHING),
        (Glance(text_only=True), [], Lack.NOTHING),
    ],
)
def test_lacks(glance: Glance | None, images: list[str], lack: Lack) -> None:
    """A bundle says what it still waits for."""
    assert [
        bundle.lack for bundle in pair(images, {"a.toml": glance}, prompted=False).bundles
    ] == [lack]


def test_prompted_image_waits_for_a_sidecar() -> None:
    """Where defaults carry a prompt an image is a bundle, unless it is another's end."""
    plan = pair(["a.png", "b.png", "z.png"], {"a.toml": Glance(end_image="z.png")}, prompted=True)
    assert {"+".join(b.names): b.lack for b in plan.bundles} == {
        "a.png+a.toml+z.png": Lack.NOTHING,
        "b.png": Lack.SIDECAR,
    }


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.png", Kind.IMAGE),
        ("A.HEIC", Kind.IMAGE),
        ("a.toml", Kind.SIDECAR),
        ("_defaults.toml", Kind.DEFAULTS),
        ("a.mp4", None),
        ("png", None),
        (".png", None),
    ],
)
def test_kinds(name: str, kind: Kind | None) -> None:
    """A file is judged by its ending."""
    assert kind_of(name) is kind


_stems = st.sampled_from(["a", "A", "b", "a.png", NFC, NFD])
_images = st.lists(
    st.builds("{}{}".format, _stems, st.sampled_from([".png", ".PNG", ".jpg"])), unique=True
)
_glances = st.none() | st.builds(
    Glance, end_image=st.none() | _images.flatmap(lambda i: st.sampled_from(i or ["z.png"])),
    text_only=st.booleans(),
)  # fmt: skip
_sidecars = st.dictionaries(
    st.builds("{}{}.toml".format, _stems, st.sampled_from(["", ".png", ".jpg"])), _glances
)


@given(_images, _sidecars, st.booleans(), st.randoms())
def test_every_file_has_one_place(
    images: list[str], sidecars: dict[str, Glance | None], prompted: bool, luck: object
) -> None:
    """No file is in two bundles but as an end, none is forgotten, and order does not matter."""
    plan = pair(images, sidecars, prompted=prompted)
    own = [name for b in plan.bundles for name in (b.image, b.sidecar) if name is not None]
    assert len(own) == len(set(own))
    ends = {b.end for b in plan.bundles} | {g.end_image for g in sidecars.values() if g}
    spelled = {unicodedata.normalize("NFC", str(end)).casefold() for end in ends}
    for name in [*images, *sidecars]:
        is_end = unicodedata.normalize("NFC", name).casefold() in spelled
        assert name in own or name in plan.waits or is_end, (name, plan)
    luck.shuffle(images)  # type: ignore[attr-defined]
    again = pair(images, dict(reversed(sidecars.items())), prompted=prompted)
    assert {(b.image, b.sidecar, b.end, b.lack) for b in plan.bundles} == {
        (b.image, b.sidecar, b.end, b.lack) for b in again.bundles
    }


@pytest.mark.parametrize(
    ("images", "sidecars", "waits"),
    [
        (
            ["a.png", "a.jpg"],
            {"a.toml": G},
            dict.fromkeys(
                ("a.png", "a.jpg", "a.toml"),
                "one image only: a.toml fits a.jpg, a.png; "
                "rename the sidecar to a.jpg.toml or a.png.toml",
            ),
        ),
        (
            ["a.png"],
            {"A.toml": G, "A.TOML": G},
            dict.fromkeys(
                ("a.png", "A.toml", "A.TOML"), "one sidecar only: A.TOML, A.toml fit a.png"
            ),
        ),
        (
            [],
            {"a.png.toml": G},
            {"a.png.toml": "the image a.png, or text_only = true in it"},
        ),
        (
            [],
            {"a.toml": G},
            {"a.toml": "an image a.png (or .jpg, .webp, ...), or text_only = true in it"},
        ),
        ([], {"a.toml": None}, {"a.toml": "the sidecar to be finished being written"}),
        (["a.png"], {}, {"a.png": "its sidecar a.toml or a.png.toml"}),
    ],
)
def test_what_waits_says_what_for(
    images: list[str], sidecars: dict[str, Glance | None], waits: dict[str, str]
) -> None:
    """In words for people, for every file that has no drop."""
    assert pair(images, sidecars, prompted=False).waits == waits


@pytest.mark.parametrize(
    ("images", "sidecars", "bundle"),
    [
        (
            ["a.png"],
            {"a.toml": None},
            ("a.png", "a.toml", None, "the sidecar to be finished being written"),
        ),
        (
            ["a.png"],
            {"a.toml": Glance(end_image="z.png")},
            ("a.png", "a.toml", None, "its end image z.png"),
        ),
        (
            ["a.png"],
            {"a.toml": Glance(end_image="a.png")},
            ("a.png", "a.toml", "a.png", "another image; otherwise a.png is both first and last"),
        ),
        (["a.png"], {"a.toml": Glance(end_image="z.png/x")}, ("a.png", "a.toml", None, "")),
        (["a.png"], {"a.toml": Glance(end_image="z")}, ("a.png", "a.toml", None, "")),
        (
            ["a.png"],
            {},
            (
                "a.png",
                None,
                None,
                "a sidecar that may still come; without one the folder's defaults apply",
            ),
        ),
    ],
)
def test_what_a_drop_lacks_is_said(
    images: list[str],
    sidecars: dict[str, Glance | None],
    bundle: tuple[str, str | None, str | None, str],
) -> None:
    """In words for people; a name that is none is left to the preparation."""
    [found] = pair(images, sidecars, prompted=True).bundles
    assert (found.image, found.sidecar, found.end, found.words) == bundle


def test_an_end_image_of_another_is_no_first_image_of_ones_own() -> None:
    """Of two images that fit, the one that nobody ends with."""
    sidecars = {"a.toml": G, "b.toml": Glance(end_image="a.jpg")}
    plan = pair(["a.png", "a.jpg", "b.png"], sidecars, prompted=False)
    assert {b.names for b in plan.bundles} == {
        ("a.png", "a.toml"), ("b.png", "b.toml", "a.jpg")
    }  # fmt: skip


def test_an_end_image_in_two_spellings_is_nobodys() -> None:
    """Which one is meant cannot be known."""
    plan = pair(["a.png", "Z.png", "z.PNG"], {"a.toml": Glance(end_image="z.png")}, prompted=False)
    assert [(b.end, b.lack) for b in plan.bundles] == [(None, Lack.END)]


def test_a_chained_shot_needs_no_image() -> None:
    """A sidecar that starts from another shot is complete alone, or with its end image."""
    start = Glance(start_from="shot01")
    ends = Glance(start_from="shot01", end_image="shot02.png")

    alone = pair([], {"shot02.toml": start}, prompted=False)
    ended = pair(["shot02.png"], {"shot02.toml": ends}, prompted=False)

    assert alone.bundles == (Bundle(None, "shot02.toml"),)
    assert ended.bundles == (Bundle(None, "shot02.toml", "shot02.png"),)


def test_an_image_beside_a_chained_shot_is_taken_with_it() -> None:
    """Nobody guesses which of the two is meant: the job will complain of both."""
    plan = pair(["shot02.png"], {"shot02.toml": Glance(start_from="shot01")}, prompted=False)

    assert plan.bundles == (Bundle("shot02.png", "shot02.toml"),)
