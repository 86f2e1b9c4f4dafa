"""A whole studio in miniature: the real daemon against the sandbox, in one process."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from seedance_watch import samples
from seedance_watch.app.build import build, make_folders
from seedance_watch.app.service import Service
from seedance_watch.config.load import NAME, load
from seedance_watch.core.model import State
from seedance_watch.disk import files
from seedance_watch.engine.runner import Heard
from seedance_watch.engine.threads import Threads
from seedance_watch.sandbox.keys import RIVYA_KEY, SEGMIND_KEY
from seedance_watch.sandbox.knobs import Knobs
from seedance_watch.sandbox.server import running

# Videos take a fiftieth of the real time; the rest of the way is as real as it gets.
_KNOBS = Knobs(time_factor=0.02, video_scale=0.5, fps=24, segmind_rate_rpm=0)

_CONFIG = """\
# Written by `seedance-watch demo`: a studio that talks to the built-in sandbox, where nothing is
# paid. The sandbox ended with the demo; `seedance-watch sandbox` starts another one.
state_dir = "state"

[[watch]]
inbox = "inbox"

[providers.rivya]
base_url = "{url}"
api_key_file = "state/rivya.key"
requests_per_s = 50
poll_first_s = 0.3

[providers.segmind]
base_url = "{url}"
storage_url = "{url}"
history_url = "{url}"
api_key_file = "state/segmind.key"
requests_per_s = 50
poll_first_s = 0.3

[limits]
min_free_bytes = 0
"""


@dataclass(frozen=True, slots=True)
class Shot:
    """A sample drop.

    Attributes:
        name: Its files' base name.
        picture: The sample picture.
        sidecar: The sidecar's text.
        end: The sample picture for its end frame, "" for none.
    """

    name: str
    picture: str
    sidecar: str
    end: str = ""


def shots(pictures: tuple[str, ...]) -> tuple[Shot, ...]:
    """Give the drops: a plain one, an end frame, takes, another provider, a mistake."""
    first, second, third, fourth, upright = (*pictures, *pictures)[:5]
    ending = Path(second).suffix
    return (
        Shot("shot01", first, 'prompt = "mist drifts over the ridges"\nduration = 5\n'),
        Shot(
            "shot02",
            second,
            f'prompt = "from one picture to the other"\nend_image = "shot02-end{ending}"\n',
            end=first if ending == Path(first).suffix else second,
        ),
        Shot(
            "shot03", third, 'prompt = "the boat rocks gently"\ntakes = 2\nresolution = "480p"\n'
        ),
        Shot(
            "shot04",
            fourth,
            'prompt = "light falls between the trees"\nprovider = "segmind"\n\n'
            '[meta]\nscene = "forest"\n',
        ),
        Shot("shot05", upright, 'prompt = "windows light up"\ndurration = 5\n'),
    )


def lay_out(folder: Path, url: str, *, more: str = "") -> Path:
    """Write the studio's configuration and keys; give the configuration's path.

    Args:
        folder: The studio's folder.
        url: Where the sandbox is.
        more: What else the configuration says.
    """
    files.make_dirs(folder.absolute() / "state")
    keys: Mapping[str, str] = {"rivya": RIVYA_KEY, "segmind": SEGMIND_KEY}
    for name, key in keys.items():
        path = folder / "state" / f"{name}.key"
        path.touch(mode=0o600)
        path.write_text(key, encoding="utf-8")
    config = folder / NAME
    config.write_text(_CONFIG.format(url=url) + more, encoding="utf-8")
    return config


def drop(inbox: Path) -> int:
    """Drop the sample shots; give how many."""
    found = shots(samples.names())
    for shot in found:
        samples.copy(shot.picture, inbox / f"{shot.name}{Path(shot.picture).suffix}")
        if shot.end:
            samples.copy(shot.end, inbox / f"{shot.name}-end{Path(shot.end).suffix}")
        (inbox / f"{shot.name}.toml").write_text(shot.sidecar, encoding="utf-8")
    return len(found)


async def play(folder: Path, listeners: tuple[Heard, ...]) -> Mapping[State, int]:
    """Run the demo to its end; give how many jobs ended in which state.

    Raises:
        SeedanceWatchError: The folder cannot be used.
    """
    async with running(_KNOBS) as sandbox:
        config = load(lay_out(folder, sandbox.url))
        make_folders(config)
        drop(config.watches[0].inbox)
        built = await build(config, stop=asyncio.Event(), listeners=listeners)
        try:
            await built.daemon.run_once()
        finally:
            await built.close()
        return built.daemon.ended


async def show(folder: Path, listen: str, begun: Callable[[Service], object]) -> None:
    """Let the demo's daemon run with its page until it is asked to stop.

    Args:
        folder: The studio folder to make.
        listen: Where the page is served.
        begun: Told of the daemon before it begins.

    Raises:
        SeedanceWatchError: The folder cannot be used.
    """
    async with running(_KNOBS) as sandbox:
        more = f'\n[web]\nlisten = "{listen}"\n'
        config = load(lay_out(folder, sandbox.url, more=more))
        make_folders(config)
        drop(config.watches[0].inbox)
        service = Service(config, Threads.installed())
        begun(service)
        await service.run()
