"""Chained shots: whose video a shot goes on from, and whether it is to be had.

A shot is known by the name of its drop; of several takes the first is meant, another one by the
name of its video ("shot01_take2").
"""

import re

from seedance_watch.core.endings import normal

_TAKE = re.compile(r"(.+)_take([1-9][0-9]{0,2})")


def meanings(name: str) -> tuple[tuple[str, int], ...]:
    """Give the drops and takes that a name may mean: a stem and a take each."""
    found = _TAKE.fullmatch(normal(name))
    own = (normal(name), 1)
    return (own, (found[1], int(found[2]))) if found else (own,)


def names_itself(name: str, stem: str) -> bool:
    """Whether a shot of this stem would go on from itself."""
    return any(meant == normal(stem) for meant, _ in meanings(name)) if name and stem else False
