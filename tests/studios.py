"""Whole studios for tests: folders, a configuration that points at a sandbox, drops, one run."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from seedance_watch.app.build import build, make_folders
from seedance_watch.config.load import load
from seedance_watch.core.model import State
from seedance_watch.core.snapshot import Row
from seedance_watch.engine.clock import RealClock
from seedance_watch.engine.runner import Heard
from seedance_watch.journal.reader import SqliteReader
from seedance_watch.ports import Clock
from seedance_watch.sandbox.keys import RIVYA_KEY, SEGMIND_KEY
from seedance_watch.sandbox.knobs import Knobs

# Small and quick: what is tested is the way, not the pictures.
KNOBS = Knobs(tiny_videos="yes", fps=6, rivya_rate_per_min=0, segmind_rate_rpm=0)


@dataclass(frozen=True)
class Studio:
    """A studio folder."""

    folder: Path
    config: Path = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "config", self.folder / "seedance-watch.toml")

    def __getattr__(self, name: str) -> Path:
        if name in {"inbox", "outbox", "done", "failed", "held"}:
            return self.folder / name
        raise AttributeError(name)

    def drop(
        self, sidecar: str, *, name: str = "shot", images: tuple[str, ...] = ("{}.png",)
    ) -> None:
        """Drop a sidecar and its images into the inbox, or a subfolder of it."""
        for number, pattern in enumerate(images):
            path = self.inbox / pattern.format(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (640, 360), (40 + 30 * number, 90, 160)).save(path)
        path = self.inbox / f"{name}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(sidecar, encoding="utf-8")

    def configure(self, *, watch: str = "", more: str = "") -> None:
        """Add lines to the configuration: to its [[watch]], and at its end."""
        text = self.config.read_text().replace("[[watch]]\n", f"[[watch]]\n{watch}\n")
        self.config.write_text(f"{text}\n{more}\n")

    def rows(self) -> list[Row]:
        """Give the journal's rows."""
        reader = SqliteReader(self.folder / "state" / "journal.db")
        try:
            return reader.rows()
        finally:
            reader.close()

    def seen(self, kind: str) -> list[str]:
        """Give what people see in a folder, sorted, "/" between parts."""
        root = self.folder / kind
        found = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
        return sorted(path.as_posix() for path in found if ".seedance" not in path.parts)


class Shifted(RealClock):
    """The real time, some seconds later."""

    def __init__(self, later_s: float) -> None:
        self.later_s = later_s

    def now(self) -> float:
        return super().now() + self.later_s


def lay_out(folder: Path, url: str, *, provider: str = "rivya", api: str = "v2") -> Studio:
    """Make a studio that talks to a sandbox."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "inbox").mkdir()
    (folder / "rivya.key").write_text(RIVYA_KEY)
    (folder / "segmind.key").write_text(SEGMIND_KEY)
    hosts = "\n".join(f'{key} = "{url}"' for key in ("base_url", "storage_url", "history_url"))
    quick = "requests_per_s = 1000\npoll_first_s = 0.02\npoll_max_s = 0.05"
    (folder / "seedance-watch.toml").write_text(f"""
state_dir = "state"
[[watch]]
inbox = "inbox"
provider = "{provider}"
[limits]
min_free_bytes = 0
[providers.rivya]
base_url = "{url}"
api_key_file = "rivya.key"
{quick}
[providers.segmind]
{hosts}
api_key_file = "segmind.key"
api = "{api}"
{quick}
""")
    return Studio(folder)


async def once(
    studio: Studio, *listeners: Heard, clock: Clock | None = None, probes: int = 2
) -> Counter[State]:
    """Run the real daemon once, in this process; give how many jobs ended in which state."""
    settings = load(studio.config)
    make_folders(settings)
    built = await build(
        settings, stop=asyncio.Event(), listeners=listeners, clock=clock, apart=False
    )
    built.daemon.standstill.probes = probes
    try:
        async with asyncio.timeout(60):
            await built.daemon.run_once()
    finally:
        await built.close()
    return built.daemon.ended
