"""`dataclass`, made quicker where it is frozen and slotted, as nearly all of ours are.

The standard library compiles a text for each of six methods, which was a third of what a command
takes to load. Here one is compiled, `__init__`; the others are shared by all classes. What these
classes can do is the same: fields, replace, asdict, match, copies, pickles.
"""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import MISSING, Field, FrozenInstanceError, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Never

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 - others import it from here
else:

    def dataclass(kind: type | None = None, /, **how: bool) -> Any:
        """Make a class a dataclass; see `dataclasses.dataclass`."""
        if how == {"frozen": True, "slots": True}:
            return _noun
        return dataclasses.dataclass(kind, **how)


def _noun(kind: type) -> type:
    """Make a frozen and slotted dataclass."""
    made: type = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)(kind)
    own = fields(made)
    more = {name: value for name, value in _SHARED.items() if name not in vars(kind)}
    more["_all"] = attrgetter("__class__", *(each.name for each in own))
    more["__init__"] = _init(made, own)
    for name, value in more.items():
        setattr(made, name, value)
    return made


def _init(kind: type, own: Sequence[Field[Any]]) -> Callable[..., None]:
    """Compile the method that sets the fields of a new object."""
    known: dict[str, Any] = {"_set": object.__setattr__, "_MISSING": MISSING}
    takes, sets = ["self"], []
    for each in own:
        name, given = each.name, each.name
        if each.default_factory is not MISSING:
            known[f"_made_{name}"] = each.default_factory
            name, given = f"{name}=_MISSING", f"_made_{name}() if {name} is _MISSING else {name}"
        elif each.default is not MISSING:
            known[f"_default_{name}"] = each.default
            name = f"{name}=_default_{name}"
        takes.append(name)
        sets.append(f"_set(self, {each.name!r}, {given})")
    sets += ["self.__post_init__()"] if hasattr(kind, "__post_init__") else []
    exec(f"def __init__({', '.join(takes)}): {'; '.join(sets) or 'pass'}", known)  # noqa: S102
    init: Callable[..., None] = known["__init__"]
    init.__annotations__ = {each.name: each.type for each in own} | {"return": None}
    return init


def _repr(self: Any) -> str:
    shown = (f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _eq(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    return self is other or self._all(self) == self._all(other)


def _hash(self: Any) -> int:
    return hash(self._all(self))


def _set(self: object, name: str, _value: object) -> Never:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delete(self: object, name: str) -> Never:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, each.name) for each in fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for each, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)


_SHARED: dict[str, Any] = {
    "__repr__": _repr,
    "__eq__": _eq,
    "__hash__": _hash,
    "__setattr__": _set,
    "__delattr__": _delete,
    "__getstate__": _state,
    "__setstate__": _restore,
}
