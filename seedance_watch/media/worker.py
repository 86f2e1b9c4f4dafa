"""The process in which decoders run: `python -m seedance_watch.media.worker`.

It takes calls from its standard input and gives their outcomes on its standard output, until the
input ends; so it never outlives who started it. It has no key, neither in its environment nor in
its memory.
"""

import importlib
import os
import pickle
import resource
import signal
import sys
import traceback
from typing import IO, Any

_MOST_BYTES = 4 << 30  # of addresses; the largest picture that is let in takes an eighth
_HEAD_BYTES = 8


def send(file: IO[bytes], value: object) -> None:
    """Write a value behind its length."""
    body = pickle.dumps(value)
    file.write(len(body).to_bytes(_HEAD_BYTES, "big") + body)
    file.flush()


def receive(file: IO[bytes]) -> Any:
    """Read the next value.

    Raises:
        EOFError: There is none, or not all of it.
    """
    length = int.from_bytes(_exactly(file, _HEAD_BYTES), "big")
    return pickle.loads(_exactly(file, length))  # noqa: S301 - from a process that we started


def _exactly(file: IO[bytes], length: int) -> bytes:
    body = file.read(length)
    if len(body) < length:
        raise EOFError
    return body


def outcome(call: Any) -> tuple[object, BaseException | None]:
    """Do a call; give its result, or what it raised."""
    function, args, kwargs = call
    try:
        return function(*args, **kwargs), None
    except Exception as error:  # noqa: BLE001 - it is raised where it was asked for
        error.add_note(traceback.format_exc())
        return None, error


def main() -> None:
    """Do one call after the other."""
    for number in (signal.SIGINT, signal.SIGTERM):  # meant for who started it
        signal.signal(number, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a decoder prints is no answer
    importlib.import_module("seedance_watch.media.images")  # before it is asked for
    try:
        while True:
            send(answers, outcome(receive(sys.stdin.buffer)))
    except (EOFError, BrokenPipeError):
        return


if __name__ == "__main__":
    main()
