"""What a sidecar says about what is made beside the video."""

from typing import TYPE_CHECKING

from seedance_watch.core.words import show

if TYPE_CHECKING:
    from seedance_watch.core.sidecar_layers import Sheet

_VIDEO = ".mp4"
_NAME_MAX_BYTES = 200


def no_sequence(name: str) -> tuple[str, str] | None:
    """Say what is wrong with a sequence's name, and what to do; None: nothing."""
    stem = _stem(name)
    plain = stem.strip() == stem != "" and stem[0] not in "._"
    if not plain or any(sign in "/\\" or sign < " " or sign == "\x7f" for sign in stem):
        return f"{show(name)} is not a plain name", 'write a name alone, such as sequence = "film"'
    if len(stem.encode(errors="replace")) > _NAME_MAX_BYTES:
        return "is too long", f"at most {_NAME_MAX_BYTES} bytes are possible"
    return None


def wants_preview(sheet: "Sheet") -> str:
    """Give the kind of animation that is wished for, "" for none."""
    wished = str(sheet.value("preview", "none"))
    return "" if wished == "none" else wished


def wants_sequence(sheet: "Sheet") -> str:
    """Give the name of the video that the chain is joined to, "" for none."""
    if "sequence" not in sheet.found:
        return ""
    if "start_from" not in sheet.named:
        hint = 'write start_from = "the shot before" as well'
        sheet.complain("sequence", "joins a chain of shots, and this one follows none", hint)
    return _stem(str(sheet.value("sequence")))


def _stem(name: str) -> str:
    """Leave out an ending that people write."""
    return name[: -len(_VIDEO)] if name.lower().endswith(_VIDEO) else name
