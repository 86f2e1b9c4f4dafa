"""Whatever the order of arrivals and edits: each drop once, complete, with its last words."""

import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from hypothesis import given, settings
from hypothesis import strategies as st
from inboxes import FAST, TINY, Taker, an_inbox

from seedance_watch.core.model import Role
from seedance_watch.disk.desk import Scope

STEMS = "abc"
ACTS = ("half", "whole", "open", "close", "say", "begin", "turn", "hint")
_acts = st.lists(
    st.tuples(st.sampled_from(ACTS), st.sampled_from(STEMS), st.integers(1, 9)), max_size=40
)


class Folder:
    """A folder that people write into, and what they meant to."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.meant: dict[str, int] = {}
        self.open: dict[Path, BinaryIO] = {}
        inbox = an_inbox(root, settings=replace(FAST, proved_s=0.0, quiet_s=60.0))
        self.desk = inbox._desk
        self.taker = Taker(inbox, root, root.parent / "away")
        self.gone: set[str] = set()

    def act(self, act: str, stem: str, number: int) -> None:
        if act in {"turn", "hint"}:
            self.turn(Scope.ALL if act == "turn" else Scope.NOTHING)
        elif act == "close":
            self.close(self.root / f"{stem}.png")
            self.close(self.root / f"{stem}.toml")
        elif stem not in self.gone:
            self.write(act, stem, number)

    def write(self, act: str, stem: str, number: int) -> None:
        """Write an image or a sidecar, whole or not, and close it or not."""
        is_image = act in {"half", "whole", "open"}
        path = self.root / f"{stem}{'.png' if is_image else '.toml'}"
        if path in self.open:
            return
        said = f'prompt = "x"\ntakes = {number}\n'.encode()
        image = TINY if act == "whole" else TINY[:-20]
        self.open[path] = path.open("wb", buffering=0)
        self.open[path].write(image if is_image else said)
        self.meant |= {} if is_image else {stem: number}
        if act not in {"open", "begin"}:
            self.close(path)

    def close(self, path: Path) -> None:
        """Finish what was left open."""
        file = self.open.pop(path, None)
        if file is not None:
            file.close()

    def turn(self, scope: Scope) -> None:
        """Look once; whatever is handed over must be whole, closed and new."""
        for drop in self.desk.turn([""], scope).drops:
            paths = {self.root / part.source for part in drop.parts}
            assert not paths & self.open.keys(), drop
            assert drop.stem not in self.gone, drop
            assert [part.role for part in drop.parts] == [Role.IMAGE, Role.SIDECAR]
            assert (self.root / f"{drop.stem}.png").read_bytes() == TINY
            assert drop.takes == self.meant[drop.stem]
            self.gone.add(drop.stem)
            self.taker._take(drop)
            self.taker.drops.append(drop)

    def finish(self) -> None:
        """Finish every file, then look until all is handed over, for a minute at most."""
        for path in list(self.open):
            self.close(path)
        for stem in STEMS:
            self.act("whole", stem, 1)
            self.act("say", stem, 3)
        end_s = time.monotonic() + 60.0
        while len(self.gone) < len(STEMS) and time.monotonic() < end_s:
            self.turn(Scope.ALL)
        self.turn(Scope.ALL)


@settings(max_examples=60, deadline=None)
@given(_acts)
def test_any_order(acts: list[tuple[str, str, int]]) -> None:
    """Each complete pair is handed over exactly once, and nothing incomplete."""
    with tempfile.TemporaryDirectory() as home, ExitStack() as files:
        root = Path(home) / "inbox"
        root.mkdir()
        folder = Folder(root)
        folder.desk.scanner.remount()
        files.callback(lambda: [file.close() for file in folder.open.values()])
        for act, stem, number in acts:
            folder.act(act, stem, number)
        folder.finish()
        assert sorted(drop.stem for drop in folder.taker.drops) == list(STEMS)
        assert list(root.glob("*.*")) == []
