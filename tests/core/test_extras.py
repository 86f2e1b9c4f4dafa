"""What a sidecar may wish for beside its video, and what is written about it."""

from dataclasses import replace

import pytest
import tomli
from histories import CLIP, claiming
from hypothesis import given
from hypothesis import strategies as st

from seedance_watch.core import extras, naming
from seedance_watch.core.catalogue import CATALOGUE
from seedance_watch.core.errors import SidecarError
from seedance_watch.core.extras import Joined, Shot
from seedance_watch.core.machine import Job
from seedance_watch.core.model import Extra, ExtraKind, JobSpec
from seedance_watch.core.sidecar import Layer, own_layer, parse, receipt_keys, wish
from seedance_watch.core.sidecar_extras import no_sequence

WATCH = Layer("configuration", "c.toml", {"provider": "rivya", "model": "seedance-1-0-lite"})
FOLLOWS = 'prompt = "p"\nstart_from = "shot01"\n'


def wished(text: str, **defaults: object) -> JobSpec:
    """Read a sidecar above a folder's defaults."""
    own = own_layer(parse(text, file="shot02.toml"))
    folder = Layer("_defaults.toml", "_defaults.toml", defaults)
    images = 0 if "start_from" in text else 1
    return wish([own, folder, WATCH], catalogue=CATALOGUE, key="k", images=images, stem="shot02")


def test_extras_may_be_wished_for_by_default_and_declined() -> None:
    """Whoever says nothing gets nothing."""
    every = {"poster": True, "preview": "gif"}
    said = 'poster = false\npreview = "none"\n'

    assert extras.beside(wished('prompt = "p"'), "a/shot") == ()
    assert extras.beside(wished(f'prompt = "p"\n{said}', **every), "a/shot") == ()
    assert extras.beside(wished('prompt = "p"', **every), "a/shot") == (
        Extra(ExtraKind.POSTER, "a/shot.poster.jpg"),
        Extra(ExtraKind.PREVIEW, "a/shot.preview.gif"),
    )


def test_a_receipt_wishes_for_the_same() -> None:
    """Dropped as a sidecar it makes the same once more."""
    text = f'{FOLLOWS}poster = true\npreview = "webp"\nsequence = "film.mp4"\n'
    keys = receipt_keys(wished(text))

    assert (keys["poster"], keys["preview"], keys["sequence"]) == (True, "webp", "film")


MISTAKES = {
    'prompt = "p"\nsequence = "film"': "joins a chain of shots, and this one follows none",
    f'{FOLLOWS}sequence = "a/b"': '"a/b" is not a plain name',
    f'{FOLLOWS}sequence = ".mp4"': "is not a plain name",
    f'{FOLLOWS}sequence = "{"x" * 201}"': "is too long",
    f"{FOLLOWS}sequence = true": "text in quotes",
    'prompt = "p"\npreview = "wepb"': 'did you mean "webp"?',
    'prompt = "p"\npreview = true': "text in quotes",
    'prompt = "p"\nposter = "yes"': "true or false",
    'prompt = "p"\ngif = true': "did you mean preview?",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_said_before_anything_is_paid(text: str) -> None:
    """With what is possible, or what was meant."""
    with pytest.raises(SidecarError) as caught:
        wished(text)

    assert MISTAKES[text] in str(caught.value)


def test_a_sequence_belongs_to_one_shot() -> None:
    """In a folder's defaults every shot would be joined."""
    with pytest.raises(SidecarError, match="sequence: belongs to one shot"):
        wished('prompt = "p"', sequence="film")


@given(st.text())
def test_a_name_that_is_taken_leads_nowhere_else(name: str) -> None:
    """Whatever is taken for a name is one file in the shot's folder of the outbox."""
    if no_sequence(name) is None:
        claim = replace(claiming(), folder="a/b")
        parts = naming.sequence_stem(claim, name, choice=1).split("/")
        assert parts[:2] == ["a", "b"]
        assert len(parts) == 3
        assert parts[2] not in {"", ".", ".."}
        assert parts[2][0] not in "._"


def test_a_joined_video_has_a_receipt_of_its_own() -> None:
    """It says of what it is made, where each begins, and what was done to the pictures."""
    shots = [Shot(f"job-{n}", "studio", f"shot{n}.mp4", CLIP) for n in range(3)]
    joined = Joined(replace(CLIP, frames=3 * CLIP.frames), "shot1.mp4 has another size")

    text = extras.receipt(Job("job-2"), "film.mp4", shots, joined=joined, version="1")

    told = tomli.loads(text)["receipt"]
    assert told["sequence"]["pictures"] == "encoded again: shot1.mp4 has another size"
    begins = [each["first_frame"] for each in told["sequence"]["shots"]]
    assert begins == [0, CLIP.frames, 2 * CLIP.frames]
    assert told["video"]["file"] == "film.mp4"
    assert extras.mismatch(shots, joined.clip) == ""
    assert "has 120 pictures and not 360" in extras.mismatch(shots, CLIP)
