"""A sidecar becomes exactly what is wished, or every complaint about it at once."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest
import tomli_w
from hypothesis import example, given
from hypothesis import strategies as st

from seedance_watch.core.catalogue import CATALOGUE
from seedance_watch.core.errors import SidecarError
from seedance_watch.core.model import JobSpec, Money
from seedance_watch.core.models import Model, Param, Price, Wire
from seedance_watch.core.pairing import Glance
from seedance_watch.core.sidecar import (
    Layer,
    decode,
    folder_layer,
    glance,
    own_layer,
    parse,
    receipt_keys,
    review,
    wish,
)
from seedance_watch.core.sidecar_keys import vocabulary
from seedance_watch.core.sidecar_model import CHOSEN, MODEL_DEFAULT
from seedance_watch.core.sidecar_never import never

RATIOS = ("16:9", "4:3", "1:1", "9:16")
LITE = Model(
    provider="rivya",
    id="seedance-1-0-lite",
    aliases=("lite",),
    params={
        "resolution": Param(
            "resolution", Wire.STRING, str, choices=("480p", "720p", "1080p"), default="720p"
        ),
        "duration": Param("duration", Wire.STRING, int, choices=(5, 10), default=5),
        "aspect_ratio": Param("aspect_ratio", Wire.STRING, str, choices=RATIOS, default="16:9"),
        "camera_fixed": Param("camera_fixed", Wire.STRING, bool, default=False),
        "seed": Param("seed", Wire.NUMBER, int, low=-1, high=2147483647, default=-1),
        "safety_checker": Param("enable_safety_checker", Wire.STRING, bool, default=True),
    },
    prompt_max=100,
    images=(0, 2),
    price=Price("credits", Decimal(16), cases=(({"duration": 10}, Decimal(32)),)),
    usual_s=60,
)
LATER = Model(
    provider="rivya",
    id="seedance-1-5-pro",
    params={
        "duration": Param("duration", Wire.STRING, int, choices=(4, 8, 12), default=8),
        "generate_audio": Param("generate_audio", Wire.STRING, bool, default=False),
    },
    prompt_max=2500,
    images=(1, 1),
    price=Price("credits", Decimal(28)),
    usual_s=90,
)
FAST = Model(
    provider="segmind",
    id="seedance-1.0-pro-fast",
    params={
        "duration": Param("duration", Wire.NUMBER, int, low=2, high=12, default=5),
        "seed": Param("seed", Wire.NUMBER, int, low=1, high=3, default=1),
    },
    prompt_max=2000,
    images=(1, 2),
    price=Price("usd", Decimal("0.25")),
    usual_s=50,
)
ROWS = {(model.provider, model.id): model for model in (LITE, LATER, FAST)}
WATCH = Layer("configuration", "seedance-watch.toml", {"provider": "rivya", "model": LITE.id})


def own(text: str) -> Layer:
    return own_layer(parse(text, file="shot01.toml"))


def folder(text: str) -> Layer:
    return folder_layer(parse(text, file="scenes/_defaults.toml"), "scenes")


def wished(text: str, *weaker: Layer, **facts: object) -> JobSpec:
    facts = {"key": "k", "take": 1, "takes": 1, **facts}
    return wish([own(text), *weaker, WATCH], catalogue=ROWS, **facts)


def said(text: str, *weaker: Layer, **facts: object) -> list[str]:
    with pytest.raises(SidecarError) as caught:
        wished(text, *weaker, **facts)
    return str(caught.value).split("\n")


def test_a_prompt_is_enough() -> None:
    """Everything but the prompt has a default, and each value says where it came from."""
    spec = wished('prompt = " a cat walks "')

    assert spec.prompt == "a cat walks"
    assert {**spec.params, "seed": 0} == {
        "resolution": "720p",
        "duration": 5,
        "aspect_ratio": "16:9",
        "camera_fixed": False,
        "seed": 0,
        "safety_checker": True,
    }
    assert spec.cost == Money(Decimal(16), "credits")
    assert spec.origins == {
        "prompt": "sidecar",
        "model": "configuration",
        "provider": "configuration",
        "resolution": MODEL_DEFAULT,
        "duration": MODEL_DEFAULT,
        "aspect_ratio": MODEL_DEFAULT,
        "camera_fixed": MODEL_DEFAULT,
        "seed": CHOSEN,
        "safety_checker": MODEL_DEFAULT,
    }


def test_the_strongest_layer_wins_key_by_key() -> None:
    """The sidecar wins over the folder, the folder over the configuration."""
    weak = Layer("configuration", "c.toml", {"duration": 5, "resolution": "480p", "prompt": "w"})
    spec = wished("duration = 10", folder('prompt = "f"\nduration = 5'), weak)

    assert (spec.params["duration"], spec.params["resolution"], spec.prompt) == (10, "480p", "f")
    assert spec.origins["prompt"] == "_defaults.toml in scenes/"
    assert spec.origins["resolution"] == "configuration"
    assert spec.cost == Money(Decimal(32), "credits")


def test_defaults_alone_make_a_job() -> None:
    """An image without a sidecar is a job when the folder's defaults carry a prompt."""
    spec = wish([folder('prompt = "f"'), WATCH], catalogue=ROWS, key="k")

    assert spec.prompt == "f"


def test_the_operators_prices_win() -> None:
    """A price from the configuration is used instead of the catalogue's."""
    prices = {("rivya", LITE.id): Price("credits", Decimal(7))}

    assert wished('prompt = "p"', prices=prices).cost == Money(Decimal(7), "credits")


def test_an_alias_gives_the_providers_own_id() -> None:
    """Whatever name the model was asked by, its own id is what is kept."""
    assert wished('prompt = "p"\nmodel = "lite"').model == LITE.id


MISTAKES = [
    # the values
    (
        'duration = "5"',
        (
            'duration: "5" is text, but a whole number is needed; '
            "write duration = 5, without quotes"
        ),
    ),
    (
        'duration = "5s"',
        (
            'duration: "5s" is text, but a whole number is needed; '
            "write duration = 5, without quotes"
        ),
    ),
    (
        "duration = 5.0",
        (
            "duration: 5.0 is a number with a fraction, but a whole number is needed; "
            "write duration = 5"
        ),
    ),
    ("duration = true", "duration: true is not a whole number"),
    (
        "duration = 7",
        ("duration: 7 is not possible with seedance-1-0-lite at rivya; possible: 5 or 10"),
    ),
    ("duration = nan", "duration: nan is a number with a fraction, but a whole number is needed"),
    (
        "duration = 2024-05-01",
        ("duration: 2024-05-01 is a date or time, but a whole number is needed"),
    ),
    ("duration = [5]", "duration: a list is not a whole number"),
    (
        'camera_fixed = "true"',
        (
            'camera_fixed: "true" is text, but true or false is needed; '
            "write camera_fixed = true, without quotes"
        ),
    ),
    (
        "camera_fixed = 1",
        (
            "camera_fixed: 1 is a whole number, but true or false is needed; "
            "write camera_fixed = true"
        ),
    ),
    (
        "resolution = 720",
        (
            "resolution: 720 is a whole number, but text in quotes is needed; "
            'write resolution = "720p"'
        ),
    ),
    (
        'resolution = "720"',
        (
            'resolution: "720" is not possible with seedance-1-0-lite at rivya; '
            'possible: "480p", "720p" or "1080p"; did you mean "720p"?'
        ),
    ),
    (
        "seed = -5",
        (
            "seed: -5 is too small; 0 to 2147483647 is possible with "
            "seedance-1-0-lite at rivya; -1 lets seedance-watch choose"
        ),
    ),
    ("takes = 500", "takes: 500 is too large; 1 to 50 is possible"),
    ("meta = { x = inf }", "meta: contains inf, which cannot be kept"),
    # the keys
    ("durration = 5", "durration: there is no such key; did you mean duration?"),
    ("Duration = 5", "Duration: there is no such key; did you mean duration?"),
    ('ratio = "16:9"', "ratio: there is no such key; did you mean aspect_ratio?"),
    (
        'negative_prompt = "x"',
        (
            "negative_prompt: there is no such key; "
            "no model here has one; say in prompt what should be seen"
        ),
    ),
    (
        'image_url = "http://x/"',
        (
            "image_url: there is no such key; "
            "addresses are not taken from a sidecar; put the image beside it"
        ),
    ),
    (
        "generate_audio = true",
        (
            "generate_audio: seedance-1-0-lite at rivya has no such setting; "
            "it has resolution, duration, aspect_ratio, camera_fixed, seed and safety_checker"
        ),
    ),
    # the models
    (
        'model = "seedance-lite"',
        (
            'model: "seedance-lite" is not a model of rivya; '
            "did you mean seedance-1-0-lite? rivya has seedance-1-0-lite and seedance-1-5-pro"
        ),
    ),
    (
        'model = "seedance-1.0-pro-fast"',
        (
            'model: "seedance-1.0-pro-fast" is a model of segmind, '
            'not of rivya; write provider = "segmind" as well, '
            "or choose: rivya has seedance-1-0-lite and seedance-1-5-pro"
        ),
    ),
    (
        'provider = "segmind"',
        (
            'provider: segmind has no model "seedance-1-0-lite", '
            "which the configuration asks for; "
            "write model as well: segmind has seedance-1.0-pro-fast"
        ),
    ),
    ('provider = "rivia"', 'provider: "rivia" is not a provider; did you mean rivya?'),
    # the images
    (
        'end_image = "../x.png"',
        (
            'end_image: "../x.png" is not a plain file name; '
            "put the image beside the sidecar and write its name alone"
        ),
    ),
    (
        'end_image = "shot02.toml"',
        ('end_image: "shot02.toml" is not the name of an image; write it with its ending'),
    ),
    (
        'end_image = "b.png"',
        ('end_image: there is no "b.png" beside the sidecar; put it into the same folder'),
    ),
    (
        "text_only = true",
        ("text_only: there is an image beside the sidecar; take the image away, or this key"),
    ),
]


@pytest.mark.parametrize(("line", "message"), MISTAKES, ids=[line for line, _ in MISTAKES])
def test_a_mistake_is_explained(line: str, message: str) -> None:
    """A complaint names file, line and key, shows the value, and says what to write."""
    assert said(f'prompt = "p"\n{line}') == [f"shot01.toml:2: {message}"]


BROKEN = [
    ("prompt = a cat", 'invalid value; put text in quotes: name = "text"'),
    ("prompt = “a cat”", 'invalid value; use straight quotes ("), not curly ones'),
    ('prompt = "a cat', "unterminated string; a closing quote is missing"),
    (
        'prompt = "a "fat" cat"',
        (
            "expected newline or end of document after a statement; "
            'write a quote inside text as \\"'
        ),
    ),
    (
        'prompt: "a cat"',
        ("expected '=' after a key in a key/value pair; write key = value, with = instead of :"),
    ),
    (
        'prompt = "C:\\cats"',
        ("unescaped '\\' in a string; write \\\\ for one backslash, or use single quotes"),
    ),
    ("camera_fixed = True", "invalid value; write true, in lower case"),
    (
        "duration = 5s",
        (
            "expected newline or end of document after a statement; "
            "write the number alone, without a unit"
        ),
    ),
    ("duration =", "invalid value; a value is missing after ="),
    (
        "duration = 5\nduration = 6",
        ("cannot overwrite a value; this key is there twice; keep one of them"),
    ),
]


@pytest.mark.parametrize(("text", "message"), BROKEN, ids=[text for text, _ in BROKEN])
def test_broken_toml_is_explained(text: str, message: str) -> None:
    """A syntax error names the line and says what to write instead."""
    line = text.count("\n") + 1

    assert said(text) == [f"shot01.toml:{line}: is not valid TOML here: {message}"]


def test_nobody_named_a_model_or_provider() -> None:
    """Without any layer that names them, both are asked for with an example."""
    text = 'prompt = "p"'
    with pytest.raises(SidecarError) as caught:
        wish([own(text)], catalogue=ROWS, key="k")
    assert str(caught.value).split("\n") == [
        'shot01.toml: provider: is missing; write provider = "rivya"',
        'shot01.toml: model: is missing; write model = "..."',
    ]


@pytest.mark.parametrize("key", ["provider", "model"])
def test_an_empty_model_or_provider_is_said(key: str) -> None:
    """No sidecar fails without a word."""
    [complaint] = said(f'prompt = "p"\n{key} = ""')
    assert complaint.startswith(f"shot01.toml:2: {key}: is empty")


def test_a_model_nobody_knows_gets_the_list() -> None:
    """Where nothing is near, everything is shown."""
    assert said('prompt = "p"\nmodel = "veo"') == [
        (
            'shot01.toml:2: model: "veo" is not a model of rivya; '
            "rivya has seedance-1-0-lite and seedance-1-5-pro"
        )
    ]


def test_a_number_out_of_a_models_range_is_told_the_range() -> None:
    """Both bounds are in the message."""
    text = f'prompt = "p"\nprovider = "segmind"\nmodel = "{FAST.id}"\nduration = 13'

    assert said(text) == [
        (
            "shot01.toml:4: duration: 13 is too large; 2 to 12 is possible "
            "with seedance-1.0-pro-fast at segmind"
        )
    ]


def test_all_complaints_come_at_once() -> None:
    """Every mistake of every layer is reported together, the sidecar's first, by line."""
    assert said("durration = 5\nresolution = 720", folder("takes = 0")) == [
        'shot01.toml: prompt: is missing; write prompt = "what should happen"',
        "shot01.toml:1: durration: there is no such key; did you mean duration?",
        (
            "shot01.toml:2: resolution: 720 is a whole number, but text in quotes is needed; "
            'write resolution = "720p"'
        ),
        "scenes/_defaults.toml:1: takes: 0 is too small; 1 to 50 is possible",
    ]


def test_a_prompt_that_is_too_long_is_told_both_numbers() -> None:
    """The length is counted after stripping, in characters."""
    assert wished(f'prompt = "  {"ü" * 100}  "').prompt == "ü" * 100
    assert said(f'prompt = "{"ü" * 101}"') == [
        "shot01.toml:1: prompt: has 101 characters, seedance-1-0-lite at rivya takes at most 100"
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('prompt = " "', "prompt: is empty; say what should happen in the video"),
        ('prompt = "a\\u0007b"', "prompt: contains the control character U+0007"),
        ('prompt = "a\\u0000b"', "prompt: the text contains the character U+0000"),
    ],
)
def test_a_prompt_must_say_something_readable(text: str, message: str) -> None:
    """Empty and unprintable prompts cost nothing."""
    assert said(text) == [f"shot01.toml:1: {message}"]


def test_a_prompt_may_have_several_lines() -> None:
    """Line ends are kept, whatever machine wrote them."""
    assert wished('prompt = """\r\na cat\r\nwalks\r\n"""').prompt == "a cat\nwalks"


def test_defaults_serve_many_models() -> None:
    """A default for a setting that the model lacks is not applied; a sidecar's is a mistake."""
    text = f'prompt = "p"\nmodel = "{LATER.id}"'

    assert "camera_fixed" not in wished(text, folder("camera_fixed = true")).params
    assert "has no such setting" in said(text + "\ncamera_fixed = true")[0]


def test_a_default_that_the_model_cannot_do_is_a_mistake() -> None:
    """Another value than the written one is never sent silently."""
    assert said(f'prompt = "p"\nmodel = "{LATER.id}"', folder("duration = 5")) == [
        (
            "scenes/_defaults.toml:1: duration: 5 is not possible with seedance-1-5-pro at rivya; "
            "possible: 4, 8 or 12"
        )
    ]


def test_takes_count_on_from_a_given_seed() -> None:
    """Take n has the seed n-1 further, going round inside the model's range."""
    text = f'prompt = "p"\nprovider = "segmind"\nmodel = "{FAST.id}"\nseed = 2'
    specs = [wished(text, take=take, takes=4) for take in (1, 2, 3, 4)]

    assert [spec.params["seed"] for spec in specs] == [2, 3, 1, 2]
    assert specs[0].origins["seed"] == "sidecar"
    assert specs[1].origins["seed"] == "sidecar, plus 1 for take 2"


def test_a_seed_is_chosen_once_and_for_all() -> None:
    """Without a seed, or with -1, the same drop and take always get the same one."""
    first = wished('prompt = "p"').params["seed"]

    assert first == wished('prompt = "p"\nseed = -1').params["seed"]
    assert first != wished('prompt = "p"', take=2).params["seed"]
    assert first != wished('prompt = "p"', key="other").params["seed"]


@given(key=st.text(max_size=8), take=st.integers(1, 50), row=st.sampled_from([LITE, FAST]))
def test_a_chosen_seed_is_one_the_model_takes(key: str, take: int, row: Model) -> None:
    """A chosen seed lies in the row's range and never means "choose"."""
    text = f'prompt = "p"\nprovider = "{row.provider}"\nmodel = "{row.id}"'
    seed = wished(text, key=key, take=take).params["seed"]

    assert max(0, row.params["seed"].low) <= seed <= row.params["seed"].high


def test_text_only_needs_a_model_that_can() -> None:
    """A video from the prompt alone is for models that need no image."""
    assert wished('prompt = "p"\ntext_only = true', images=0).text_only
    assert said(f'prompt = "p"\nmodel = "{LATER.id}"\ntext_only = true', images=0) == [
        (
            "shot01.toml:3: text_only: seedance-1-5-pro at rivya needs an image; "
            "put one beside the sidecar"
        )
    ]
    assert said('prompt = "p"', images=0) == [
        (
            "shot01.toml: there is no image; put the image beside the sidecar "
            "under the same name, or write text_only = true"
        )
    ]


def test_a_folder_of_texts_may_still_hold_a_picture() -> None:
    """In defaults, text_only speaks of the drops that have no image."""
    assert wished('prompt = "p"', folder("text_only = true"), images=0).text_only
    assert not wished('prompt = "p"', folder("text_only = true"), images=1).text_only


def test_an_end_image_needs_a_model_with_two() -> None:
    """An end image is checked against the model and against what was dropped."""
    line = 'prompt = "p"\nend_image = "b.png"'

    assert wished(line, has_end=True)
    assert said(f'{line}\nmodel = "{LATER.id}"', has_end=True) == [
        "shot01.toml:2: end_image: seedance-1-5-pro at rivya takes one image only"
    ]
    assert said(f"{line}\ntext_only = true", images=0) == [
        "shot01.toml:2: end_image: cannot be used with text_only = true"
    ]
    assert said('prompt = "p"', folder('end_image = "b.png"')) == [
        (
            "scenes/_defaults.toml:1: end_image: belongs to one shot; "
            "write it into that shot's sidecar"
        )
    ]


def test_meta_of_all_layers_is_merged() -> None:
    """The user's own table is copied, the strongest layer winning; dates become text."""
    spec = wished(
        'prompt = "p"\n[meta]\nshot = 1\nday = 2024-05-01', folder("meta = {film = 'x', shot = 0}")
    )

    assert spec.meta == {"film": "x", "shot": 1, "day": "2024-05-01"}


def test_defaults_are_reviewed_before_any_drop() -> None:
    """Wrong defaults are found at start; a missing prompt is not wrong in them."""
    wrong = Layer("configuration", "c.toml", {"duration": 7}, prefix=("watch", 0, "defaults"))

    assert review([WATCH], catalogue=ROWS) == ()
    assert [str(each) for each in review([wrong, WATCH], catalogue=ROWS)] == [
        (
            "c.toml: watch[1].defaults.duration: 7 is not possible with "
            "seedance-1-0-lite at rivya; possible: 5 or 10"
        )
    ]


def test_glance_forgives() -> None:
    """Pairing gets usable values whatever is written."""
    look = glance('end_image = "b.png"\ntakes = 3\npriority = -2\ntext_only = true')
    poor = glance('end_image = "../b.png"\ntakes = "3"\npriority = 1e9\ntext_only = "true"')

    assert (look.end_image, look.takes, look.priority, look.text_only) == ("b.png", 3, -2, True)
    assert (poor.end_image, poor.takes, poor.priority, poor.text_only) == (None, 1, 0, False)
    assert not poor.broken
    assert glance("takes = ").broken
    assert glance("", defaults=[{"takes": 4}, {"takes": 5, "priority": 1}]).takes == 4


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_editors_encoding_is_read(encoding: str) -> None:
    """UTF-8 with or without a mark, and UTF-16 with its mark, are text."""
    assert decode('prompt = "ü"'.encode(encoding), file="f") == 'prompt = "ü"'


def test_other_encodings_are_refused_with_the_line() -> None:
    """Bytes that are no text name the line they stand in."""
    with pytest.raises(SidecarError, match=r"^f:2: is not UTF-8 text; save the file as UTF-8$"):
        decode('a = 1\nprompt = "ü"'.encode("latin-1"), file="f")


def test_text_is_bounded() -> None:
    """Neither length, depth nor digits can hurt."""
    for text in ("#" * 2_000_000, "a=" + "[" * 9999, "a." * 5000 + "a=1", "a=" + "9" * 5000,
                 "a=0x" + "f" * 9999, "\ud800=1"):  # fmt: skip
        with pytest.raises(SidecarError):
            parse(text, file="f")


# Any TOML: mostly known keys, so that the deeper checks are reached.
_KEYS = st.sampled_from([*LITE.params, "prompt", "model", "provider", "takes", "meta", "end_image",
                         "text_only", "again", "keep_metadata", "receipt", "x"])  # fmt: skip
_PLAIN = (
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.integers(-(2**70), 2**70)
    | st.booleans()
    | st.floats()
    | st.dates()
    | st.sampled_from(["rivya", "segmind", LITE.id, "b.png", "720p", 5, 10, -1])
)
_VALUES = st.recursive(
    _PLAIN,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5), below),
    max_leaves=6,
)


@given(text=st.text() | st.dictionaries(_KEYS, _VALUES).map(tomli_w.dumps))
@example(text="prompt = '''")
@example(text="[a]\n[[a]]")
def test_any_text_is_a_wish_or_complaints(text: str) -> None:
    """Nothing but SidecarError comes of any text, and every complaint has words."""
    glance(text)
    try:
        spec = wished(text)
    except SidecarError as error:
        complaints = error.complaints
    else:
        json.dumps(dict(spec.params) | dict(spec.meta), allow_nan=False).encode()
        return
    assert complaints
    assert all(each.problem for each in complaints)


_SPECS = st.fixed_dictionaries(
    {"prompt": st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=90)},
    optional={
        "duration": st.sampled_from([5, 10]),
        "resolution": st.sampled_from(["480p", "1080p"]),
        "camera_fixed": st.booleans(),
        "seed": st.integers(-1, 2**31 - 1),
        "again": st.booleans(),
        "keep_metadata": st.booleans(),
        "meta": st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=9),
            st.text(st.characters(exclude_categories=["Cs", "Cc"]))
            | st.integers(0, 9)
            | st.dates(),
            max_size=3,
        ),
    },
).filter(lambda keys: keys["prompt"].strip())


@given(keys=_SPECS, take=st.integers(1, 4))
def test_a_receipt_repeats_its_job(keys: dict[str, object], take: int) -> None:
    """What a receipt says, dropped as a sidecar, is the same wish."""
    spec = wished(tomli_w.dumps(keys), take=take, takes=4)
    receipt = tomli_w.dumps({**receipt_keys(spec), "receipt": {"job": "x", "seed": 1}})
    again = wish([own(receipt)], catalogue=ROWS, key="another")

    assert again == replace(spec, take=1, takes=1, origins=again.origins)
    assert set(again.origins.values()) == {"sidecar"}


def test_a_receipt_names_its_end_image() -> None:
    """A job with two images is repeated with two."""
    spec = wished('prompt = "p"\nend_image = "b.png"', has_end=True)

    assert receipt_keys(spec, end_image="b.png")["end_image"] == "b.png"
    assert "end_image" not in receipt_keys(spec)


@pytest.mark.parametrize("row", CATALOGUE.values(), ids=lambda row: f"{row.provider} {row.id}")
def test_every_model_of_the_catalogue_can_be_wished(row: Model) -> None:
    """A prompt is enough for every row, its defaults fit its ranges, its receipt repeats it."""
    text = f'prompt = "p"\nprovider = "{row.provider}"\nmodel = "{row.id}"'
    spec = wish([own(text)], catalogue=CATALOGUE, key="k")
    repeated = wish([own(tomli_w.dumps(receipt_keys(spec)))], catalogue=CATALOGUE, key="other")

    assert set(spec.params) == set(row.params)
    assert repeated == replace(spec, origins=repeated.origins)
    assert spec.cost.amount > 0
    for alias in row.aliases:
        named = own(text.replace(row.id, alias))
        assert wish([named], catalogue=CATALOGUE, key="k").model == row.id


@pytest.mark.parametrize("key", ["again", "keep_metadata"])
def test_switches_are_taken_from_the_sidecar(key: str) -> None:
    """Off unless they are switched on."""
    assert getattr(wished('prompt = "p"'), key) is False
    assert getattr(wished(f'prompt = "p"\n{key} = true'), key) is True
    assert receipt_keys(wished(f'prompt = "p"\n{key} = true'))[key] is True


def test_a_wish_knows_its_take() -> None:
    """Of how many."""
    spec = wished('prompt = "p"', take=2, takes=3)
    assert (spec.take, spec.takes) == (2, 3)
    alone = wish([own('prompt = "p"'), WATCH], catalogue=ROWS, key="k")
    assert (alone.take, alone.takes) == (1, 1)


def test_dates_in_meta_become_text_at_any_depth() -> None:
    """JSON and receipts have one way to write them."""
    spec = wished('prompt = "p"\n[meta]\na = [2026-11-21, {b = 07:30:00}]\n[meta.c]\nd = 5')
    assert spec.meta == {"a": ["2026-11-21", {"b": "07:30:00"}], "c": {"d": 5}}


def test_a_broken_sidecar_asks_for_nothing_special() -> None:
    """One job that will fail with the reason."""
    assert glance("= 1") == Glance(
        end_image=None, takes=1, text_only=False, priority=0, broken=True
    )
    assert glance("").broken is False


@pytest.mark.parametrize(
    ("text", "takes", "priority"),
    [
        ("takes = 1\npriority = 1000", 1, 1000),
        ("takes = 50\npriority = -1000", 50, -1000),
        ("takes = 51\npriority = 1001", 1, 0),
        ("takes = 0\npriority = -1001", 1, 0),
        ("takes = 2.0\npriority = true", 1, 0),
        ("", 1, 0),
    ],
)
def test_a_glance_keeps_to_the_bounds(text: str, takes: int, priority: int) -> None:
    """Beyond them the wish complains; nothing is made meanwhile."""
    found = glance(text)
    assert (found.takes, found.priority) == (takes, priority)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("b.png", True),
        ("a b.png", True),
        ("x" * 251 + ".png", True),
        ("x" * 252 + ".png", False),
        (".b.png", False),
        (" ", False),
        ("a/b.png", False),
        ("a\\b.png", False),
        ("a\tb.png", False),
    ],
)
def test_an_end_image_is_a_plain_name(name: str, *, plain: bool) -> None:
    """Nothing that leads elsewhere, is hidden, or no file can be called."""
    assert (glance(tomli_w.dumps({"end_image": name})).end_image == name) is plain


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("image-url", "addresses are not taken from a sidecar"),
        ("WEBHOOK", "addresses are not taken from a sidecar"),
        ("my_api_key", "keys belong to the daemon's configuration"),
        ("on-done", "no program is ever run"),
        ("mood", ""),
    ],
)
def test_what_will_never_be_a_key_is_told_why(key: str, why: str) -> None:
    """However it is written."""
    assert never(key).startswith(why)
    assert bool(never(key)) is bool(why)


def test_the_vocabulary_explains_every_key() -> None:
    """Documentation and editors are written from it."""
    keys = vocabulary(ROWS)
    assert keys["duration"].about == "Length of the video in seconds."
    assert keys["duration"].param
    assert keys["duration"].choices == (5, 10, 4, 8, 12)
    assert keys["duration"].naturals == (int,)
    assert not keys["prompt"].param
    odd = replace(LITE, params={"mood": Param("mood", Wire.STRING, str)})
    assert vocabulary({("rivya", "odd"): odd})["mood"].about == "See the model."


def test_a_seed_from_the_whole_range_is_chosen_where_a_row_has_no_bound() -> None:
    """Every provider takes 31 bits."""
    row = replace(LITE, params={"seed": Param("seed", Wire.NUMBER, int, default=-1)})
    rows = {(row.provider, row.id): row}
    for seed in (0, 2**31 - 1):
        layers = [own(f'prompt = "p"\nseed = {seed}'), WATCH]
        assert wish(layers, catalogue=rows, key="k").params["seed"] == seed
