"""The fault model as data: what can go wrong, where, when and how often.

``KINDS`` is the whole table; ``gate`` is the one place that acts on it. Docs: the table in
``docs/SANDBOX.md``, which a test compares with this file.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to fail.

    ``stage``: ``before`` the request is handled (nothing is stored), ``after`` (all is stored,
    the answer is spoiled), ``fate`` (handed to the handler), ``server`` (the listener).
    ``args`` are its parameters with their defaults. ``terminal`` waits for a finished task.
    """

    stage: str
    doc: str
    args: Mapping[str, Any] = field(default_factory=dict)
    terminal: bool = False


KINDS: Mapping[str, Kind] = MappingProxyType({
    "reset_before": Kind("before", "RST before the body is read"),
    "close_before": Kind("before", "connection closed without an answer"),
    "hang_before": Kind("before", "no answer for so long, then closed", {"seconds": 3600.0}),
    "error_before": Kind("before", "5xx in the provider's envelope", {"status": 500}),
    "html_before": Kind("before", "5xx with a proxy's HTML page", {"status": 502}),
    "throttled": Kind("before", "429 of the provider", {"retry_after": None, "reset_s": 1.0}),
    "not_found": Kind("before", "404 of the provider, as just after a submit"),
    "answer": Kind("before", "any answer", {"status": 400, "body": {}, "headers": {}}),
    "garbage": Kind("before", "bytes that are not HTTP"),
    "redirect": Kind("before", "to: loop, other (another name of this host) or a URL",
                     {"to": "loop", "status": 302}),
    "expired": Kind("before", "the link has expired", {"status": 403}),
    "reset_after": Kind("after", "handled and stored, then RST instead of the answer"),
    "close_after": Kind("after", "handled and stored, then closed without an answer"),
    "delay_after": Kind("after", "handled and stored, answered so much later", {"seconds": 30.0}),
    "lost_in_body": Kind("after", "status line, headers, a part of the body, then RST",
                         {"part": 0.0}),
    "error_after": Kind("after", "5xx though all was done", {"status": 500}),
    "html_after": Kind("after", "5xx with HTML though all was done", {"status": 502}),
    "error_at_completion": Kind("after", "5xx exactly when the task shows as finished",
                                {"status": 500}, terminal=True),
    "unknown_status": Kind("after", "a status word nobody knows", {"value": "warming_up"}),
    "extra_fields": Kind("after", "members that no document lists, at every level"),
    "not_json": Kind("after", "2xx whose body is not JSON"),
    "json_shape": Kind("after", "2xx with JSON of another shape", {"body": []}),
    "truncated": Kind("after", "full Content-Length, a part of the body, then closed",
                      {"part": 0.5}),
    "no_length": Kind("after", "no Content-Length, a part of the body, then closed",
                      {"part": 0.5}),
    "wrong_length": Kind("after", "Content-Length off by so many bytes", {"by": -100}),
    "wrong_type": Kind("after", "another Content-Type", {"value": "text/plain"}),
    "html_body": Kind("after", "200 with an HTML page as declared content type video/mp4",
                      {"content_type": "video/mp4"}),
    "zip_body": Kind("after", "200 with a ZIP archive instead of the video"),
    "empty_body": Kind("after", "200 with Content-Length 0"),
    "corrupt": Kind("after", "right length, damaged bytes in the second half"),
    "endless": Kind("after", "bytes without end; with a length when declared is above 0",
                    {"declared": 0, "limit": 1 << 30}),
    "drip_body": Kind("after", "one byte of the body per interval", {"interval_s": 0.3}),
    "drip_head": Kind("after", "one byte of the headers per interval", {"interval_s": 0.3}),
    "range_ignored": Kind("fate", "a Range request gets 200 and everything"),
    "range_wrong": Kind("after", "206 whose Content-Range is not what was asked"),
    "etag_changed": Kind("fate", "from now on the file has other bytes and another ETag"),
    "slow_create": Kind("fate", "key taken, stored only so much later", {"seconds": 5.0}),
    "stuck": Kind("fate", "the task never leaves processing"),
    "slow_task": Kind("fate", "the task takes so long, not scaled", {"seconds": 600.0}),
    "task_failed": Kind("fate", "the task ends as failed",
                        {"code": "generation_failed", "message": "upstream refused the image"}),
    "failed_200": Kind("fate", "the task ends as FAILED under HTTP 200",
                       {"message": "model error"}),
    "late_history": Kind("fate", "its history row lands so late", {"seconds": 120.0}),
    "gateway_timeout": Kind("fate", "v1: 504 HTML at once, the job goes on and is billed"),
    "refused": Kind("server", "nothing listens for so long", {"seconds": 1.0}),
})  # fmt: skip


class FaultError(ValueError):
    """An injection that makes no sense."""


@dataclass(slots=True, kw_only=True)
class Injection:
    """One queued fault.

    Args:
        endpoint: Name or pattern, such as ``rivya.create`` or ``*.status``.
        nth: Begins with the nth matching call from now, 1 is the next.
        times: How many calls; 0 is for ever.
        chance: Probability that a due call is hit.
        path: Only calls whose path contains this text.
    """

    kind: str
    endpoint: str = "*"
    nth: int = 1
    times: int = 1
    chance: float = 1.0
    path: str = ""
    args: dict[str, Any] = field(default_factory=dict)
    seen: int = 0
    hit: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise FaultError(f"fault {self.kind!r} does not exist")
        known = KINDS[self.kind].args
        for name in self.args.keys() - known.keys():
            raise FaultError(f"fault {self.kind!r} has no argument {name!r}")
        self.args = {**known, **self.args}

    @property
    def row(self) -> Kind:
        """Return the kind's row of the table."""
        return KINDS[self.kind]

    def fits(self, endpoint: str, path: str) -> bool:
        """Say whether this is for such a call and not used up."""
        used_up = self.times and self.hit >= self.times
        return not used_up and fnmatchcase(endpoint, self.endpoint) and self.path in path


class Faults:
    """The queue of injections."""

    def __init__(self, seed: int) -> None:
        self._queue: list[Injection] = []
        self._random = random.Random(seed)  # noqa: S311 - a rehearsal, not a secret

    def add(self, injection: Injection) -> None:
        """Queue one."""
        self._queue.append(injection)

    def clear(self) -> None:
        """Forget all."""
        self._queue.clear()

    def pending(self) -> list[Injection]:
        """Return what is not used up."""
        return [one for one in self._queue if not one.times or one.hit < one.times]

    def fitting(self, endpoint: str, path: str) -> list[Injection]:
        """Return the injections that such a call may meet, oldest first."""
        return [one for one in self._queue if one.fits(endpoint, path)]

    def strikes(self, injection: Injection) -> bool:
        """Count the call; True when the fault happens now."""
        injection.seen += 1
        if injection.seen < injection.nth or self._random.random() >= injection.chance:
            return False
        injection.hit += 1
        return True


def parse_fault(text: str) -> Injection:
    """Read ``kind@endpoint,nth=2,times=3,seconds=5`` as the command line has it.

    Raises:
        FaultError: Unknown kind or argument, or a number that is none.
    """
    head, *settings = text.split(",")
    kind, _, endpoint = head.partition("@")
    pairs = dict(setting.partition("=")[::2] for setting in settings)
    return injection_from({"kind": kind, "endpoint": endpoint or "*", **pairs})


def injection_from(values: Mapping[str, Any]) -> Injection:
    """Read an injection from a flat mapping, as the control endpoint takes it.

    Raises:
        FaultError: Unknown kind or argument, or a number that is none.
    """
    kind = str(values.get("kind", ""))
    if kind not in KINDS:
        raise FaultError(f"fault {kind!r} does not exist")
    own = {"kind", "endpoint", "path", "nth", "times", "chance"}
    args = {name: value for name, value in values.items() if name not in own | {"args"}}
    args |= values.get("args", {})
    try:
        return Injection(
            kind=kind,
            endpoint=str(values.get("endpoint", "*")),
            path=str(values.get("path", "")),
            nth=int(values.get("nth", 1)),
            times=int(values.get("times", 1)),
            chance=float(values.get("chance", 1.0)),
            args={name: _like(KINDS[kind].args.get(name), value) for name, value in args.items()},
        )
    except (TypeError, ValueError) as error:
        raise FaultError(f"fault {kind!r}: {error}") from error


def _like(default: object, value: object) -> object:
    """Read text as a number where the default is one."""
    numeric = isinstance(default, int | float) and isinstance(value, str)
    return type(default)(value) if numeric else value  # type: ignore[call-arg]
