"""Every reason not to start, and the sentence that says what to do instead."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from drive import drive

from seedance_watch.config import safety
from seedance_watch.config.load import load
from seedance_watch.config.safety import RULES
from seedance_watch.core.errors import ConfigError


@dataclass(frozen=True)
class Layout:
    """A studio folder that can be laid out badly."""

    folder: Path

    def write(self, *lines: str, more: str = "") -> Path:
        """Write a configuration whose watch has these lines."""
        file = self.folder / "studio.toml"
        inbox = () if lines and lines[0].startswith("inbox") else ('inbox = "inbox"',)
        watch = "\n".join((*inbox, *lines))
        file.write_text(f'state_dir = "state"\n[[watch]]\n{watch}\n{more}\n')
        file.chmod(0o644)
        return file

    def said(self) -> list[str]:
        """Give the complaints; none when it is good."""
        try:
            load(self.folder / "studio.toml")
        except ConfigError as error:
            return str(error).split("\n")
        return []


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path)


def outbox_in_inbox(layout: Layout) -> str:
    layout.write('outbox = "inbox/out"')
    return r'studio\.toml:4: watch\[1\]\.outbox: ".*" lies inside watch\[1\]\.inbox .*; choose a'


def held_around_inbox(layout: Layout) -> str:
    layout.write('inbox = "a/in"', 'held = "a"')
    return r'watch\[1\]\.held: ".*/a" contains watch\[1\]\.inbox'


def done_is_inbox(layout: Layout) -> str:
    layout.write('done = "inbox"')
    return r'watch\[1\]\.done: ".*/inbox" is also watch\[1\]\.inbox'


def state_in_inbox(layout: Layout) -> str:
    layout.write('inbox = "."', 'outbox = "/x/o"', 'done = "/x/d"', 'failed = "/x/f"',
                 'held = "/x/h"')  # fmt: skip
    return r'watch\[1\]\.inbox: ".*" contains state_dir'


def failed_in_state(layout: Layout) -> str:
    layout.write('failed = "state/failed"')
    return r'watch\[1\]\.failed: ".*" lies inside state_dir'


def two_watches_share(layout: Layout) -> str:
    layout.write(more='[[watch]]\ninbox = "inbox"\nname = "b"')
    return r'watch\[2\]\.inbox: ".*/inbox" is also watch\[1\]\.inbox'


def two_watches_nest(layout: Layout) -> str:
    layout.write(more='[[watch]]\ninbox = "inbox/b"\noutbox = "outbox"\ndone = "done"\n'
                 'failed = "failed"\nheld = "held"')  # fmt: skip
    return r'watch\[2\]\.inbox: ".*/inbox/b" lies inside watch\[1\]\.inbox'


def one_watchs_outbox_in_anothers_inbox(layout: Layout) -> str:
    layout.write(more='[[watch]]\ninbox = "b/in"\noutbox = "inbox/b"')
    return r'watch\[2\]\.outbox: ".*/inbox/b" lies inside watch\[1\]\.inbox'


def through_a_link(layout: Layout) -> str:
    (layout.folder / "inbox").mkdir()
    (layout.folder / "way").symlink_to("inbox")
    layout.write('outbox = "way/out"')
    return r'watch\[1\]\.outbox: ".*/way/out" lies inside watch\[1\]\.inbox'


def a_root(layout: Layout) -> str:
    layout.write('inbox = "/"', 'name = "x"')
    return (
        r'watch\[1\]\.inbox: "/" is a folder that others use as well; choose a folder of its own'
    )


def a_mount_point_of_all(layout: Layout) -> str:
    layout.write('outbox = "/mnt/../mnt"')
    return r'watch\[1\]\.outbox: "/mnt/../mnt" is a folder that others use as well'


def everybodys_temporary_folder(layout: Layout) -> str:
    layout.write('inbox = "/tmp"', 'outbox = "/x/o"', 'done = "/x/d"', 'failed = "/x/f"',
                 'held = "/x/h"')  # fmt: skip
    return r'watch\[1\]\.inbox: "/tmp" is a folder that others use as well'


def below_etc(layout: Layout) -> str:
    layout.write('done = "/etc/seedance/done"')
    return r'watch\[1\]\.done: ".*" is a folder of the system'


def a_whole_home(layout: Layout) -> str:
    home = layout.folder / "home"
    os.environ["HOME"] = str(home)
    layout.write('inbox = "~"', 'outbox = "o"', 'done = "d"', 'failed = "f"', 'held = "h"')
    return r'watch\[1\]\.inbox: ".*/home" is your whole home folder'


def config_in_inbox(layout: Layout) -> str:
    layout.write('inbox = "."', 'outbox = "/x/o"', 'done = "/x/d"', 'failed = "/x/f"',
                 'held = "/x/h"')  # fmt: skip
    return (
        r"watch\[1\]\.inbox: .* contains this configuration file; a \.toml in an inbox is a side"
    )


def config_in_outbox(layout: Layout) -> str:
    file = layout.write('outbox = "out"')
    (layout.folder / "out").mkdir()
    file.rename(layout.folder / "out" / "real.toml")
    file.symlink_to("out/real.toml")
    return r'watch\[1\]\.outbox: ".*/out" contains this configuration file; people write there; '


def key_in_inbox(layout: Layout) -> str:
    layout.write(more='[providers.rivya]\napi_key_file = "inbox/.key"')
    return (
        r'providers\.rivya\.api_key_file: ".*" lies inside watch\[1\]\.inbox, .* move the key out'
    )


def bucket_key_in_done(layout: Layout) -> str:
    layout.write(more='[image_host.s3]\nbucket = "bucket"\nsecret_key_file = "done/key"')
    return r'image_host\.s3\.secret_key_file: ".*" lies inside watch\[1\]\.done, where people look'


def config_for_everybody(layout: Layout) -> str:
    layout.write().chmod(0o666)
    return (
        r'studio\.toml: ".*/studio\.toml" can be changed by every user of this machine '
        r"\(its rights are -rw-rw-rw-\), and says where your key is sent; run: chmod go-w /"
    )


def key_for_everybody(layout: Layout) -> str:
    layout.write(more='[providers.segmind]\napi_key_file = "my key"')
    (layout.folder / "my key").touch()
    (layout.folder / "my key").chmod(0o602)
    return (
        r"studio\.toml:\d+: providers\.segmind\.api_key_file: .* every user of this machine .*; "
        r"run: chmod go-w '/.*/my key' \(where that changes nothing, "
    )


def state_for_everybody(layout: Layout) -> str:
    layout.write()
    (layout.folder / "state").mkdir()
    (layout.folder / "state").chmod(0o1777)
    return (
        r"studio\.toml:1: state_dir: .* can be changed by every user .*rwt\).* run: chmod go-w /"
    )


def state_for_anothers_group(layout: Layout) -> str:
    layout.write()
    (layout.folder / "state").mkdir()
    os.chown(layout.folder / "state", 4711, 4712)
    (layout.folder / "state").chmod(0o770)
    return r"state_dir: .* can be changed by the group 4712 of its owner 4711, who is neither root"


def channel_url_for_everybody(layout: Layout) -> str:
    layout.write(more='[[notify]]\n[[notify]]\nurl_env = "B"\nurl_file = "url"')
    (layout.folder / "url").touch()
    (layout.folder / "url").chmod(0o666)
    return r"studio\.toml:\d+: notify\[2\]\.url_file: .* can be changed by every user"


def webhook_secret_in_held(layout: Layout) -> str:
    layout.write(more='[[webhook]]\nurl = "http://nas/x"\nsecret_file = "held/secret"')
    return r"webhook\[1\]\.secret_file: .* lies inside watch\[1\]\.held, where people look"


def program_in_inbox(layout: Layout) -> str:
    layout.write(more='[watch.hooks]\non_done = ["inbox/run.sh"]')
    return r"watch\[1\]\.hooks\.on_done: .* lies inside watch\[1\]\.inbox, where people write; "


def script_in_outbox(layout: Layout) -> str:
    script = layout.folder / "outbox" / "run.py"
    layout.write(more=f'[watch.hooks]\non_failed = ["python3", "{script}"]')
    return r"hooks\.on_failed: .* lies inside watch\[1\]\.outbox, where people write; move the "


def program_for_everybody(layout: Layout) -> str:
    layout.write(more='[watch.hooks]\non_held = ["./run.sh"]')
    (layout.folder / "run.sh").touch()
    (layout.folder / "run.sh").chmod(0o777)
    return r"hooks\.on_held: .*run\.sh. is run and can be changed by every user .* chmod go-w /"


BAD: dict[str, tuple[Callable[[Layout], str], ...]] = {
    "folders that meet": (
        outbox_in_inbox, held_around_inbox, done_is_inbox, state_in_inbox, failed_in_state,
        two_watches_share, two_watches_nest, one_watchs_outbox_in_anothers_inbox, through_a_link,
    ),
    "a folder of the system": (
        a_root, a_mount_point_of_all, everybodys_temporary_folder, below_etc, a_whole_home,
    ),
    "a configuration where people write": (config_in_inbox, config_in_outbox),
    "a key where people look": (key_in_inbox, bucket_key_in_done, webhook_secret_in_held),
    "a configuration that others may change": (config_for_everybody,),
    "a key that others may change": (key_for_everybody, channel_url_for_everybody),
    "a command where people write": (program_in_inbox, script_in_outbox),
    "a command that others may change": (program_for_everybody,),
    "a state folder that others may change": (state_for_everybody, state_for_anothers_group),
}  # fmt: skip
CASES = [(rule, make) for rule, makes in BAD.items() for make in makes]


@pytest.mark.parametrize(("rule", "make"), CASES, ids=[f"{r}: {m.__name__}" for r, m in CASES])
def test_an_unsafe_start_is_refused(
    rule: str, make: Callable[[Layout], str], layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line says what is wrong and what to do; without its rule nothing would be said."""
    if make is state_for_anothers_group and os.geteuid() != 0:
        pytest.skip("only root can give folders away")
    monkeypatch.setenv("HOME", os.environ["HOME"])
    expected = make(layout)
    found = [line for line in layout.said() if re.search(expected, line)]
    assert len(found) == 1, layout.said()

    monkeypatch.setattr(safety, "RULES", {k: v for k, v in RULES.items() if k != rule})
    assert found[0] not in layout.said()


def test_every_rule_has_its_cases_and_its_line_in_the_docs() -> None:
    """A rule that nothing proves, or that nobody is told of, is none."""
    docs = (Path(__file__).parents[2] / "docs" / "CONFIG.md").read_text()

    assert BAD.keys() == RULES.keys()
    assert all(f"| {rule} |" in docs for rule in RULES)


def test_a_good_layout_is_taken(layout: Layout) -> None:
    """Rights of the owner's own group, shared outboxes and folders elsewhere are fine."""
    for name in ("state", "inbox"):
        (layout.folder / name).mkdir()
    (layout.folder / "state").chmod(0o770)
    (layout.folder / "inbox").chmod(0o777)
    file = layout.write(
        more='[[watch]]\ninbox = "b/in"\noutbox = "outbox"\ndone = "done/b"\n'
        '[providers.rivya]\napi_key_file = "rivya.key"'
    )
    (layout.folder / "rivya.key").touch()
    (layout.folder / "rivya.key").chmod(0o660)
    file.chmod(0o664)

    assert layout.said() == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_a_bind_mount_hides_no_folder_behind_two_names(layout: Layout) -> None:
    """The system knows that both are one."""
    for name in ("inbox", "other"):
        (layout.folder / name).mkdir()
    layout.write('outbox = "other/out"')
    assert layout.said() == []
    command = ["mount", "--bind", layout.folder / "inbox", layout.folder / "other"]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        assert re.search(r"outbox: \S+ lies inside watch\[1\]\.inbox", layout.said()[0])
    finally:
        subprocess.run(["umount", layout.folder / "other"], check=True)


def test_run_refuses_before_it_touches_anything(layout: Layout) -> None:
    """Exit code 78, the sentence, and neither a folder nor a journal was made."""
    file = layout.write()
    file.chmod(0o666)
    before = sorted(layout.folder.rglob("*"))
    found = subprocess.run(
        [sys.executable, "-m", "seedance_watch", "run", "--once", "--config", str(file)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert found.returncode == 78
    assert "run: chmod go-w" in found.stderr
    assert sorted(layout.folder.rglob("*")) == before


def test_a_state_folder_on_a_network_drive_is_refused(layout: Layout) -> None:
    """A real mount: the system says what it is, and nothing is made anywhere."""
    file = layout.write()
    file.write_text(file.read_text().replace('"state"', '"share/state"'))
    command = [sys.executable, "-m", "seedance_watch", "run", "--once", "--config", str(file)]
    with ExitStack() as stack:
        try:
            stack.enter_context(drive(layout.folder / "share", layout.folder / "served"))
        except OSError as error:
            pytest.skip(f"no drive can be mounted here: {error}")
        before = sorted(layout.folder.rglob("*"))
        found = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

        assert found.returncode == 78
        assert re.search(
            r'state_dir: "\S+/share/state" lies on fuse\S*, .*local disk', found.stderr
        )
        assert sorted(layout.folder.rglob("*")) == before


def test_a_program_on_a_drive_that_hangs_delays_no_start_for_long(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start waits a few seconds for it, and goes on."""
    over, real = threading.Event(), os.path.realpath

    def hangs(path: str | Path) -> str:
        return str(over.wait(60)) if str(path) == "/mnt/nas/program" else real(path)

    monkeypatch.setattr(safety, "LOOK_S", 0.2)
    monkeypatch.setattr(os.path, "realpath", hangs)
    try:
        layout.write('hooks.on_done = ["/mnt/nas/program"]')
        assert layout.said() == []
        assert not over.is_set()
    finally:
        over.set()
