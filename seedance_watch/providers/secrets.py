"""Keys, kept so that they cannot be shown by accident."""

import json
from collections.abc import Mapping
from typing import Any

from seedance_watch.core.errors import Fault, FaultKind

# Shorter texts are no keys of any service; cutting them out would damage innocent answers.
_SHORTEST = 8


class Secret:
    """A key that shows itself as stars everywhere but in `reveal`."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Give the key itself; only for the header that it goes into."""
        return self._text

    def cut_from(self, content: bytes) -> bytes:
        """Replace the key by stars, for services that repeat it in their complaints."""
        key = self._text.encode()
        return content.replace(key, b"***") if len(key) >= _SHORTEST else content

    def cut_from_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Do the same to the values of headers."""
        return {name: self._cut(value) for name, value in headers.items()}

    def cut_from_json(self, value: Any) -> Any:
        r"""Do the same to a parsed answer, where the key may have been written as "\u0073k"."""
        written = json.dumps(value, ensure_ascii=False)
        cut = written.replace(json.dumps(self._text)[1:-1], "***")
        return json.loads(cut) if len(self._text) >= _SHORTEST and cut != written else value

    def _cut(self, text: str) -> str:
        return self.cut_from(text.encode("utf-8", "surrogateescape")).decode(
            "utf-8", "surrogateescape"
        )

    def __repr__(self) -> str:
        """Show stars, so that no log, trace or error message shows more."""
        return "Secret('***')"

    __str__ = __repr__


def secret(text: str, provider: str) -> Secret:
    """Take a key as it came from a variable or a file.

    Raises:
        Fault: DENIED, code "no_key": it is empty or cannot stand in a header.
    """
    key = text.strip()
    if key and key.isascii() and key.isprintable() and " " not in key:
        return Secret(key)
    problem = "holds characters that no key has" if key else "is empty"
    raise no_key(provider, f"the key {problem}")


def no_key(provider: str, problem: str) -> Fault:
    """Say that there is no key to call with, and where one belongs."""
    reason = (
        f"reading the key of {provider}: {problem}; set the variable named by "
        f"providers.{provider}.api_key_env, or the file named by providers.{provider}.api_key_file"
    )
    return Fault(FaultKind.DENIED, reason, code="no_key")
