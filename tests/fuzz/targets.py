"""Bytes in, nothing out: what must hold whatever a file, an answer or a journal says.

One function per target. Each raises on a mistake of ours and on nothing else; hypothesis
(test_targets.py) and atheris (steered.py) call them alike.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import tomli_w
from fuzz.answers import DIALECTS, FLOWS, STATUSES, answered, flow
from fuzz.money import check

from seedance_watch.config.effective import effective
from seedance_watch.config.load import understand
from seedance_watch.core.catalogue import CATALOGUE
from seedance_watch.core.errors import (
    Complaint,
    ConfigError,
    Fault,
    JournalError,
    SidecarError,
)
from seedance_watch.core.events import EVENT_TYPES
from seedance_watch.core.model import JobSpec
from seedance_watch.core.sidecar import (
    decode,
    folder_layer,
    glance,
    own_layer,
    parse,
    receipt_keys,
    review,
    wish,
)
from seedance_watch.journal import codec, loading, sums
from seedance_watch.providers.dialect import Reply

_KINDS = sorted(DIALECTS)
_NAMES = sorted(EVENT_TYPES)
_HEADERS = ("retry-after", "x-rate-limit-reset-at-utc", "x-request-id", "x-remaining-credits",
            "x-cost", "x-seed-value")  # fmt: skip


def sidecar(data: bytes) -> None:
    """A wish, whose receipt wishes the same; or complaints in words."""
    try:
        text = decode(data, file="shot.toml")
        glance(text)
        spec = _wish(text)
    except SidecarError as error:
        _in_words(error.complaints)
        return
    again = _wish(tomli_w.dumps(receipt_keys(spec)))
    assert (again.prompt, again.params, again.model) == (spec.prompt, spec.params, spec.model)
    assert again.meta == spec.meta
    assert again.cost == spec.cost


def defaults(data: bytes) -> None:
    """Complaints, or none, about a folder's defaults."""
    try:
        table = parse(decode(data, file="_defaults.toml"), file="_defaults.toml")
    except SidecarError as error:
        _in_words(error.complaints)
    else:
        for each in review([folder_layer(table, "scenes")], catalogue=CATALOGUE):
            assert each.problem


def _wish(text: str) -> JobSpec:
    layer = own_layer(parse(text, file="shot.toml"))
    images = 0 if layer.values.get("text_only") is True else 1
    return wish([layer], catalogue=CATALOGUE, key="k" * 32, images=images, has_end=False)


def _in_words(complaints: tuple[Complaint, ...]) -> None:
    """Make sure that there is something to show, and that it can be shown."""
    assert complaints
    for each in complaints:
        assert each.problem
        assert str(each).isprintable()
        str(each).encode()
        assert len(str(each)) < 2000


def config(data: bytes) -> None:
    """A configuration that can be shown whole, or complaints in words."""
    file = Path("/srv/studio/seedance-watch.toml")
    try:
        found = understand(data, file=file, catalogue=CATALOGUE, environ={})
    except ConfigError as error:
        _in_words(error.complaints)
    else:
        assert effective(found, environ={})


def answer(data: bytes) -> None:
    """An event or a fault, and never a wrong belief about money.

    The first bytes choose dialect, flow, status and header; the rest is the body.
    """
    head, body = data[:4].ljust(4, b"\0"), data[4:]
    kind, name = _KINDS[head[0] % len(_KINDS)], FLOWS[head[1] % len(FLOWS)]
    told = {}
    if head[3] % 4 == 0:
        said, _, body = body.partition(b"\n")
        told = {_HEADERS[head[3] // 4 % len(_HEADERS)]: said.decode("latin-1").strip()}
    try:
        reply = answered(STATUSES[head[2] % len(STATUSES)], told, body)
    except Fault:
        return
    found, used = run(kind, name, [reply])
    check(kind, name, found, used)


def run(kind: str, name: str, replies: list[Reply]) -> tuple[Any, list[Reply]]:
    """Run a flow; give its result or fault, and the answers that it used."""
    used: list[Reply] = []
    begun = flow(DIALECTS[kind], name)
    try:
        call = next(begun)
        while True:
            assert not (call.paid and used), "only the first call may be paid"
            used.append(replies[min(len(used), len(replies) - 1)])
            call = begun.send(used[-1])
            assert len(used) < 50, "a flow without end"
    except StopIteration as done:
        return done.value, used
    except Fault as fault:
        return fault, used


def record(data: bytes) -> None:
    """An event that comes back as it was, or an error in words; the first byte is its type."""
    name = _NAMES[data[0] % len(_NAMES)] if data else "Nothing"
    text = data[1:].decode("utf-8", "replace")
    try:
        event = codec.decode(name, text)
    except JournalError as error:
        _in_few_words(str(error))
    else:
        again = codec.encode(event)
        assert again == codec.encode(codec.decode(*again))


def _in_few_words(reason: str) -> None:
    assert 0 < len(reason) < 5000


def history(data: bytes) -> None:
    """A job, or the reason why it cannot be read; each line is one event, its checksum right."""
    lines = [
        (place + 1, 1.0, _NAMES[line[0] % len(_NAMES)], line[1:].decode("utf-8", "replace"))
        for place, line in enumerate(data.split(b"\n"))
        if line
    ]
    rows = [("job", len(lines), "", "job", *line, sums.checksum("job", *line)) for line in lines]
    found = loading.load(rows)
    assert len(found.jobs) + len(found.unreadable) == bool(rows)
    for each in found.unreadable:
        _in_few_words(each.reason)


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "sidecar": sidecar,
    "defaults": defaults,
    "config": config,
    "answer": answer,
    "record": record,
    "history": history,
}
