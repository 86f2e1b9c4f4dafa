"""Who is around a besieged studio: people who drop, somebody who watches the outbox."""

import hashlib
import io
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image


class Droppers:
    """People who drop, slowly, until they are told to stop.

    Attributes:
        wishes: How many videos each drop wishes for, by its name, which is its prompt too.
        originals: The hash of everything dropped.
    """

    def __init__(self, inbox: Path, dice: random.Random, pause_s: float) -> None:
        self.wishes: dict[str, int] = {}
        self.originals: set[str] = set()
        self._inbox = inbox
        self._dice = dice
        self._pause_s = pause_s

    def work(self, enough: threading.Event) -> None:
        """Drop and drop."""
        while not self.wishes or not enough.wait(self._dice.uniform(0, 2 * self._pause_s)):
            self._drop(len(self.wishes))

    def _drop(self, number: int) -> None:
        name, takes = f"shot{number:04}", 1 + (number % 5 == 4)
        picture = io.BytesIO()
        Image.new("RGB", (640, 360), (number % 256, number // 256, 90)).save(picture, "png")
        wish = f'prompt = "{name}"\ntakes = {takes}\n'.encode()
        files = [(f"{name}.png", picture.getvalue()), (f"{name}.toml", wish)]
        self._dice.shuffle(files)
        for file, content in files:
            self._write(self._inbox / file, content)
            self.originals.add(hashlib.sha256(content).hexdigest())
        self.wishes[name] = takes

    def _write(self, path: Path, content: bytes) -> None:
        """Write in two halves, as over a slow network."""
        with path.open("xb") as file:
            for half in (content[: len(content) // 2], content[len(content) // 2 :]):
                file.write(half)
                file.flush()
                time.sleep(self._dice.uniform(0, 0.05))


class Onlooker:
    """Somebody who looks at the outbox all the time.

    Attributes:
        seen: Each video's hash when it was first seen.
        wrong: What must not be seen.
    """

    def __init__(self, outbox: Path) -> None:
        self.seen: dict[str, str] = {}
        self.wrong: list[str] = []
        self._outbox = outbox

    def work(self, enough: threading.Event) -> None:
        """Look and look."""
        while not enough.wait(0.005):
            self.look()

    def look(self) -> None:
        """Look once at all that is new."""
        names = [each.name for each in self._outbox.glob("*") if each.name != ".seedance"]
        for name in sorted({*names} - {*self.seen}):
            self.seen[name] = hashlib.sha256((self._outbox / name).read_bytes()).hexdigest()
            if not name.endswith((".mp4", ".toml")):
                self.wrong.append(f"{name} was seen in the outbox")
            if name.endswith(".mp4") and not (self._outbox / name).with_suffix(".toml").exists():
                self.wrong.append(f"{name} was seen in the outbox before its receipt")


@contextmanager
def meanwhile(*works: Callable[[threading.Event], None]) -> Iterator[None]:
    """Let people work for the length of the block."""
    enough = threading.Event()
    threads = [threading.Thread(target=work, args=(enough,)) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        enough.set()
        for thread in threads:
            thread.join()
