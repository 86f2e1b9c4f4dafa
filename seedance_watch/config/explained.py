"""What the keys of the configuration do: the docstring below each of them.

pydantic can collect these itself, but then every start of every command reads the source again.
"""

import ast
import inspect
from collections.abc import Iterator, Mapping
from itertools import pairwise

from pydantic import BaseModel


def explained(table: type[BaseModel]) -> Mapping[str, str]:
    """Give each key's explanation on one line; those of inherited keys as well."""
    lines = [_own(kind) for kind in reversed(table.__mro__) if issubclass(kind, BaseModel)]
    return {name: text for found in lines[1:] for name, text in found}  # the first is pydantic's


def _own(table: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """Give what stands in the class itself."""
    written = ast.parse(inspect.getsource(table)).body[0]
    assert isinstance(written, ast.ClassDef)
    for above, below in pairwise(written.body):
        match above, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield name, " ".join(text.split())
            case _:
                pass
