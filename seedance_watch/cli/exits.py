"""Exit codes, and how an error that ends a command is said.

The numbers are those of sysexits.h, so that scripts and service managers can tell what to do.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Never


class Exit(IntEnum):
    """How a command ends."""

    OK = 0  # everything asked for is done
    SOME_FAILED = 1  # run --once: something failed, is held or waits; orders: one was refused
    USAGE = 64  # the command line is wrong
    BAD_SIDECAR = 65  # check: a sidecar is wrong
    BUG = 70  # a mistake in this program
    CANNOT_CREATE = 73  # init, demo: the folder cannot be made or is in use
    TRY_AGAIN = 75  # another process has the journal, a disk failed, a folder is away: later
    NO_PERMISSION = 77  # a folder is not readable or writable
    CONFIG = 78  # the configuration is wrong
    STOPPED = 130  # by Ctrl-C, before it was done


def say(text: str) -> None:
    """Tell a person something on standard error, where results do not go."""
    print(_plain(text), file=sys.stderr)  # noqa: T201 - the command line's voice


def show(text: str) -> None:
    """Print a result on standard output."""
    print(_plain(text))  # noqa: T201 - the command line's voice


def _plain(text: str) -> str:
    from seedance_watch.core.words import printable_lines  # noqa: PLC0415 - not at once

    return printable_lines(text)


def code_of(error: BaseException) -> Exit | None:
    """Give the exit code of an error, None for one that is a bug."""
    from seedance_watch.core import errors  # noqa: PLC0415 - not for --help

    codes: tuple[tuple[type[BaseException], Exit], ...] = (  # the most specific first
        (errors.ConfigError, Exit.CONFIG),
        (errors.SidecarError, Exit.BAD_SIDECAR),
        (errors.SpoolError, Exit.TRY_AGAIN),
        (errors.JournalError, Exit.TRY_AGAIN),
        (errors.SeedanceWatchError, Exit.BUG),
        (PermissionError, Exit.NO_PERMISSION),
        (OSError, Exit.CANNOT_CREATE),
    )
    fits = (code for kind, code in codes if isinstance(error, kind))
    return next(fits, None)


@contextmanager
def told() -> Iterator[None]:
    """Say an expected error in one paragraph and exit with its code; let bugs show their trace."""
    try:
        yield
    except BaseException as error:  # noqa: BLE001 - sorted there, and raised again
        _tell(error)


def _tell(raised: BaseException) -> Never:
    """Exit for what was expected, raise the rest again."""
    from seedance_watch.core.errors import SeedanceWatchError  # noqa: PLC0415 - not for --help

    try:
        raise raised
    except* KeyboardInterrupt:
        raise SystemExit(Exit.STOPPED) from None
    except* BrokenPipeError:  # who reads has seen enough, as `head` does: there is nobody to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(Exit.SOME_FAILED) from None
    except* (SeedanceWatchError, OSError) as group:
        error = _first(group)
        say(f"seedance-watch: {_words(error)}")
        raise SystemExit(code_of(error) or Exit.BUG) from None


def _words(error: BaseException) -> str:
    """Say what the system refused to do with a file, without its number."""
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Give the first single error of a group of groups."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
