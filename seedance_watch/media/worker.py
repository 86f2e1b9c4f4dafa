"""The process in which decoders run: `python -m seedance_watch.media.worker`.

It takes calls from its standard input and gives their outcomes on its standard output, until the
input ends; so it does not outlive who started it, and a call that hangs does not by much. It has
no key, neither in its environment nor in its memory.
"""

import importlib
import os
import pickle
import resource
import signal
import sys
import traceback
from typing import IO

from seedance_watch.media import answers

_MOST_BYTES = 4 << 30  # of addresses; the largest picture that is let in takes an eighth
HEAD_BYTES = 8
# Who asked gives up a call earlier, and ends the process, as long as it lives itself.
LONGEST_S = 600


def send(file: IO[bytes], body: bytes) -> None:
    """Write a message behind its length."""
    file.write(len(body).to_bytes(HEAD_BYTES, "big") + body)
    file.flush()


def receive(file: IO[bytes]) -> bytes:
    """Read the next message.

    Raises:
        EOFError: There is none, or not all of it.
    """
    return _exactly(file, int.from_bytes(_exactly(file, HEAD_BYTES), "big"))


def _exactly(file: IO[bytes], length: int) -> bytes:
    body = file.read(length)
    if len(body) < length:
        raise EOFError
    return body


def outcome(call: bytes) -> bytes:
    """Do a call; give its result, or what it raised."""
    function, args, kwargs = pickle.loads(call)  # noqa: S301 - from the daemon, which is ours
    try:
        return answers.written(function(*args, **kwargs))
    except Exception as error:  # noqa: BLE001 - it is raised where it was asked for
        return answers.written(None, error, traceback.format_exc())


def main() -> None:
    """Do one call after the other."""
    for number in (signal.SIGINT, signal.SIGTERM):  # meant for who started it
        signal.signal(number, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a decoder prints is no answer
    importlib.import_module("seedance_watch.media.images")  # before it is asked for
    try:
        while True:
            call = receive(sys.stdin.buffer)
            signal.alarm(LONGEST_S)
            answer = outcome(call)
            signal.alarm(0)
            send(output, answer)
    except (EOFError, BrokenPipeError):
        return


if __name__ == "__main__":
    main()
