"""Small file systems: they are filled, made read-only, taken away and brought back."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from seedance_watch.disk import mounts


def _do(*argv: object) -> None:
    done = subprocess.run([str(each) for each in argv], capture_output=True, check=False)
    if done.returncode:
        raise OSError(f"{argv}: {done.stderr.decode().strip()}")


class SmallDisk:
    """An ext4 file system in a file, mounted at a point."""

    def __init__(self, image: Path, point: Path, *, size_bytes: int = 16 << 20) -> None:
        self.image, self.point = image, point
        with image.open("wb") as file:
            file.truncate(size_bytes)
        _do("mkfs.ext4", "-q", "-b", "1024", "-O", "^has_journal", "-m", "0", image)
        self.mount()
        _do("rmdir", point / "lost+found")

    def mount(self) -> None:
        """Bring it, or bring it back."""
        self.point.mkdir(exist_ok=True)
        _do("mount", "-o", "loop", self.image, self.point)

    def unmount(self) -> None:
        """Take it away, even while somebody uses it."""
        _do("umount", "--lazy", self.point)

    def remount(self, how: str) -> None:
        """Make it "ro" or "rw"."""
        _do("mount", "-o", f"remount,{how}", self.point)

    def fill(self) -> None:
        """Leave no block and no name free."""
        with (self.point / ".ballast").open("ab", buffering=0) as file:
            for size_bytes in (1 << 20, 1 << 10):
                with suppress(OSError):
                    while True:
                        file.write(bytes(size_bytes))
            assert os.statvfs(self.point).f_bavail == 0
            os.fsync(file.fileno())

    def clear(self) -> None:
        """Make room again."""
        (self.point / ".ballast").unlink()

    @property
    def there(self) -> bool:
        """Whether it is mounted."""
        return any(each.point == str(self.point) for each in mounts.mounts())


def made(image: Path, point: Path) -> SmallDisk:
    """Make one, or skip the test where it cannot be."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system")
    try:
        return SmallDisk(image, point)
    except OSError as error:
        pytest.skip(f"no small disks here: {error}")
