"""The plan: wishes of open jobs and of drops in the inboxes, gathered without taking anything.

Pictures are read and measured but not decoded: a damaged one shows only when its job is prepared.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from seedance_watch.app.asked import survey_of
from seedance_watch.app.build import studio
from seedance_watch.app.defaults import folder_layers, read_table
from seedance_watch.app.picture import budgets_of
from seedance_watch.config.budgets import caps_of, zone_of
from seedance_watch.config.resolved import Config
from seedance_watch.config.watches import Watch
from seedance_watch.core import chain, hours, plan, policy, ratio, sidecar
from seedance_watch.core.catalogue import CATALOGUE
from seedance_watch.core.errors import Fault, SidecarError
from seedance_watch.core.events import Claiming, Held
from seedance_watch.core.fingerprint import fingerprint
from seedance_watch.core.machine import Job
from seedance_watch.core.model import ImageLimits, JobSpec, Part, Picture, Role, State
from seedance_watch.core.pairing import split_ending
from seedance_watch.core.plan import Plan, Stop, Wish
from seedance_watch.core.snapshot import Live
from seedance_watch.core.spending import total
from seedance_watch.disk.places import PRIVATE
from seedance_watch.disk.survey import Coming
from seedance_watch.engine.queue import Order, in_work, order
from seedance_watch.journal.reader import SqliteReader
from seedance_watch.media.decoders import Decoders

S = State
_UNPAID = frozenset({S.CLAIMING, S.CLAIMED, S.PREPARED, S.STAGED})
_KEY = "0" * 32  # any will do: only a seed that is left to us derives from it
_JUDGED_ANEW = frozenset(
    {"budget", "hours", "not_before", *chain.CODES - {chain.NO_VIDEO}}
)  # holds that the plan finds out itself
_Placed = tuple[Order, Wish]


@dataclass(frozen=True, slots=True)
class Planner:
    """Gathers what a plan is made of.

    Attributes:
        config: Whose folders and limits.
        reader: The journal, None: there is none yet.
        live: What the daemon says, None: none runs.
        now: The time, UTC seconds.
    """

    config: Config
    reader: SqliteReader | None
    live: Live | None
    now: float
    _known: dict[tuple[Path, Role, ImageLimits], Picture] = field(default_factory=dict)

    def plan(self) -> tuple[Plan, list[str]]:
        """Plan; and name the inboxes that cannot be looked into, with the reason.

        Raises:
            JournalError: The journal cannot be read.
        """
        jobs = self.reader.load().jobs if self.reader else []
        troubles = list[str]()
        wishes = [self._of_job(job) for job in jobs if job.state in _UNPAID]
        taken = {
            (job.claim.watch, part.source)
            for job in jobs
            if job.state is S.CLAIMING
            for part in job.claim.parts
        }
        for watch in self.config.watches:
            try:
                coming, _ = survey_of(watch).look()
            except OSError as error:
                troubles.append(f"{watch.inbox}: {error.strerror or error}")
                continue
            wishes += self._lying(watch, coming, taken)
        found = plan.planned(
            (wish for _, wish in sorted(wishes, key=lambda each: each[0])),
            caps=caps_of(self.config, CATALOGUE),
            budgets=budgets_of(self.config, self.reader, self.now),
            seats=self._seats(jobs),
        )
        return found, troubles

    def _seats(self, jobs: Iterable[Job]) -> dict[str, int]:
        """Count the seats that each provider has left."""
        seats = {name: keys.max_in_flight for name, keys in self.config.providers.items()}
        for job in jobs:
            if in_work(job) and job.prepared:
                seats[job.prepared.spec.provider] -= 1
        return {name: max(0, left) for name, left in seats.items()}

    # Jobs

    def _of_job(self, job: Job) -> _Placed:
        claim = job.claim
        wish = _wish(claim, job=job.id)
        watch = next((each for each in self.config.watches if each.name == claim.watch), None)
        if watch is None:
            return order(job), replace(wish, stop=Stop("unserved", "its folder is not configured"))
        try:
            spec = job.prepared.spec if job.prepared else self._spec(job, watch)
        except (SidecarError, Fault) as error:
            return order(job), replace(wish, stop=self._stopped(job) or _wrong(error))
        bought = job.prepared.fingerprint if job.prepared else ""
        wish = replace(
            self._chained(_priced(wish, spec), job.claim if job.prepared is None else None),
            spent=total(job.spendings, spec.provider),
            fingerprint="" if watch.duplicates == "pay" else bought,
        )
        stop = self._stopped(job) or wish.stop or self._bought(wish) or self._shut(watch, spec)
        return order(job), replace(wish, stop=stop)

    def _chained(self, wish: Wish, claim: Claiming | None) -> Wish:
        """Say what a wish waits for that has no first image yet; its claim, None: it has."""
        if claim is None or not claim.start_from:
            return wish
        rows = self.reader.named(claim.watch, *chain.labels(claim)) if self.reader else []
        found, name = next(chain.meant(claim, rows), None), claim.start_from
        wish = replace(wish, start_from=name)
        if found is None:
            return replace(wish, stop=Stop(chain.MISSING, f"there is no shot {name}"))
        if found.state in {S.FAILED, S.CANCELLED}:
            return replace(wish, stop=Stop(chain.BROKEN, f"{name} has no video: {found.reason}"))
        made = found.state in {S.PLACED, S.DONE}
        return wish if made else replace(wish, awaits=found.job_id)

    def _spec(self, job: Job, watch: Watch) -> JobSpec:
        """Read the wish of a job that is not prepared."""
        folder = watch.inbox / PRIVATE / "work" / job.claim.drop_id
        to = job.rerouted.to if job.rerouted else ""
        return studio(self.config, Decoders()).spec(job.claim, folder, to=to)

    def _stopped(self, job: Job) -> Stop | None:
        """Say what a job waits for besides limits and hours."""
        step = policy.decide(job, self.now)
        if not isinstance(step, policy.Wait):
            return None
        if job.hold:
            again = job.hold.code in _JUDGED_ANEW
            return None if again else Stop(job.hold.code, job.hold.reason, job.hold.until)
        tries = (job.deferred, job.unsent)
        reason = next((each.reason for each in tries if each and each.until == job.wake_at), "")
        return Stop("retry", reason, step.until)

    def _bought(self, wish: Wish) -> Stop | None:
        """Say that the same video exists, or is being made."""
        if not wish.fingerprint or self.reader is None:
            return None
        twin = self.reader.twin(wish.fingerprint, wish.job)
        if twin is None:
            return None
        if twin.state is S.DONE:
            return Stop("duplicate", f"the same video exists: {twin.video} of job {twin.job_id}")
        return Stop("twin", f"job {twin.job_id} is making the same video")

    def _shut(self, watch: Watch, spec: JobSpec) -> Stop | None:
        """Say that neither the hours, the folders nor the provider let it go now."""
        zone = zone_of(self.config)
        early = hours.too_early(spec.not_before, self.now, zone)
        waits = early or hours.closed(watch.hours, self.now, zone)
        return _held(waits) or self._away(watch) or self._paused(spec.provider)

    def _away(self, watch: Watch) -> Stop | None:
        views = self.live.inboxes if self.live else ()
        view = next((each for each in views if each.watch == watch.name), None)
        if view is None or not (view.closed or view.low):
            return None
        return Stop("folder", view.closed or "less than min_free_bytes is free in the outbox")

    def _paused(self, provider: str) -> Stop | None:
        lanes = self.live.lanes if self.live else ()
        lane = next((each for each in lanes if each.provider == provider and each.why), None)
        return Stop("lane", f"{provider} takes nothing: {lane.why}", lane.until) if lane else None

    # Drops

    def _lying(
        self, watch: Watch, coming: Iterable[Coming], taken: set[tuple[str, str]]
    ) -> Iterator[_Placed]:
        """Give the wishes of what lies in an inbox."""
        for drop in coming:
            names = [f"{drop.folder}/{name}".lstrip("/") for name in drop.bundle.names]
            if not any((watch.name, name) in taken for name in names):
                for take in range(1, drop.glance.takes + 1):
                    yield self._of_drop(watch, drop, take)

    def _of_drop(self, watch: Watch, drop: Coming, take: int) -> _Placed:
        claim = _claim(watch, drop, take)
        place, wish = order(Job("", claiming=claim)), _wish(claim)
        if drop.busy:
            return place, replace(wish, stop=Stop("settling", "somebody is writing it"))
        try:
            spec = self._read(watch, drop, take)
            buys = self._buys(spec, watch, drop)
        except (SidecarError, Fault) as error:
            return place, replace(wish, stop=_wrong(error))
        wish = self._chained(replace(_priced(wish, spec), fingerprint=buys), claim)
        stop = wish.stop or self._bought(wish) or self._shut(watch, spec)
        return place, replace(wish, stop=stop)

    def _buys(self, spec: JobSpec, watch: Watch, drop: Coming) -> str:
        """Give the fingerprint of what a drop would buy, "" where paying again is wished for.

        Raises:
            Fault: A picture cannot be used, or not be read.
        """
        model, folder = CATALOGUE[spec.provider, spec.model], watch.inbox / drop.folder
        given = ((Role.IMAGE, drop.bundle.image), (Role.END_IMAGE, drop.bundle.end))
        pictures = tuple(
            self._measured(folder / name, role, model.limits) for role, name in given if name
        )
        parts = tuple(Part(each.role, "", each.name, 0, each.sha256) for each in pictures)
        fitted = ratio.fitted(spec, model, pictures)
        unknown = watch.duplicates == "pay" or spec.start_from  # the frame is not there yet
        return "" if unknown else fingerprint(fitted, parts)

    def _measured(self, path: Path, role: Role, limits: ImageLimits) -> Picture:
        """Measure a picture, once for all takes."""
        key = (path, role, limits)
        if key not in self._known:
            (width, height), sha256 = Decoders().measure(path, limits)
            self._known[key] = Picture(role, path.name, "", width, height, 0, sha256)
        return self._known[key]

    def _read(self, watch: Watch, drop: Coming, take: int) -> JobSpec:
        """Read what a drop wishes, as its job will."""
        bundle, folder = drop.bundle, watch.inbox / drop.folder
        own = [
            sidecar.own_layer(read_table(folder / name, shown=name))
            for name in [bundle.sidecar]
            if name
        ]
        return sidecar.wish(
            [*own, *folder_layers(watch.inbox, drop.folder), *watch.layers],
            catalogue=CATALOGUE,
            key=_KEY,
            take=take,
            takes=drop.glance.takes,
            images=int(bundle.image is not None),
            has_end=bundle.end is not None,
            prices=self.config.prices,
            stem=split_ending(bundle.names[0])[0],
        )


def _claim(watch: Watch, drop: Coming, take: int) -> Claiming:
    """Give the claim that a drop would get, as far as its place in the order needs it."""
    stem, glance = split_ending(drop.bundle.names[0])[0], drop.glance
    takes, priority = glance.takes, glance.priority
    start = glance.start_from
    claim = Claiming("", take, takes, watch.name, drop.folder, stem, (), _KEY, priority)
    return replace(claim, start_from=start)


def _wish(claim: Claiming, *, job: str = "") -> Wish:
    label = f"{claim.folder}/{claim.stem}".lstrip("/")
    return Wish(label, claim.watch, job, claim.take, claim.takes, claim.priority)


def _priced(wish: Wish, spec: JobSpec) -> Wish:
    return replace(wish, provider=spec.provider, model=spec.model, cost=spec.cost)


def _wrong(error: SidecarError | Fault) -> Stop:
    return Stop("wrong", error.reason if isinstance(error, Fault) else str(error))


def _held(hold: Held | None) -> Stop | None:
    return Stop(hold.code, hold.reason, hold.until) if hold else None
