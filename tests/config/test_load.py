"""One file becomes a configuration that can be used, or every problem of it at once."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import platformdirs
import pytest
import tomli_w
from hypothesis import example, given
from hypothesis import strategies as st

from seedance_watch.config.load import find_config, load
from seedance_watch.config.resolved import Config
from seedance_watch.config.schema import ConfigKeys, ProvidersKeys, RivyaKeys, WatchKeys
from seedance_watch.core.errors import ConfigError
from seedance_watch.core.model import Money
from seedance_watch.core.models import Catalogue
from seedance_watch.core.sidecar import own_layer, parse, wish

Read = Callable[..., Config]
Said = Callable[[str], list[str]]

WATCH = '[[watch]]\ninbox = "inbox"\n'


def test_an_inbox_is_enough(read: Read) -> None:
    """Every key but the inbox has a default; folders lie beside it, relative to the file."""
    (watch,) = read(WATCH).watches

    assert watch.folders == {
        "inbox": Path("/srv/studio/inbox"),
        "outbox": Path("/srv/studio/outbox"),
        "done": Path("/srv/studio/done"),
        "failed": Path("/srv/studio/failed"),
        "held": Path("/srv/studio/held"),
    }
    assert (watch.name, watch.recursive) == ("studio", True)
    assert watch.layers[-1].values == {"provider": "rivya", "model": "seedance-1-0-lite"}


def test_the_names_that_other_tools_rely_on(read: Read) -> None:
    """The keys of the product's contract are accepted and mean what they say."""
    config = read("""
        state_dir = "/var/lib/sw"
        [[watch]]
        inbox = "in"
        outbox = "out"
        done = "d"
        failed = "f"
        held = "h"
        provider = "segmind"
        model = "seedance-v1-lite-image-to-video"
        [watch.defaults]
        duration = 10
        [providers.rivya]
        base_url = "http://127.0.0.1:8080"
        api_key_env = "KEY"
        api_key_file = "rivya.key"
        max_in_flight = 3
        poll_first_s = 1
        poll_max_s = 2
        [providers.segmind]
        base_url = "https://api.segmind.com"
        storage_url = "https://workflows-api.segmind.com"
        history_url = "https://api.spotprod.segmind.com"
        api_key_env = "SEGMIND_API_KEY"
    """)

    assert config.state_dir == Path("/var/lib/sw")
    assert config.watches[0].held == Path("/srv/studio/h")
    assert config.watches[0].layers[0].values == {"duration": 10}
    assert config.rivya.base_url == "http://127.0.0.1:8080"
    assert config.rivya.api_key_file == "/srv/studio/rivya.key"
    assert (config.rivya.max_in_flight, config.rivya.poll_first_s) == (3, 1.0)
    assert config.segmind.api == "v2"


def test_the_state_folder_is_the_services_or_the_users(read: Read) -> None:
    """Under a service manager it is the service's, else the user's own."""
    assert read(WATCH, environ={"STATE_DIRECTORY": "/var/lib/x:/y"}).state_dir == Path(
        "/var/lib/x"
    )
    assert read(WATCH).state_dir == platformdirs.user_state_path("seedance-watch")


def test_the_home_folder_is_found(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path may begin with "~"; variables are left alone."""
    monkeypatch.setenv("HOME", "/home/ann")

    assert read('[[watch]]\ninbox = "~/drop"').watches[0].inbox == Path("/home/ann/drop")
    assert read('[[watch]]\ninbox = "$HOME"').watches[0].inbox == Path("/srv/studio/$HOME")


def test_a_watch_overrides_the_inbox_table(read: Read) -> None:
    """What a watch says holds for it alone; ignored names add up."""
    config = read(
        WATCH + 'quiet_s = 1\nignore = ["b"]\n[inbox]\nquiet_s = 2\norphan_s = 9\nignore = ["a"]'
    )
    settle = config.watches[0].settle

    assert (settle.quiet_s, settle.orphan_s, settle.scan_local_s) == (1, 9, 30)
    assert settle.ignore == ["a", "b"]


def test_prices_of_your_own_come_first(read: Read, rows: Catalogue) -> None:
    """The first fitting price of the file is used; where none fits, the built-in one."""
    config = read(
        WATCH + '[[providers.rivya.prices]]\nmodel = "seedance-1-0-lite"\namount = 7.5\n'
        'when = { duration = 5, resolution = "480p" }'
    )
    own = own_layer(parse('prompt = "p"\nresolution = "480p"', file="s"))
    layers = [own, *config.watches[0].layers]

    assert wish(layers, catalogue=rows, key="k", prices=config.prices).cost == Money(
        Decimal("7.5"), "credits"
    )
    price = config.prices["rivya", "seedance-1-0-lite"]
    assert price.of({"duration": 10}).amount == 32
    assert price.of({"duration": 5, "resolution": "720p"}).amount == 16


MISTAKES = {
    # keys
    'stat_dir = "x"': "stat_dir: there is no such key; did you mean state_dir?",
    "[providers.segmid]": "providers.segmid: there is no such key; did you mean segmind?",
    "[providers.fal]": "providers.fal: there is no such key; known are rivya and segmind",
    "[log]\nlevel = 'warn'": 'log.level: "warn" is not possible; '
    'possible: "debug", "info", "warning" or "error"',
    # values
    "[inbox]\nquiet_s = '5'": 'inbox.quiet_s: "5" is text, but a number is needed; '
    "write quiet_s = 5, without quotes",
    "[inbox]\nquiet_s = 0": "inbox.quiet_s: 0 is not possible; it must be more than 0",
    "[inbox]\nquiet_s = inf": "inbox.quiet_s: inf is not possible; it must be a finite number",
    "[inbox]\nignore = '*.xmp'": 'inbox.ignore: "*.xmp" is text, but a list in [ ] is needed',
    "[inbox]\nignore = ['*.xmp', '[z-a]']": "inbox.ignore[2]: '[z-a]' is no gitignore pattern",
    "[limits]\nworkers = 2.0": "limits.workers: 2.0 is a number with a fraction, "
    "but a whole number is needed; write workers = 2",
    "[image_host.s3]\nregion = 'x'": "image_host.s3.bucket: is missing; write bucket = ...",
    # addresses
    "[providers.rivya]\nbase_url = 'http://rivya.ai'": "providers.rivya.base_url: "
    "must begin with https:// (http:// is for this machine's 127.0.0.1 only)",
    "[providers.rivya]\nbase_url = 'https://me:pw@rivya.ai'": "providers.rivya.base_url: "
    "an address must not hold a user name or password",
    "[providers.rivya]\nbase_url = 'rivya.ai'": "providers.rivya.base_url: "
    'must be an address such as "https://host" or "https://host/path"',
    # secrets
    "[providers.rivya]\napi_key = 'rvya_sk_topsecret'": "providers.rivya.api_key: "
    "a key is never written into the configuration; put it into the environment variable that "
    "api_key_env names, or into the file that api_key_file names, "
    "and make a new one if others can read this file",
    "[providers.rivya]\napi_key_env = 'rvya_sk_topsecret'": "providers.rivya.api_key_env: "
    "holds a key itself; write the name of an environment variable here and put the key into "
    "that variable (and make a new key, as this one was written down)",
    "[providers.segmind]\napi_key_file = 'SG_0123456789abcdef'": "providers.segmind.api_key_file: "
    "holds a key itself; write the path of a file here and put the key into that file "
    "(and make a new key, as this one was written down)",
    "[providers.rivya]\napi_key_env = '../key'": "providers.rivya.api_key_env: "
    "must be the name of an environment variable: letters, digits and _",
    # what contradicts itself
    "[providers.segmind]\nimage_host = 's3'": "providers.segmind.image_host: "
    "there is no [image_host.s3] with the bucket",
    "[[providers.rivya.prices]]\namount = 1\nmodel = 'seedance-1-lite'": "providers.rivya."
    'prices[1].model: "seedance-1-lite" is not the id of a model of rivya; '
    "did you mean seedance-1-0-lite?",
    "[[providers.rivya.prices]]\nmodel = 'seedance-1-0-lite'\namount = 1\nwhen = { duration = 7 }":
    "providers.rivya.prices[1].when: duration = 7 never happens with seedance-1-0-lite; "
    "possible: 5 or 10",
}  # fmt: skip


@pytest.mark.parametrize(("text", "message"), MISTAKES.items(), ids=list(MISTAKES))
def test_a_mistake_is_explained(said: Said, text: str, message: str) -> None:
    """A complaint names file, line and key, what is possible, and never a secret."""
    line = text.count("\n") + (2 if text.startswith("[image_host") else 3)
    text = f"{text}\n{WATCH}" if text.startswith("stat_dir") else f"{WATCH}{text}"
    (complaint,) = said(text)

    assert complaint == f"seedance-watch.toml:{1 if 'stat_dir' in text else line}: {message}"
    assert "topsecret" not in complaint


WATCH_MISTAKES = {
    "[[watch]]\ninbx = 'x'": [
        "1: watch[1].inbox: is missing; write inbox = ...",
        "2: watch[1].inbx: there is no such key; did you mean inbox?",
    ],
    "[watch]\ninbox = 'x'": [("1: watch: is one table, a list of tables is needed; "
                            "write [[watch]]")],
    "[[watch]]\ninbox = ' '": ["2: watch[1].inbox: is empty; write a path"],
    "[[watch]]\ninbox = 'in'\nprovider = 'rivia'": [
        '3: watch[1].provider: "rivia" is not a provider; did you mean rivya?'],
    "[[watch]]\ninbox = 'in'\nprovider = 'segmind'\nmodel = 'seedance-1-0-lite'": [
        ('4: watch[1].model: "seedance-1-0-lite" is a model of rivya, not of segmind; '
        'write provider = "rivya" as well, or choose: '
        "segmind has seedance-v1-lite-image-to-video")],
    "[[watch]]\ninbox = 'in'\n[watch.defaults]\nduration = '5'\nprmpt = 'x'\nresolution = '4k'": [
        ('4: watch[1].defaults.duration: "5" is text, but a whole number is needed; '
        "write duration = 5, without quotes"),
        "5: watch[1].defaults.prmpt: there is no such key; did you mean prompt?",
        ('6: watch[1].defaults.resolution: "4k" is not possible with seedance-1-0-lite at rivya; '
        'possible: "480p" or "720p"')],
    "[[watch]]\ninbox = 'a/x'\n[[watch]]\ninbox = 'b/x'": [
        '3: watch[2].name: "x" is also the name of watch[1]; give one of them another name'],
    # folders
    "[[watch]]\ninbox = 'in'\noutbox = 'in/out'": [
        ('3: watch[1].outbox: "/srv/studio/in/out" lies inside watch[1].inbox ("/srv/studio/in"); '
        "choose a folder that is beside it, neither in nor around it")],
    "[[watch]]\noutbox = 'o'\ninbox = 'o/in'\ndone = 'd'\nfailed = 'f'\nheld = 'h'": [
        ('3: watch[1].inbox: "/srv/studio/o/in" lies inside watch[1].outbox ("/srv/studio/o"); '
        "choose a folder that is beside it, neither in nor around it")],
    "[[watch]]\ninbox = 'in'\ndone = 'x'\nfailed = 'x'": [
        ('4: watch[1].failed: "/srv/studio/x" is also watch[1].done; '
        "choose a folder that is beside it, neither in nor around it")],
    "state_dir = 's'\n[[watch]]\ninbox = 's/in'\noutbox = 'o'\ndone = 'd'\nfailed = 'f'\n"
    "held = 'h'": [
        ('3: watch[1].inbox: "/srv/studio/s/in" lies inside state_dir ("/srv/studio/s"); '
        "choose a folder that is beside it, neither in nor around it")],
    "[[watch]]\ninbox = 'in'\nname = 'a'\n[[watch]]\ninbox = 'in/b'\noutbox = 'outbox'\n"
    "done = 'done'\nfailed = 'failed'\nheld = 'held'": [
        ('5: watch[2].inbox: "/srv/studio/in/b" lies inside watch[1].inbox ("/srv/studio/in"); '
        "choose a folder that is beside it, neither in nor around it")],
    "[[watch]]\ninbox = '.'\noutbox = '/o'\ndone = '/d'\nfailed = '/f'\nheld = '/h'": [
        ('2: watch[1].inbox: "/srv/studio" contains this configuration file; '
        "a .toml in an inbox is a sidecar; move the configuration out of it")],
}  # fmt: skip


@pytest.mark.parametrize(("text", "lines"), WATCH_MISTAKES.items(), ids=list(WATCH_MISTAKES))
def test_a_watch_that_cannot_work_is_explained(said: Said, text: str, lines: list[str]) -> None:
    """Folders that would feed each other, and wishes nobody can grant, are refused at start."""
    assert said(text) == [f"seedance-watch.toml:{line}" for line in lines]


def test_a_file_without_a_watch_is_explained(said: Said) -> None:
    """There is nothing to do without an inbox."""
    assert said("") == [
        'seedance-watch.toml: no folder is watched; write [[watch]] and below it inbox = "..."'
    ]


def test_all_problems_come_at_once(said: Said) -> None:
    """A wrong key does not hide a wrong folder or a wrong default."""
    lines = said(
        "[[watch]]\ninbox = 'in'\noutbox = 'in'\nquiet_s = true\n[watch.defaults]\nfps = 24\n"
        "[log]\nlevel = 1\n[providers.rivya]\nsecret = 'x'"
    )

    assert [line.split(":")[1] for line in lines] == ["3", "4", "6", "8", "10"]


def test_links_do_not_hide_one_folder_behind_two_names(tmp_path: Path) -> None:
    """An outbox that is the inbox by another name is refused."""
    (tmp_path / "in").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "in")
    file = tmp_path / "c.toml"
    file.write_text('[[watch]]\ninbox = "in"\noutbox = "out"\n')

    with pytest.raises(ConfigError, match=r"c\.toml:3: watch\[1\]\.outbox: .* is also watch"):
        load(file)


def test_several_watches_may_share_what_only_receives(read: Read) -> None:
    """Two inboxes may have one outbox, one done, one failed and one held."""
    config = read("[[watch]]\ninbox = 'a'\n[[watch]]\ninbox = 'b'")

    assert config.watches[0].outbox == config.watches[1].outbox
    assert [watch.name for watch in config.watches] == ["a", "b"]


def test_a_file_that_cannot_be_read_is_explained(tmp_path: Path) -> None:
    """A path that leads nowhere is a configuration error like any other."""
    with pytest.raises(
        ConfigError, match=r"none\.toml: cannot be read: no such file or directory"
    ):
        load(tmp_path / "none.toml")


def test_the_configuration_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The given file wins, then the variable, then the working directory, then the user's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    users = tmp_path / "xdg/seedance-watch/config.toml"

    with pytest.raises(ConfigError, match=r"there is none; looked for .*seedance-watch\.toml"):
        find_config(environ={})
    users.parent.mkdir(parents=True)
    users.touch()
    assert find_config(environ={}) == users
    (tmp_path / "seedance-watch.toml").touch()
    assert find_config(environ={}) == tmp_path / "seedance-watch.toml"
    named = {"SEEDANCE_WATCH_CONFIG": "/x.toml"}
    assert find_config(environ=named) == Path("/x.toml")
    assert find_config(Path("/y.toml"), environ=named) == Path("/y.toml")


_NAMES = st.sampled_from(
    [
        *ConfigKeys.model_fields,
        *WatchKeys.model_fields,
        "model",
        "amount",
        *RivyaKeys.model_fields,
        *ProvidersKeys.model_fields,
        "s3",
        "x",
    ]
)
_PLAIN = (
    st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
    | st.integers() | st.floats() | st.booleans() | st.times()
    | st.sampled_from(["rivya", "seedance-1-0-lite", "~x/y", "../..", 5])
)  # fmt: skip
_TABLES = st.recursive(
    _PLAIN,
    lambda below: st.lists(below, max_size=2) | st.dictionaries(_NAMES, below, max_size=4),
    max_leaves=12,
)
_FILES = st.dictionaries(_NAMES, _TABLES, max_size=4) | st.fixed_dictionaries(
    {"watch": st.lists(st.dictionaries(_NAMES, _TABLES, max_size=5), min_size=1, max_size=3)}
)


@given(text=st.text() | _FILES.map(tomli_w.dumps))
@example(text="watch=[0,{}]")
@example(text="watch=[]")
@example(text="[[watch]]\nignore = ['x', 1]\ninbox = 'x'")
@example(text="[[watch]]\n[[providers.rivya.prices]]\n[[providers.rivya.prices]]\namount='x'")
@example(text="[[watch]]\ninbox=1\n[watch.defaults]\ntakes=0\n[image_host.s3]\nbucket=1")
def test_any_text_is_a_configuration_or_complaints(read: Read, text: str) -> None:
    """Nothing but ConfigError comes of any text, and every complaint has words."""
    try:
        assert read(text).watches
    except ConfigError as error:
        complaints = error.complaints
    else:
        return
    assert complaints
    assert all(each.problem for each in complaints)
