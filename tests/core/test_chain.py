"""Chained shots: what their sidecars may say."""

import pytest

from seedance_watch.core import chain
from seedance_watch.core.catalogue import CATALOGUE
from seedance_watch.core.errors import SidecarError
from seedance_watch.core.model import JobSpec
from seedance_watch.core.pairing import Glance
from seedance_watch.core.sidecar import Layer, glance, own_layer, parse, receipt_keys, wish

WATCH = Layer("configuration", "c.toml", {"provider": "rivya", "model": "seedance-1-0-lite"})
START = 'prompt = "p"\nstart_from = "shot01"'


def wished(text: str, *beneath: Layer, images: int = 0, stem: str = "shot02") -> JobSpec:
    own = own_layer(parse(text, file="shot02.toml"))
    layers = [own, *beneath, WATCH]
    return wish(layers, catalogue=CATALOGUE, key="k", images=images, has_end=True, stem=stem)


def test_a_shot_may_go_on_from_another_one() -> None:
    """It brings its own first image, whatever the folder's defaults say of drops without one."""
    calm = Layer("_defaults.toml", "_defaults.toml", {"text_only": True})
    spec = wished(f'{START}\nend_image = "e.png"', calm)

    assert (spec.start_from, spec.text_only) == ("shot01", False)
    assert receipt_keys(spec)["start_from"] == "shot01"


MISTAKES = {
    '"shot02"': "names the shot itself; name the shot that comes before it",
    '"shot02_take2"': "names the shot itself; name the shot that comes before it",
    '"shot01.png"': '"shot01.png" is the name of a file; write it without .png',
    '"../shot01"': (
        '"../shot01" is not the name of a shot; write the name of a shot of the same folder '
        'alone, such as "shot01"'
    ),
    '""': (
        '"" is not the name of a shot; write the name of a shot of the same folder '
        'alone, such as "shot01"'
    ),
    '"shot01"\ntext_only = true': "cannot be used with text_only = true; keep one of the two",
}


@pytest.mark.parametrize(("value", "message"), MISTAKES.items())
def test_a_mistaken_start_is_explained(value: str, message: str) -> None:
    """A shot is named by its plain name, which is neither its own nor a path nor a file's."""
    with pytest.raises(SidecarError) as error:
        wished(f'prompt = "p"\nstart_from = {value}')

    assert f"start_from: {message}" in str(error.value)


def test_an_image_beside_a_chained_shot_is_a_mistake() -> None:
    """Two first images would leave it open which one is meant."""
    with pytest.raises(SidecarError, match="brings the first image itself"):
        wished(START, images=1)


def test_defaults_cannot_chain() -> None:
    """What one shot goes on from is said in its own sidecar."""
    with pytest.raises(SidecarError, match="start_from: belongs to one shot"):
        wished('prompt = "p"', Layer("d", "_defaults.toml", {"start_from": "shot01"}))


@pytest.mark.parametrize("key", ["from", "continue_from", "chain", "start_shot"])
def test_near_misses_are_led_to_it(key: str) -> None:
    """Other words for it are understood, and answered."""
    with pytest.raises(SidecarError, match=r"did you mean start_from\?"):
        wished(f'prompt = "p"\n{key} = "shot01"', images=1)


def test_pairing_sees_a_sound_start_only() -> None:
    """What cannot be the name of a shot is nothing to wait for."""
    assert glance(START) == Glance(start_from="shot01")
    assert glance('start_from = "a/b"') == glance("start_from = 1") == Glance()
    assert glance("", defaults=[{"start_from": "shot01"}]) == Glance()


def test_a_name_may_mean_a_take() -> None:
    """A shot's name means its first take; the name of another take's video means that take."""
    assert chain.meanings("shot01") == (("shot01", 1),)
    assert chain.meanings("a_take2") == (("a_take2", 1), ("a", 2))
    assert chain.names_itself("e\u0301", "\u00e9")
