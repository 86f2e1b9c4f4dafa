"""Driving a dialect's flow by hand."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from seedance_watch.core.catalogue import CATALOGUE
from seedance_watch.core.events import Claiming, Intended, Prepared, Staged
from seedance_watch.core.machine import Job
from seedance_watch.core.model import JobSpec, Money, Picture, Role, State
from seedance_watch.providers.dialect import Call, Flow, Reply


def drive(flow: Flow[Any], replies: Iterable[Reply]) -> tuple[Any, list[Call]]:
    """Run a flow with these replies; give its result and the calls that it made."""
    calls, waiting = [], iter(replies)
    try:
        call = next(flow)
        while True:
            calls.append(call)
            call = flow.send(next(waiting))
    except StopIteration as done:
        return done.value, calls


def reply(status: int = 200, json: Any = None, **more: Any) -> Reply:
    """Give a reply as the gateway would."""
    return Reply(status, more.pop("headers", {}), json=json, at=1_000_000.0, **more)


def job(provider: str, model: str, *, images: int = 1, **params: Any) -> Job:
    """Give a staged job that wishes for all of a model's defaults and these parameters."""
    row = CATALOGUE[provider, model]
    values = {name: p.default for name, p in row.params.items() if p.default is not None}
    if "seed" in row.params:
        values["seed"] = 77
    spec = JobSpec(provider, model, "waves", {**values, **params}, {}, row.price.of(values))
    roles = (Role.IMAGE, Role.END_IMAGE)[:images]
    pictures = tuple(Picture(r, f"{r}.png", "image/png", 1280, 720, 9, "ab") for r in roles)
    urls = tuple(f"https://files.example/{n}.png" for n in range(images))
    claim = Claiming("shot-1", 1, 1, "studio", "", "shot", (), "k" * 32)
    return Job(
        "shot-1",
        State.STAGED,
        claiming=claim,
        prepared=Prepared(spec, pictures),
        staged=Staged(urls),
    )


INTENT = Intended(
    1, "key-1-1", "https://x.example/v2/m", b"{}", "https://files.example/0.png",
    Money(Decimal(16), "credits"), 60.0,
)  # fmt: skip
