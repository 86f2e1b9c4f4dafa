"""What strangers with access to an inbox may put there, and what they must never reach."""

import os
import socket
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pictures
import studios
from PIL import Image

from seedance_watch.sandbox.server import Sandbox

SECRET = "the-secret-of-the-house"
WISH = 'prompt = "waves"\n'


@dataclass(frozen=True)
class Outside:
    """A folder outside of everything that is configured.

    Attributes:
        folder: Where it is.
        before: What was in it.
    """

    folder: Path
    before: dict[str, tuple[bytes, int]]

    def unchanged(self) -> bool:
        """Whether every file is as it was, and none was added."""
        return contents(self.folder) == self.before


def outside(folder: Path) -> Outside:
    """Make a folder with a picture, wishes and defaults that hold a secret."""
    folder.mkdir()
    exif = Image.Exif()
    exif[0x010E] = SECRET
    pictures.scene().save(folder / "secret.png", exif=exif)
    pictures.scene().save(folder / "pair.png", exif=exif)
    (folder / "pair.toml").write_text(f'prompt = "{SECRET}"\n')
    (folder / "_defaults.toml").write_text(f'prompt = "{SECRET}"\n')
    return Outside(folder, contents(folder))


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Give every file below a folder: its bytes and rights."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), stat.S_IMODE(path.stat().st_mode))
        for path in found
    }


def plant(studio: studios.Studio, there: Path) -> set[str]:
    """Put links, pipes, sockets, devices and folders where files should be; give their names."""
    inbox = studio.inbox
    before = set(inbox.iterdir())
    secret = there / "secret.png"
    links = {
        "link.png": secret, "passwd.png": Path("/etc/passwd"), "gone.png": there / "nothing",
        "self.png": Path("self.png"), "zero.png": Path("/dev/zero"), "up.png": Path("../../.."),
        "wish.toml": there / "pair.toml", "tour": there, "loop": Path(),
        "pair.png": there / "pair.png", "pair.toml": there / "pair.toml",
        "end.png": secret, "a.png": Path("b.png"), "b.png": Path("a.png"),
    }  # fmt: skip
    for name, target in links.items():
        (inbox / name).symlink_to(target)
    for stem in ("link", "passwd", "gone", "self", "zero", "up", "pipe", "socket", "folder", "a"):
        (inbox / f"{stem}.toml").write_text(WISH)
    for name in ("wish", "sidepipe"):
        pictures.scene().save(inbox / f"{name}.png")
    os.mkfifo(inbox / "pipe.png")
    os.mkfifo(inbox / "sidepipe.toml")
    (inbox / "folder.png").mkdir()
    (inbox / "folder.png" / "inner.png").write_bytes(secret.read_bytes())
    with socket.socket(socket.AF_UNIX) as listening:  # a socket's address must be short
        folder = os.open(inbox, os.O_PATH | os.O_DIRECTORY)
        listening.bind(f"/proc/self/fd/{folder}/socket.png")
        os.close(folder)
    if os.geteuid() == 0:
        os.mknod(inbox / "device.png", stat.S_IFCHR | 0o600, os.makedev(1, 5))
        (inbox / "device.toml").write_text(WISH)
    below = inbox / "below"
    below.mkdir()
    (below / "_defaults.toml").symlink_to(there / "_defaults.toml")
    pictures.scene().save(below / "promptless.png")
    return {path.name for path in set(inbox.iterdir()) - before}


def sent(sandbox: Sandbox) -> Iterator[bytes]:
    """Give everything that the provider was given."""
    state = sandbox._state
    yield from (upload.content for upload in state.uploads.values())
    yield from (repr(task).encode() for task in state.tasks.values())
    yield from (repr(call).encode() for call in state.calls)
