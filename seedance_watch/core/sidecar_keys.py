"""The keys that a sidecar may have: what each means, its type, and what people write instead.

Parameters of models are not listed here: they come from the catalogue, so that a new row there
is a new key here. Nothing that names a file elsewhere, an address or a secret is ever a key.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain

from seedance_watch.core.models import Catalogue
from seedance_watch.core.words import kind_of, listing, meant, nearest, show

MAX_TAKES = 50  # a slip of the keyboard should not cost five hundred videos
PRIORITY_LIMIT = 1000

Natural = type  # str, int, bool, date or dict here; the configuration has float and list as well


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a sidecar.

    Attributes:
        naturals: Its TOML types; nearly always one.
        about: What it does, one line for people.
        low: Smallest number, None: no bound of its own.
        high: Largest number, None: no bound of its own.
        choices: Every value that some model takes; empty: free.
        default: Shown in the documentation; None: none.
        param: Whether it is a parameter of models, with their own ranges and defaults.
    """

    naturals: tuple[Natural, ...]
    about: str
    low: int | None = None
    high: int | None = None
    choices: tuple[str | int | float | bool, ...] = ()
    default: str | int | bool | None = None
    param: bool = False


KEYS: Mapping[str, Key] = {
    "prompt": Key((str,), "What should happen in the video. Needed, here or in the defaults."),
    "model": Key((str,), "The model, by its id or another name the provider's table has for it."),
    "provider": Key((str,), "Who makes the video."),
    "route": Key(
        (list,),
        'Providers to try in turn, such as `["rivya", "segmind"]`: the next one only when the one '
        "before declined or is paused. Wins over `provider` in the same or a weaker place.",
    ),
    "end_image": Key(
        (str,), "Name of a second image beside the sidecar; the video ends with it (some models)."
    ),
    "start_from": Key(
        (str,),
        'Name of another shot of this folder, such as `"shot01"`: its video\'s last frame is the '
        "first image, and this one waits for it.",
    ),
    "text_only": Key(
        (bool,), "Make a video from the prompt alone; no image is needed or sent.", default=False
    ),
    "takes": Key(
        (int,),
        "How many videos to make from this drop, each with its own seed and paid on its own.",
        low=1,
        high=MAX_TAKES,
        default=1,
    ),
    "priority": Key(
        (int,),
        "Higher goes first among the jobs that wait.",
        low=-PRIORITY_LIMIT,
        high=PRIORITY_LIMIT,
        default=0,
    ),
    "not_before": Key(
        (date,),
        "Order the video no earlier: a date, or a date and time; without a zone it is that of "
        "the operator.",
    ),
    "again": Key(
        (bool,), "Make and pay for this video even if an equal one was made before.", default=False
    ),
    "keep_metadata": Key(
        (bool,), "Send the image with its EXIF data (camera, place, date).", default=False
    ),
    "poster": Key(
        (bool,), "Put a still of the video beside it: `shot01.poster.jpg`.", default=False
    ),
    "preview": Key(
        (str,),
        "Put a small animation beside the video, for chats and mails: `shot01.preview.webp` for "
        '`"webp"`, `shot01.preview.gif` for `"gif"`.',
        choices=("webp", "gif", "none"),
        default="none",
    ),
    "sequence": Key(
        (str,),
        "A name. Once this shot is there, all shots of its chain (`start_from`), from the first "
        "one to this, are joined to one video of that name as well.",
    ),
    "meta": Key((dict,), "A table of your own; copied to the receipt, not sent to anybody."),
    "receipt": Key(
        (dict,), "Written into receipts; ignored, so that a receipt can be dropped as a sidecar."
    ),
}

ABOUT_PARAMS: Mapping[str, str] = {
    "duration": "Length of the video in seconds.",
    "resolution": "Height of the video.",
    "aspect_ratio": "Width to height.",
    "camera_fixed": "Keep the camera still.",
    "seed": "Number that repeats a video; -1 lets seedance-watch choose one and tell you.",
    "safety_checker": "Let the provider check the content.",
    "generate_audio": "Make sound as well.",
    "web_search": "Let the model look things up on the web.",
}

# What people write, and the key they mean; or a sentence where there is no such key.
MEANT: Mapping[str, str] = {
    "text": "prompt",
    "description": "prompt",
    "length": "duration",
    "seconds": "duration",
    "size": "resolution",
    "quality": "resolution",
    "ratio": "aspect_ratio",
    "format": "aspect_ratio",
    "fixed_lens": "camera_fixed",
    "static_camera": "camera_fixed",
    "enable_safety_checker": "safety_checker",
    "skip_moderation": "safety_checker",
    "audio": "generate_audio",
    "sound": "generate_audio",
    "end_frame": "end_image",
    "last_frame": "end_image",
    "last_image": "end_image",
    "from": "start_from",
    "continue": "start_from",
    "continues": "start_from",
    "continue_from": "start_from",
    "follow": "start_from",
    "follows": "start_from",
    "previous": "start_from",
    "previous_shot": "start_from",
    "chain": "start_from",
    "start_shot": "start_from",
    "count": "takes",
    "copies": "takes",
    "variations": "takes",
    "force": "again",
    "after": "start_from names the shot that comes before, not_before a date",
    "start_at": "not_before",
    "when": "not_before",
    "still": "poster",
    "thumbnail": "poster",
    "gif": "preview",
    "webp": "preview",
    "join": "sequence",
    "concat": "sequence",
    "negative_prompt": "no model here has one; say in prompt what should be seen",
    "image": "the image is the file that lies beside the sidecar; it need not be named",
    "image_url": "addresses are not taken from a sidecar; put the image beside it",
    "first_frame_url": "addresses are not taken from a sidecar; put the image beside it",
    "last_frame_url": "put that image beside the sidecar and name it in end_image",
    "url": "addresses are not taken from a sidecar",
    "base_url": "addresses are not taken from a sidecar",
    "webhook": "addresses are not taken from a sidecar",
    "api_key": "keys belong to the daemon's configuration; take it out of this file",
    "output": "the video goes to the outbox under the image's name",
    "outbox": "the outbox is set in the daemon's configuration",
}


def vocabulary(catalogue: Catalogue) -> dict[str, Key]:
    """Give every key that a sidecar may have with the models of this catalogue."""
    params = (name for model in catalogue.values() for name in model.params)
    found = {name: find(name, catalogue) for name in (*KEYS, *params)}
    return {name: key for name, key in found.items() if key is not None}


def find(name: str, catalogue: Catalogue) -> Key | None:
    """Give one key with the models of this catalogue, None where there is no such key."""
    params = [each.params[name] for each in catalogue.values() if name in each.params]
    if not params:
        return KEYS.get(name)
    old = KEYS.get(name) or Key((), ABOUT_PARAMS.get(name, "See the model."))
    naturals = dict.fromkeys((*old.naturals, *(each.natural for each in params)))
    choices = dict.fromkeys((*old.choices, *chain.from_iterable(p.choices for p in params)))
    return Key(tuple(naturals), old.about, choices=tuple(choices), param=True)


def unknown(name: str, known: Sequence[str]) -> str:
    """Say what to do about a key that does not exist."""
    said = MEANT.get(name.strip().lower().replace("-", "_"), "")
    if said in known:
        return f"did you mean {said}?"
    return said or meant(name, known)


def mistyped(name: str, value: object, key: Key) -> tuple[str, str] | None:
    """Say that a value is of the wrong sort, and how to write it; None: it is not."""
    if any(_is(value, natural) for natural in key.naturals):
        return None
    needed = listing([_NEEDED[natural] for natural in key.naturals], plain=True)
    problem = f"{show(value)} is not {needed}"
    if not isinstance(value, bool | Mapping | list):
        problem = f"{show(value)} is {kind_of(value)}, but {needed} is needed"
    better = _better(value, key)
    if better is None:
        return problem, ""
    bare = ", without quotes" if isinstance(value, str) else ""
    return problem, f"write {name} = {show(better)}{bare}"


def _is(value: object, natural: Natural) -> bool:
    types = (int, float) if natural is float else natural
    return isinstance(value, types) and (natural is bool or not isinstance(value, bool))


_NEEDED: Mapping[Natural, str] = {
    str: "text in quotes",
    int: "a whole number",
    float: "a number",
    list: "a list in [ ]",
    bool: "true or false",
    dict: "a table",
    date: "a date such as 2026-12-24 or 2026-12-24 18:00:00",
}
_SPOKEN = {"true": True, "yes": True, "on": True, "1": True}
_SPOKEN |= {"false": False, "no": False, "off": False, "0": False}


def _better(value: object, key: Key) -> object:
    """Guess the value that was meant, in the right type; None: no idea."""
    natural = key.naturals[0]
    if natural is bool:
        return _SPOKEN.get(str(value).strip().lower())
    if natural in (int, float):
        return _whole(value)
    if natural is date:
        return _moment(str(value))
    if natural is str and isinstance(value, int | float) and not isinstance(value, bool):
        return nearest(str(value), [str(each) for each in key.choices]) or str(value)
    return None


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _whole(value: object) -> int | None:
    match value:
        case float() if value.is_integer():
            return int(value)
        case str():
            digits = value.strip().rstrip("smec. ")  # "5s", "5 sec"
            return int(digits) if digits.isdecimal() and len(digits) < 19 else None
        case _:
            return None
