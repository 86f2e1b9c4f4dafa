"""A route chooses provider and model, entry by entry."""

from dataclasses import replace
from decimal import Decimal

import pytest
from histories import LIFE, SPEC, Story, claiming

from seedance_watch.core.catalogue import CATALOGUE, DEFAULT_MODELS
from seedance_watch.core.errors import Fault, FaultKind, SidecarError
from seedance_watch.core.events import Claimed, Effect, Failing, Prepared, Rerouted
from seedance_watch.core.machine import Job
from seedance_watch.core.model import JobSpec, Money
from seedance_watch.core.reactions import react
from seedance_watch.core.sidecar import Layer, own_layer, parse, wish

WATCH = Layer("configuration", "c.toml", {"provider": "rivya", "model": "seedance-1-0-lite"})
E, K = Effect, FaultKind


def wished(text: str, *, to: str = "", watch: Layer = WATCH) -> JobSpec:
    layers = [own_layer(parse(f'prompt = "waves"\n{text}', file="a.toml")), watch]
    return wish(layers, catalogue=CATALOGUE, key="0" * 32, to=to)


ROUTE = 'route = ["rivya", "segmind"]\n'


def test_the_first_entry_is_asked_first() -> None:
    """With the watch entry's model where it is of that provider."""
    spec = wished(ROUTE)
    assert (spec.provider, spec.model, spec.route) == (
        "rivya",
        DEFAULT_MODELS["rivya"],
        ("segmind",),
    )


def test_the_next_entry_has_its_own_model() -> None:
    """The provider's default, or the one that the entry names."""
    spec = wished(ROUTE, to="segmind")
    assert (spec.provider, spec.model, spec.route) == ("segmind", DEFAULT_MODELS["segmind"], ())
    other = next(m for (p, m) in CATALOGUE if p == "segmind" and m != DEFAULT_MODELS["segmind"])
    route = f'route = ["rivya", "segmind/{other}"]\n'
    assert wished(route).route == (f"segmind/{other}",)
    assert wished(route, to=f"segmind/{other}").model == other


def test_a_model_of_the_drop_is_kept_for_the_first_provider() -> None:
    """And not asked of the next one, which has other names."""
    text = ROUTE + 'model = "seedance-1-0-lite"\n'
    assert wished(text).model == "seedance-1-0-lite"
    assert wished(text, to="segmind").model == DEFAULT_MODELS["segmind"]


def test_a_provider_named_nearer_switches_the_route_off() -> None:
    """Who names one wants that one."""
    watch = replace(WATCH, values={**WATCH.values, "route": ["rivya", "segmind"]})
    assert wished("", watch=watch).route == ("segmind",)
    text = 'provider = "segmind"\nmodel = "seedance-v1-lite-image-to-video"\n'
    spec = wished(text, watch=watch)
    assert (spec.provider, spec.route) == ("segmind", ())


def test_an_entry_that_is_not_on_the_route_any_more_is_followed_all_the_same() -> None:
    """The configuration changed while the job was on its way."""
    spec = wished("", to="segmind")
    assert (spec.provider, spec.route) == ("rivya", ())
    spec = wished('route = ["rivya"]\n', to="segmind")
    assert (spec.provider, spec.route) == ("segmind", ())


@pytest.mark.parametrize(
    ("route", "said"),
    [
        ('["rivia"]', "did you mean rivya"),
        ('["rivya/seedance-9"]', "is not a model of rivya"),
        ('["rivya", "rivya"]', "twice"),
        ("[7]", "is not a provider"),
        ('"rivya"', "route"),
    ],
)
def test_mistakes_are_said(route: str, said: str) -> None:
    """With file, line and what is possible."""
    with pytest.raises(SidecarError, match=said) as raised:
        wished(f"route = {route}\n")
    assert "a.toml:2" in str(raised.value)


def prepared(*route: str) -> Job:
    story = Story.of("a")
    story.next(claiming(), Claimed(), Prepared(replace(SPEC, route=route)), *LIFE[2:4])
    return story.job


FREE, DEAR = Money(Decimal(0), "credits"), Money(Decimal(9), "credits")


@pytest.mark.parametrize(
    ("effect", "kind", "charged", "goes"),
    [
        (E.STAGE, K.REFUSED, None, True),
        (E.SUBMIT, K.REFUSED, None, True),
        (E.POLL, K.REFUSED, FREE, True),
        (E.POLL, K.REFUSED, DEAR, False),
        (E.POLL, K.REFUSED, None, False),
        (E.PREPARE, K.REFUSED, None, False),
        (E.INTEND, K.REFUSED, None, False),
        (E.DOWNLOAD, K.REFUSED, FREE, False),
        *((E.SUBMIT, kind, None, False) for kind in sorted(set(FaultKind) - {K.REFUSED})),
        *((E.POLL, kind, FREE, False) for kind in sorted(set(FaultKind) - {K.REFUSED})),
    ],
)
def test_only_a_definite_unpaid_refusal_goes_elsewhere(
    effect: Effect, kind: FaultKind, charged: Money | None, *, goes: bool
) -> None:
    """Never after an unknown outcome, never after money, never for a wish that is wrong itself."""
    fault = Fault(kind, "why", charged=charged)
    event = react(prepared("segmind"), effect, fault, now=0.0, luck=0.5)
    assert isinstance(event, Rerouted) == goes
    if isinstance(event, Rerouted):
        assert (event.to, event.reason) == ("segmind", "why")
    assert not isinstance(react(prepared(), effect, fault, now=0.0, luck=0.5), Rerouted)


def test_the_last_refusal_fails() -> None:
    """Nobody is left to ask."""
    event = react(prepared(), E.SUBMIT, Fault(K.REFUSED, "why"), now=0.0, luck=0.5)
    assert isinstance(event, Failing)


@pytest.mark.parametrize(
    ("route", "said"),
    [
        ('route = ["fal", "rivya"]', 'a.toml:2: route: "fal" is not a provider; known are'),
        ('route = ["rivya/x"]', 'a.toml:2: route: "x" is not a model of rivya; known are'),
        ('route = ["rivya", "rivya"]', 'a.toml:2: route: "rivya" stands there twice'),
    ],
)
def test_a_wrong_entry_is_named(route: str, said: str) -> None:
    """With what there is instead."""
    with pytest.raises(SidecarError) as caught:
        wished(route)
    assert said in str(caught.value)


def test_a_model_is_kept_only_where_it_is_as_near_as_the_route() -> None:
    """A model of the configuration belongs to its provider, not to a route of the drop."""
    other = next(m for (p, m) in CATALOGUE if p == "rivya" and m != DEFAULT_MODELS["rivya"])
    watch = replace(WATCH, values={"provider": "rivya", "model": other})
    assert wished(ROUTE, watch=watch).model == DEFAULT_MODELS["rivya"]
    assert wished(ROUTE + f'model = "{other}"', watch=watch).model == other
    routed = replace(watch, values={"route": ["rivya", "segmind"]})
    assert wished(f'model = "{other}"', watch=routed).model == other


def test_a_route_alone_names_provider_and_model() -> None:
    """Nothing else has to; both are said to come from where the route stands."""
    spec = wished(ROUTE, watch=replace(WATCH, values={}))
    assert (spec.provider, spec.model) == ("rivya", DEFAULT_MODELS["rivya"])
    assert (spec.origins["provider"], spec.origins["model"]) == ("sidecar", "sidecar")


def test_what_was_charged_goes_along_with_the_wish() -> None:
    """The one who declined the call charged nothing."""
    intended = Story.of("a")
    spec = replace(SPEC, route=("segmind",))
    intended.next(claiming(), Claimed(), Prepared(spec), *LIFE[2:4])
    event = react(intended.job, E.SUBMIT, Fault(K.REFUSED, "no"), now=0.0, luck=0.0)
    assert event == Rerouted("segmind", "no", Money(Decimal(0), "credits"))
