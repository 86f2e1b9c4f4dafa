"""The keys of figures, commands, channels and webhooks."""

from collections.abc import Callable
from pathlib import Path

import pytest
from config.conftest import Read

from seedance_watch.config.effective import effective
from seedance_watch.config.keys import key_reader, told_sources

WATCH = '[[watch]]\ninbox = "in"\nname = "studio"\n'
Said = Callable[[str], list[str]]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("9469", "127.0.0.1:9469"),
        (":9469", "127.0.0.1:9469"),
        ("localhost:1", "127.0.0.1:1"),
        ("[::1]:9469", "[::1]:9469"),
    ],
)
def test_figures_are_for_this_machine(read: Read, written: str, meant: str) -> None:
    """A port alone is loopback's."""
    config = read(f'{WATCH}[metrics]\nlisten = "{written}"\n')

    assert config.metrics.listen == meant


@pytest.mark.parametrize("address", ["0.0.0.0:9469", "[::]:9469", "192.168.1.5:9469"])
def test_others_may_ask_only_where_that_is_said(read: Read, said: Said, address: str) -> None:
    """An address that other machines reach needs a second word."""
    text = f'{WATCH}[metrics]\nlisten = "{address}"\n'

    [complaint] = said(text)
    assert "metrics.listen" in complaint
    assert "can be reached by other machines" in complaint
    assert "exposed = true" in complaint
    assert read(f"{text}exposed = true\n").metrics.listen == address


@pytest.mark.parametrize(
    "listen", ["nas:9469", "9469x", "127.0.0.1", "127.0.0.1:0", "1.2.3.4:99999"]
)
def test_what_is_no_address_is_refused(said: Said, listen: str) -> None:
    """Names would be looked up, and could change what they mean."""
    assert any("metrics.listen" in line for line in said(f'{WATCH}[metrics]\nlisten = "{listen}"'))


def test_programs_lie_beside_the_configuration(read: Read) -> None:
    """A path is relative to the file; a bare name is looked for by the system."""
    hooks = '[watch.hooks]\non_done = ["bin/x", "a b"]\non_failed = ["true"]\n'
    [watch] = read(WATCH + hooks).watches

    assert watch.hooks.on_done == ["/srv/studio/bin/x", "a b"]
    assert watch.hooks.on_failed == ["true"]
    assert watch.hooks.on_held == []


@pytest.mark.parametrize("words", ['[""]', '["a\\u0000b"]', '"x -y"', "[1]", '["A=b", "x"]'])
def test_what_is_no_command_is_refused(said: Said, words: str) -> None:
    """A text that a shell would have to take apart is none."""
    assert any(
        "hooks.on_done" in line for line in said(f"{WATCH}[watch.hooks]\non_done = {words}")
    )


@pytest.mark.parametrize(
    ("lines", "key"),
    [
        ('[[notify]]\nevents = ["broken"]', "notify[1].events"),
        ('[[notify]]\nwatches = ["stduio"]', "notify[1].watches"),
        ('[[notify]]\nurl = "json://x"', "notify[1].url"),
        ('[[webhook]]\nurl = "ftp://x"', "webhook[1].url"),
        ('[[webhook]]\nurl = "https://me:pw@x"', "webhook[1].url"),
        ("[[webhook]]\n", "webhook[1]"),
        ('[[notify]]\nurl_file = "/a"\n[[notify]]\nurl_file = "/b"', "notify[2].url_env"),
    ],
)
def test_mistakes_in_channels_are_told(said: Said, lines: str, key: str) -> None:
    """A URL with a password in it does not stand in the file."""
    assert any(key in line for line in said(f"{WATCH}{lines}\n")), said(f"{WATCH}{lines}\n")


def test_urls_and_secrets_are_starred(read: Read, tmp_path: Path) -> None:
    """They come from a file, a credential or a variable, and `check` shows only where from."""
    (tmp_path / "url").write_text("json://secret-token@host/\n")
    text = (
        f'{WATCH}[[notify]]\nurl_file = "{tmp_path}/url"\n[[webhook]]\nurl = "http://nas/hook"\n'
    )
    environ = {"SEEDANCE_WATCH_WEBHOOK_SECRET": "whsec_c2VjcmV0"}
    config = read(text, environ=environ)
    [channel], [webhook] = told_sources(config.notify, config.webhook)

    assert key_reader(channel, environ=environ)() == "json://secret-token@host/"
    assert key_reader(webhook, environ=environ)() == "whsec_c2VjcmV0"
    shown = {key: (value, origin) for key, value, origin in effective(config, environ=environ)}
    assert shown["notify[1].url"] == ("********", f"the key file {tmp_path}/url")
    assert shown["webhook[1].secret"][0] == "********"
    assert "secret-token" not in str(shown)
    assert "c2VjcmV0" not in str(shown)


def test_two_addresses_may_share_a_secret(read: Read) -> None:
    """One place for one thing is no contradiction."""
    entry = '[[webhook]]\nurl = "http://nas/x"\nsecret_file = "/a"\n'

    assert len(read(WATCH + entry + entry).webhook) == 2
