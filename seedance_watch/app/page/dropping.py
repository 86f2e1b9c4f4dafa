"""Drops from the page: checked as a job would be, then put into an inbox as files.

What a person wished is judged by the same code that judges a sidecar, before anything is seen in
the inbox; from then on it is a drop like any other.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

import tomli_w

from seedance_watch import ports
from seedance_watch.app.defaults import folder_layers
from seedance_watch.config.resolved import Config
from seedance_watch.config.watches import Watch
from seedance_watch.core import sidecar
from seedance_watch.core.catalogue import CATALOGUE
from seedance_watch.core.errors import Complaint, Fault, SidecarError
from seedance_watch.core.model import JobSpec, Role
from seedance_watch.core.models import Param
from seedance_watch.core.sidecar_keys import vocabulary
from seedance_watch.core.sidecar_layers import overlay
from seedance_watch.core.sidecar_model import pick_model
from seedance_watch.disk import arriving
from seedance_watch.disk.arriving import Arrival
from seedance_watch.disk.ground import Ground
from seedance_watch.disk.places import cure_of
from seedance_watch.faces.page.views import Dropped, Slot, Wished
from seedance_watch.media.decoders import Decoders

P = ParamSpec("P")
T = TypeVar("T")

_KEY = "0" * 32  # any will do: only a seed that is left to us derives from it
_PATIENCE_S = 30.0
_NEVER = frozenset({"end_image", "receipt", "meta", "route"})  # not typed here
_MARKS = {Role.IMAGE: "", Role.END_IMAGE: "-end"}


@dataclass(frozen=True, slots=True)
class Drops:
    """Takes drops.

    Attributes:
        config: Whose folders.
        grounds: Whether they can be worked in.
        decoders: Look whether a picture is one.
        now: Gives the time, UTC seconds.
    """

    config: Config
    grounds: Mapping[str, ports.Ground]
    decoders: Decoders
    now: Callable[[], float]

    def slots(self) -> tuple[Slot, ...]:
        """Say where a drop may go; blocking."""
        return tuple(map(self._slot, self.config.watches))

    def _slot(self, watch: Watch) -> Slot:
        ground = self.grounds.get(watch.name)
        closed = ground.closed if ground and not ground.open("inbox") else ""
        sheet = overlay(watch.layers, CATALOGUE)
        model = pick_model(sheet, CATALOGUE)
        if model is None:
            return Slot(watch.name, closed=closed or "its configuration names no model")
        shown = arriving.folders(watch.inbox) if watch.recursive and not closed else [""]
        return Slot(
            watch=watch.name,
            folders=tuple(shown),
            closed=closed,
            provider=model.provider,
            model=model.id,
            params={
                name: _with_default(param, sheet.value(name))
                for name, param in model.params.items()
            },
            end_image=model.images[1] > 1,
            prompt=str(sheet.value("prompt", "")),
        )

    def arriving(self, watch: str) -> "Drop":
        """Begin a drop.

        Raises:
            KeyError: There is no such watch entry.
        """
        named = {each.name: each for each in self.config.watches}
        return Drop(self, named[watch], Arrival(named[watch].inbox, secrets.token_hex(8)))

    def sure(self, watch: Watch) -> None:
        """Make sure that the inbox can be worked in, and that no drop of long ago lies there."""
        ground = self.grounds.get(watch.name)
        if isinstance(ground, Ground):
            ground.sure("inbox")
        arriving.sweep(watch.inbox, self.now())


@dataclass(slots=True)
class Drop:
    """One drop on its way; implements views.Arriving."""

    drops: Drops
    watch: Watch
    arrival: Arrival
    _parts: dict[Role, Path] = field(default_factory=dict)
    _stem: str = ""
    _trouble: Complaint | None = None

    async def begin(self, role: str, name: str) -> None:
        """Begin a picture, under the name that it came with."""
        ending, kind = arriving.ending_of(name), Role(role)
        if not ending:
            known = "a picture is needed: PNG, JPEG, WebP, HEIC, TIFF or the like"
            self._trouble = Complaint(role, None, role, f"{name!r} is none by its name", known)
            ending = ".part"
        self._stem = arriving.stem_for(name) if kind is Role.IMAGE else self._stem
        await self._do(self.drops.sure, self.watch)
        self._parts[kind] = await self._do(self.arrival.begin, f"{kind}{ending}")

    async def write(self, data: bytes) -> None:
        """Go on with it."""
        await self._do(self.arrival.write, data)

    async def discard(self) -> None:
        """Take away what was written."""
        await self._do(self.arrival.discard)

    async def finish(self, wished: Wished) -> Dropped:
        """Check everything, then put it into the inbox; or nothing of it."""
        try:
            return Dropped(await self._do(self._finished, wished))
        except SidecarError as error:
            return Dropped(complaints=tuple(map(_about, error.complaints)))
        except Fault as fault:
            return Dropped(complaints=(Complaint("image", None, "image", fault.reason),))

    def _finished(self, wished: Wished) -> str:
        """Place it; give its path.

        Raises:
            SidecarError: Something is wrong with the wish.
            Fault: Something is wrong with a picture.
        """
        self.arrival.end()
        if self._trouble:
            raise SidecarError((self._trouble,))
        folder = self._folder(wished.folder)
        table = _table(wished.fields)
        stem = self._stem or arriving.stem_for(str(table.get("prompt", "")))
        specs = self._specs(table, folder, stem)
        model = CATALOGUE[specs[0].provider, specs[0].model]
        for path in self._parts.values():
            self.drops.decoders.measure(path, model.limits)
        self.drops.sure(self.watch)
        last = sorted(self._parts, key=lambda role: role is Role.IMAGE)
        named = {f"{_MARKS[role]}{self._parts[role].suffix}": self._parts[role] for role in last}
        return self.arrival.place(folder, stem, named, partial(self._written, table))

    def _written(self, table: dict[str, object], stem: str) -> bytes:
        """Write the sidecar of a drop that will have a name."""
        end = {"end_image": self._end_name(stem)} if Role.END_IMAGE in self._parts else {}
        return tomli_w.dumps(table | end).encode()

    def _end_name(self, stem: str) -> str:
        return f"{stem}{_MARKS[Role.END_IMAGE]}{self._parts[Role.END_IMAGE].suffix}"

    def _folder(self, folder: str) -> str:
        """Give the subfolder, which must be one that was offered."""
        if folder in arriving.folders(self.watch.inbox) and (self.watch.recursive or not folder):
            return folder
        problem = f"there is no folder {folder!r} in the inbox"
        raise SidecarError((Complaint("folder", None, "folder", problem),))

    def _specs(self, table: dict[str, object], folder: str, stem: str) -> list[JobSpec]:
        """Understand the wish as its jobs will.

        Raises:
            SidecarError: Every complaint.
        """
        text = self._written(table, stem).decode()
        layers = [
            sidecar.own_layer(sidecar.parse(text, file="the form")),
            *folder_layers(self.watch.inbox, folder),
            *self.watch.layers,
        ]
        takes = table.get("takes", 1)

        def wish(to: str) -> JobSpec:
            return sidecar.wish(
                layers,
                catalogue=CATALOGUE,
                key=_KEY,
                takes=takes if isinstance(takes, int) else 1,
                images=int(Role.IMAGE in self._parts),
                has_end=Role.END_IMAGE in self._parts,
                prices=self.drops.config.prices,
                to=to,
                stem=stem,
            )

        first = wish("")
        return [first, *map(wish, first.route)]

    async def _do(self, act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do something on the disk, which may not answer.

        Raises:
            SidecarError: It cannot be done; in words.
        """
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await asyncio.to_thread(act, *args, **kwargs)
        except OSError as error:  # a TimeoutError too
            reason = error.strerror or str(error) or "it does not answer"
            problem = f"the inbox cannot be written: {reason}"
            complaint = Complaint("inbox", None, "watch", problem, cure_of(error))
            raise SidecarError((complaint,)) from error


def _about(complaint: Complaint) -> Complaint:
    """Say of which field a complaint is: what is about none is about the picture."""
    return complaint if complaint.key else replace(complaint, key=Role.IMAGE)


def _with_default(param: Param, value: object) -> Param:
    """Say what is used where nothing is chosen."""
    return replace(param, default=value) if isinstance(value, str | int | float) else param


def _table(fields: Mapping[str, str]) -> dict[str, object]:
    """Give what was typed as a sidecar has it; what cannot be, as it is: it is complained of."""
    known = vocabulary(CATALOGUE)
    table: dict[str, object] = {}
    for name, text in fields.items():
        if name in _NEVER or name not in known:
            problem = "there is no such field in the form"
            raise SidecarError((Complaint("the form", None, name[:60], problem),))
        table[name] = _value(text.replace("\r\n", "\n"), known[name].naturals)
    return table


def _value(text: str, naturals: tuple[type, ...]) -> object:
    plain = text.strip()
    if int in naturals and plain.lstrip("-").isdecimal() and len(plain) < 12:
        return int(plain)
    if bool in naturals and plain.lower() in _SWITCHES:
        return _SWITCHES[plain.lower()]
    return text


_SWITCHES = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}
