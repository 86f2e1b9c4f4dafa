"""API keys are read when they are needed, from three places, and shown nowhere."""

from collections.abc import Callable
from pathlib import Path

import pytest

from seedance_watch.config.effective import effective
from seedance_watch.config.keys import key_files, key_place, key_reader, key_warning, s3_sources
from seedance_watch.config.resolved import Config
from seedance_watch.config.schema import RivyaKeys, S3Keys
from seedance_watch.core.errors import ConfigError

SECRET = "rvya_sk_topsecret"


def settings(file: Path | None = None) -> RivyaKeys:
    return RivyaKeys(api_key_file=str(file) if file else None)


def test_the_file_wins_then_the_credential_then_the_variable(tmp_path: Path) -> None:
    """The first place that holds a key decides; whitespace around it does not count."""
    file = tmp_path / "file.key"
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path), "RIVYA_API_KEY": " from-variable \n"}
    read = key_reader(settings(file), environ=environ)

    assert read() == "from-variable"
    (tmp_path / "RIVYA_API_KEY").write_text("from-credential\n")
    assert read() == "from-credential"
    file.write_text("\ufefffrom-file\r\n")
    assert read() == "from-file"
    assert key_place(settings(file), environ=environ) == f"the key file {file}"


def test_a_variable_needs_no_file(tmp_path: Path) -> None:
    """Who reads it knows beforehand whether there is a disk to wait for."""
    file, environ = tmp_path / "file.key", {"CREDENTIALS_DIRECTORY": str(tmp_path)}

    assert key_files(settings(), environ={"RIVYA_API_KEY": "k"}) == []
    assert key_files(settings(file), environ=environ) == [file, tmp_path / "RIVYA_API_KEY"]


def test_a_missing_key_names_every_place(tmp_path: Path) -> None:
    """The message says where was looked, why there was nothing, and what to do."""
    (tmp_path / "RIVYA_API_KEY").touch()
    file = tmp_path / "none"

    with pytest.raises(ConfigError) as caught:
        key_reader(settings(file), environ={"CREDENTIALS_DIRECTORY": str(tmp_path)})()
    assert str(caught.value) == (
        f"keys: providers.rivya.api_key_env: no key: the key file {file} does not exist, "
        f"the service manager's credential {tmp_path}/RIVYA_API_KEY is empty, "
        "the environment variable RIVYA_API_KEY is not set; put the key into one of them "
        "(under a service manager, a credential RIVYA_API_KEY)"
    )


def test_an_unreadable_key_file_says_why(tmp_path: Path) -> None:
    """A folder in its place, or bytes that are no text, are named as such."""
    (tmp_path / "bytes").write_bytes(b"\xff\xff")

    with pytest.raises(ConfigError, match=r"cannot be read \(is a directory\)"):
        key_reader(settings(tmp_path), environ={})()
    with pytest.raises(ConfigError, match="is not text"):
        key_reader(settings(tmp_path / "bytes"), environ={})()
    assert key_warning(settings(tmp_path / "none"), environ={}) == ""


def test_a_key_file_is_mentioned_when_there_is_none() -> None:
    """Somebody without a service manager learns of both other ways."""
    with pytest.raises(ConfigError, match=r"is not set, providers\.rivya\.api_key_file is not"):
        key_reader(settings(), environ={})()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"KEY={SECRET} x", "holds more than one word; it must hold the key alone"),
        (f"{SECRET}\n{SECRET}", "holds more than one word; it must hold the key alone"),
        (f"{SECRET}é", "holds characters that no key has"),
        (f"{SECRET}\x07", "holds characters that no key has"),
    ],
)
def test_an_unusable_key_is_refused_without_being_shown(text: str, problem: str) -> None:
    """What could not stand in a header never gets there, nor into a message."""
    with pytest.raises(ConfigError) as caught:
        key_reader(settings(), environ={"RIVYA_API_KEY": text})()
    assert str(caught.value).endswith(problem)
    assert SECRET not in str(caught.value)


def test_an_open_key_file_is_worth_a_warning(tmp_path: Path) -> None:
    """A key that every user of the machine can read is used, with a word about it."""
    file = tmp_path / "key"
    file.write_text(SECRET)
    file.chmod(0o600)
    assert key_warning(settings(file), environ={}) == ""

    file.chmod(0o644)
    assert key_warning(settings(file), environ={}) == (
        f'the key file "{file}" can be read by every user of this machine; run: chmod 600 {file}'
    )


def test_a_bucket_has_two_keys() -> None:
    """Access key and secret key are read like any other key."""
    environ = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s"}
    sources = s3_sources(S3Keys(bucket="bucket"))

    assert [key_reader(each, environ=environ)() for each in sources] == ["a", "s"]


def test_the_effective_configuration_stars_secrets(read: Callable[..., Config]) -> None:
    """Every key is shown with its value and origin; of keys only where they were found."""
    config = read(
        '[[watch]]\ninbox = "inbox"\n[watch.defaults]\nduration = 5\n'
        '[inbox]\nquiet_s = 1\n[image_host.s3]\nbucket = "bucket"'
    )
    rows = {key: (value, origin) for key, value, origin in effective(
        config, environ={"RIVYA_API_KEY": SECRET})}  # fmt: skip

    assert rows["watch[1].inbox"] == ('"/srv/studio/inbox"', "seedance-watch.toml:2")
    assert rows["watch[1].outbox"] == ('"/srv/studio/outbox"', "default")
    assert rows["watch[1].defaults.duration"] == ("5", "seedance-watch.toml:4")
    assert rows["watch[1].quiet_s"] == ("1.0", "seedance-watch.toml:6")
    assert rows["watch[1].model"] == ('"seedance-1-0-lite"', "default")
    assert rows["providers.segmind.poll_first_s"] == ("not set", "default")
    assert rows["providers.rivya.api_key"] == (
        "********",
        "the environment variable RIVYA_API_KEY",
    )
    assert rows["providers.segmind.api_key"][0] == "missing"
    assert rows["image_host.s3.secret_key"][0] == "missing"
    assert SECRET not in str(rows)
