"""Whether a drop's images are those that its wish needs."""

from seedance_watch.core.models import Model
from seedance_watch.core.sidecar_layers import Sheet
from seedance_watch.core.sidecar_model import named
from seedance_watch.core.words import show


def wants_text_only(sheet: Sheet, model: Model | None, *, images: int, has_end: bool) -> bool:
    """Check that the drop has the images that the wish needs.

    Returns:
        Whether the video is made from the prompt alone.
    """
    text_only = _wanted(sheet, images)
    if "start_from" in sheet.found:
        _check_start(sheet, images)
    elif text_only:
        _check_text_only(sheet, model, images)
    elif not images:
        hint = "put the image beside the sidecar under the same name, or write text_only = true"
        sheet.complain("", "there is no image", hint)
    if "end_image" in sheet.found:
        _check_end_image(sheet, model, text_only=text_only, has_end=has_end)
    return text_only


def _wanted(sheet: Sheet, images: int) -> bool:
    """In the defaults of a folder, text_only speaks of its sidecars that have no image."""
    if sheet.value("text_only") is not True or "start_from" in sheet.found:
        return False
    return sheet.found["text_only"].layer.own or not images


def _check_start(sheet: Sheet, images: int) -> None:
    """The first image is another video's last frame, so no other one may be there."""
    if images:
        hint = "it brings the first image itself: take that image away, or this key"
        sheet.complain("start_from", "there is an image beside the sidecar", hint)
    if sheet.value("text_only") is True and sheet.found["text_only"].layer.own:
        sheet.complain("start_from", "cannot be used with text_only = true", "keep one of the two")


def _check_text_only(sheet: Sheet, model: Model | None, images: int) -> None:
    if images:
        hint = "take the image away, or this key"
        sheet.complain("text_only", "there is an image beside the sidecar", hint)
    if model and model.images[0] > 0:
        sheet.complain("text_only", f"{named(model)} needs an image", "put one beside the sidecar")


def _check_end_image(sheet: Sheet, model: Model | None, *, text_only: bool, has_end: bool) -> None:
    name = show(sheet.value("end_image"))
    if text_only:
        sheet.complain("end_image", "cannot be used with text_only = true")
    elif model and model.images[1] < 2:
        sheet.complain("end_image", f"{named(model)} takes one image only")
    elif not has_end:
        hint = "put it into the same folder"
        sheet.complain("end_image", f"there is no {name} beside the sidecar", hint)
