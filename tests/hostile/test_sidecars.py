"""Sidecars made to break their reader: bounded in time, memory and words, always with a reason."""

import time
from collections.abc import Callable

import pytest
import tomli

from seedance_watch.core.catalogue import CATALOGUE
from seedance_watch.core.errors import SidecarError
from seedance_watch.core.sidecar import glance, own_layer, parse, wish
from seedance_watch.core.sidecar_layers import plain_name
from seedance_watch.core.toml import MAX_CHARACTERS

N = MAX_CHARACTERS - 1_000
WISH = 'prompt = "waves"\n'
# Each is as long as a sidecar may be, and made of one thing only.
MONSTERS: dict[str, Callable[[], str]] = {
    "one key of a million letters": lambda: "a" * (N - 2) + "=1",
    "dotted keys": lambda: "a." * (N // 2 - 2) + "a=1",
    "a dotted header": lambda: "[" + "a." * (N // 2 - 2) + "a]",
    "open brackets": lambda: "a=" + "[" * (N - 2),
    "brackets": lambda: "a=" + "[" * (N // 2 - 2) + "]" * (N // 2 - 2),
    "braces": lambda: "a=" + "{a=" * (N // 3 - 2),
    "keys": lambda: "\n".join(f"k{n}=1" for n in range(N // 10)),
    "tables": lambda: "\n".join(f"[k{n}]" for n in range(N // 10)),
    "lists of tables": lambda: "[[a]]\n" * (N // 6),
    "tables below tables": lambda: "\n".join(f"{'a.' * 20}b{n}=1" for n in range(N // 50)),
    "a list": lambda: "a=[" + "1," * (N // 2 - 4) + "]",
    "digits": lambda: "a=" + "9" * (N - 2),
    "hexadecimal digits": lambda: "a=0x" + "f" * (N - 4),
    "too large numbers": lambda: "\n".join(f"k{n}=9e999\nl{n}={9**30}" for n in range(N // 60)),
    "quotes": lambda: 'a="""' + '"" ' * (N // 3 - 8) + '"""',
    "an open text": lambda: 'a="""' + '"" ' * (N // 3 - 8),
    "escapes": lambda: 'a="' + "\\u0041" * (N // 6 - 2) + '"',
    "comments": lambda: "#\n" * (N // 2),
    "blanks": lambda: "a" + " " * (N - 3) + "=1",
    "too much": lambda: "#" * (MAX_CHARACTERS + 1),
}


@pytest.mark.parametrize("make", MONSTERS.values(), ids=list(MONSTERS))
def test_a_monster_is_refused_quickly_and_in_few_words(make: Callable[[], str]) -> None:
    """Seconds, not minutes; a page of complaints, not megabytes of them."""
    text, begun_s = make(), time.process_time()
    with pytest.raises(SidecarError) as caught:
        wish([own_layer(parse(text, file="a.toml"))], catalogue=CATALOGUE, key="0" * 32)
    seen = glance(text)

    assert time.process_time() - begun_s < 10
    assert 0 < len(str(caught.value)) < 30_000
    assert all(line.isprintable() for line in str(caught.value).split("\n"))
    assert (seen.takes, seen.end_image) == (1, None)


FORBIDDEN = {
    "image_url": "addresses are not taken from a sidecar; put the image beside it",
    "url": "addresses are not taken from a sidecar",
    "base_url": "addresses are not taken from a sidecar",
    "webhook": "addresses are not taken from a sidecar",
    "webhook_url": "addresses are not taken from a sidecar",
    "callback_url": "addresses are not taken from a sidecar",
    "proxy": "addresses are not taken from a sidecar",
    "api_key": "keys belong to the daemon's configuration; take it out of this file",
    "key": "keys belong to the daemon's configuration; take it out of this file",
    "token": "keys belong to the daemon's configuration; take it out of this file",
    "on_done": "no program is ever run",
    "hook": "no program is ever run",
    "command": "no program is ever run",
    "exec": "no program is ever run",
    "output": "the video goes to the outbox under the image's name",
    "output_path": "the video goes to the outbox under the image's name",
    "filename": "the video goes to the outbox under the image's name",
    "outbox": "the outbox is set in the daemon's configuration",
    "inbox": "folders are set in the daemon's configuration",
    "state_dir": "folders are set in the daemon's configuration",
}


@pytest.mark.parametrize(("key", "why"), FORBIDDEN.items(), ids=list(FORBIDDEN))
def test_what_a_sidecar_can_never_do_is_said(key: str, why: str) -> None:
    """No address, key, program or folder comes from a sidecar, not even inside the defaults."""
    text = f'{WISH}{key} = "/tmp/x"\n'
    with pytest.raises(SidecarError) as caught:
        wish([own_layer(parse(text, file="a.toml"))], catalogue=CATALOGUE, key="0" * 32)

    assert f"a.toml:2: {key}: there is no such key; {why}" in str(caught.value).split("\n")


PLACES = [
    "../secret.png", "/etc/passwd.png", "sub/x.png", "..\\x.png", "C:\\x.png", ".hidden.png",
    "x\n.png", "x\x1b.png", "~/x.png", "", " ", "a" * 300 + ".png", "\u00e4" * 126 + ".png",
]  # fmt: skip


@pytest.mark.parametrize("name", PLACES, ids=ascii)
def test_an_end_image_is_a_name_in_the_same_folder(name: str) -> None:
    """Nothing else is looked for, or waited for."""
    text = f"{WISH}end_image = {tomli_text(name)}\n"
    with pytest.raises(SidecarError, match=r"end_image: .* is not a plain file name"):
        wish([own_layer(parse(text, file="a.toml"))], catalogue=CATALOGUE, key="0" * 32)

    assert glance(text).end_image is None
    assert not plain_name(name)


def tomli_text(text: str) -> str:
    escaped = "".join(f"\\u{ord(each):04x}" for each in text)
    assert tomli.loads(f'a = "{escaped}"') == {"a": text}
    return f'"{escaped}"'


@pytest.mark.parametrize("takes", [1_000_000, 51, 0, -1, 2**62, 1.5, "'many'", "true"])
def test_absurd_numbers_of_takes_are_one_job_that_fails(takes: object) -> None:
    """A million videos are never begun, not even a second job is."""
    text = f"{WISH}takes = {takes}\n".replace("True", "true")
    with pytest.raises(SidecarError, match=r"a\.toml:2: takes: "):
        wish([own_layer(parse(text, file="a.toml"))], catalogue=CATALOGUE, key="0" * 32)

    assert glance(text).takes == 1
