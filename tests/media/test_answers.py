"""What a decoder's process may say, and that nothing it says is ever run."""

import json
import os
import pickle
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedance_watch.core.errors import Fault, FaultKind
from seedance_watch.core.model import Clip, Picture, Role
from seedance_watch.media import workers as module
from seedance_watch.media.answers import MOST_BYTES, Bug, Garbled, read, written
from seedance_watch.media.workers import Workers

PICTURE = Picture(Role.END_IMAGE, "a\udcff.jpg", "image/jpeg", 4, 3, 9, "ab", ("turned", "shrunk"))
CLIP = Clip(9, "ab", 5.0, 4, 3, 120, 24.0, "h264", has_audio=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@pytest.mark.parametrize("result", [PICTURE, CLIP, True, False, None, 5, "text \udcff", 0.5])
def test_a_result_comes_back(result: object) -> None:
    """Names with undecodable bytes included."""
    found = read(written(result))
    assert (found, type(found)) == (result, type(result))


def test_a_fault_comes_back_with_all_that_it_says() -> None:
    """Kind, reason and code decide what follows."""
    found = read(written(None, Fault(FaultKind.GARBLED, "no \udcff video", code="video")))
    assert isinstance(found, Fault)
    assert (found.kind, found.reason, found.code) == (
        FaultKind.GARBLED,
        "no \udcff video",
        "video",
    )


def test_an_error_of_the_disk_comes_back_as_what_it_is() -> None:
    """Its number decides whether it passes."""
    found = read(written(None, PermissionError(13, "Permission denied", "/a")))
    assert isinstance(found, PermissionError)
    assert (found.errno, found.strerror, found.filename) == (13, "Permission denied", "/a")


def test_anything_else_comes_back_as_words() -> None:
    """With where it happened, for the report; so does a result that cannot be told."""
    found = read(written(None, KeyError("x"), "line 3"))
    assert isinstance(found, Bug)
    assert (str(found), found.__notes__) == ("KeyError: 'x'", ["line 3"])
    assert "gave a set" in str(read(written({1, 2})))


def answer(kind: str, /, **value: object) -> bytes:
    return json.dumps({"kind": kind, "value": value}).encode()


NONSENSE = [
    b"",
    b"null",
    b"\xff",
    pickle.dumps(True),
    b"[" * 100_000,
    b'{"kind": "plain"}',
    b'{"kind": "plain", "value": [1]}',
    b'{"kind": "plain", "value": 1, "more": 2}',
    b'{"kind": "call", "value": "os.system"}',
    b'{"kind": ["plain"], "value": 1}',
    answer("picture"),
    answer("clip", **asdict(CLIP) | {"frames": "120"}),
    answer("clip", **asdict(CLIP) | {"has_audio": 1}),
    answer("clip", **asdict(CLIP) | {"run": 1}),
    answer("picture", **asdict(PICTURE) | {"role": "root"}),
    answer("picture", **asdict(PICTURE) | {"steps": [1]}),
    answer("fault", kind="no such", reason="", code=""),
    answer("os_error", number="13", words="", file=""),
    answer("bug", said=1, trace=""),
    *[
        answer("picture", **asdict(PICTURE) | {"name": name})
        for name in ("", ".", "..", "../../key", "/etc/passwd", "a\0b")
    ],
]


@pytest.mark.parametrize("body", NONSENSE, ids=range(len(NONSENSE)))
def test_what_is_no_answer_is_known(body: bytes) -> None:
    """Another shape, another type, a name that leads out of the job's folder."""
    with pytest.raises(Garbled):
        read(body)


@given(JSON | st.fixed_dictionaries({"kind": st.sampled_from(["plain", "bug"]), "value": JSON}))
def test_nothing_else_is_ever_raised(value: object) -> None:
    """Whatever JSON comes."""
    try:
        read(json.dumps(value).encode())
    except Garbled:
        return


# A child that was taken over: it answers each call with the same bytes.
_HOSTILE = """
import sys
head = sys.stdin.buffer.read(8)
sys.stdin.buffer.read(int.from_bytes(head, "big"))
sys.stdout.buffer.write(bytes.fromhex({hex!r}))
sys.stdout.buffer.flush()
{then}
"""


class Malicious:
    """Touches a file wherever it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.path),)


def message(body: bytes, length: int | None = None) -> bytes:
    return (len(body) if length is None else length).to_bytes(8, "big") + body


def taken_over(
    monkeypatch: pytest.MonkeyPatch,
    said: bytes,
    then: str = "sys.stdin.buffer.read()",
    *,
    limit_s: float = 60.0,
) -> Workers:
    text = _HOSTILE.format(hex=said.hex(), then=then)
    monkeypatch.setattr(module, "_COMMAND", (sys.executable, "-c", text))
    return Workers(limit_s=limit_s)


def test_a_pickle_is_not_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What would make a folder when it is loaded makes none: it is a fault of that file."""
    trap = tmp_path / "trap"
    hostile = pickle.dumps((Malicious(trap), None))
    workers = taken_over(monkeypatch, message(hostile))

    with pytest.raises(Fault, match="did not answer sensibly") as fault:
        workers.do(FaultKind.REFUSED, abs, -3)

    assert (fault.value.kind, fault.value.code) == (FaultKind.REFUSED, "crash")
    assert not trap.exists()
    pickle.loads(hostile)
    assert trap.exists(), "the trap does not work"


@pytest.mark.parametrize(
    ("said", "then", "told"),
    [
        (message(b"x" * 10), "", "sensibly"),
        (message(b"", MOST_BYTES + 1), "sys.stdin.buffer.read()", "sensibly"),
        (b"\xff" * 8, "sys.stdin.buffer.read()", "sensibly"),
        (2 * message(written(3)), "sys.stdin.buffer.read()", "sensibly"),
        (message(b"{", 100), "sys.stdin.buffer.read()", "longer than"),
        (message(b"{", 100), "", "ended with code 0"),
        (b"\0", "sys.stdin.buffer.read()", "longer than"),
    ],
    ids=["garbage", "long", "endless", "twice", "half", "half-then-gone", "one-byte"],
)
def test_a_process_that_talks_nonsense_is_given_up_in_time(
    monkeypatch: pytest.MonkeyPatch, said: bytes, then: str, told: str
) -> None:
    """Nothing of what it announces is waited for, or given memory, without bounds."""
    limit_s = 2.0 if told == "longer than" else 60.0
    workers = taken_over(monkeypatch, said, then, limit_s=limit_s)
    with pytest.raises(Fault, match=told):
        workers.do(FaultKind.GARBLED, abs, -3)
    workers.close()
