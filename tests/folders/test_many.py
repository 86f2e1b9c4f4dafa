"""Very many files dropped at once, before the real daemon."""

import re
from pathlib import Path

import pytest
import studios
from folders.test_processes import daemon
from inboxes import TINY

MOST_BYTES = 400 << 20
_PER_FILE_BYTES = 6_000  # of what is kept of each open job


def _peak_bytes(process: int) -> int:
    """Give the most memory that a process had."""
    status = Path(f"/proc/{process}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1]) * 1024


@pytest.mark.timeout(3600)
def test_very_many_files_at_once(real_studio: studios.Studio, files: int) -> None:
    """Each pair is taken once, in time and memory that grow no faster than their number."""
    real_studio.configure(more="[providers.rivya.budget]\nper_day = 0")
    pairs, home = files // 2, real_studio.folder / "home"
    home.mkdir()
    for number in range(pairs):
        (home / f"shot{number}.png").write_bytes(TINY)
        (home / f"shot{number}.toml").write_text(f'prompt = "{number}"\n')
    with daemon(real_studio) as child:
        child.until(lambda: child.said("daemon.ready"))
        for path in home.iterdir():
            path.rename(real_studio.inbox / path.name)
        child.until(lambda: child.said("job.admitted") >= pairs, 60 + files / 20)
        inbox = real_studio.inbox
        child.until(lambda: [*inbox.iterdir()] == [inbox / ".seedance"], 60 + files / 20)
        peak_bytes = _peak_bytes(child.process.pid)
    assert child.said("job.admitted") == pairs
    assert peak_bytes < MOST_BYTES + files * _PER_FILE_BYTES
    print(f"{files} files: at most {peak_bytes >> 20} MiB")
