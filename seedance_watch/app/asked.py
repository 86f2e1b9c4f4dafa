"""Answers why a file or a job stands as it does: finds the facts, the core finds the words."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from seedance_watch.app import defaults
from seedance_watch.app.build import settings_of
from seedance_watch.app.found import Place, jobs_at, jobs_of, places, shown
from seedance_watch.config.resolved import Config
from seedance_watch.config.watches import Watch
from seedance_watch.core import chain, waiting, why
from seedance_watch.core.errors import IllegalMove, JournalError
from seedance_watch.core.machine import Job, fold
from seedance_watch.core.model import State
from seedance_watch.core.snapshot import InboxView, LaneView, Live, Row, Waiting
from seedance_watch.core.why import Answer, Facts
from seedance_watch.core.words import printable
from seedance_watch.disk import pauses
from seedance_watch.disk.survey import Survey
from seedance_watch.engine.queue import LANE, gate, order
from seedance_watch.journal.reader import SqliteReader


@dataclass(frozen=True, slots=True)
class Told:
    """An answer and what it is about.

    Attributes:
        about: A job's name, or a path as people write it.
        answer: The answer.
        row: The job, None for a file that is none.
    """

    about: str
    answer: Answer
    row: Row | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom to ask.

    Attributes:
        config: Whose folders.
        reader: The journal, None: there is none yet.
        live: What the daemon says, None: none runs.
        now: The time, UTC seconds.
    """

    config: Config
    reader: SqliteReader | None
    live: Live | None
    now: float

    def why(self, text: str) -> list[Told]:
        """Say why a job, all takes of a drop, or a file stands as it does; at least one answer.

        Raises:
            JournalError: The journal cannot be read.
        """
        lying = [each for each in places(text, self.config) if _lies(each)]
        if lying:
            return self._file(lying[0])
        rows = jobs_of(text, self.config, self.reader) if self.reader else []
        return [self.job(row) for row in rows] or [Told(printable(text), why.unknown(repr(text)))]

    # Jobs

    def job(self, row: Row) -> Told:
        """Say why a job stands as it does."""
        return Told(row.job_id, self._answer(row), row)

    def _answer(self, row: Row) -> Answer:
        assert self.reader is not None
        try:
            job = fold(row.job_id, self.reader.history(row.job_id))
        except (IllegalMove, JournalError) as error:
            cure = "restore a backup of the journal, or look at the provider's own page"
            return Answer("journal", f"its history cannot be read: {error}", cure=cure)
        return why.why(job, self._facts(job, row))

    def brief(self, row: Row, job: Job) -> Answer:
        """Say why a job stands as it does without asking a disk, or who goes first."""
        facts = replace(self._known(job, row, self._watch(row.watch)), video=row.video)
        return why.why(job, facts)

    def _facts(self, job: Job, row: Row) -> Facts:
        watch = self._watch(row.watch)
        video = watch.outbox / row.video if watch and row.video else None
        facts = self._known(job, row, watch)
        lane = facts.lane
        return replace(
            facts,
            video=shown(video) if video else row.video,
            there=video is not None and os.path.lexists(video),
            ahead=self._ahead(job) if lane and lane.in_work >= lane.seats else 0,
            start=self._start(job),
        )

    def _known(self, job: Job, row: Row, watch: Watch | None) -> Facts:
        """Give what the journal and the daemon know."""
        facts = Facts(self.now, paused=self._paused(row.provider))
        if self.live is None:
            return facts
        return replace(
            facts,
            runs=True,
            doing=self.live.doing.get(job.id, ""),
            lane=self._lane(row.provider),
            twin=self._twin(job, watch),
            closed=self._closed(job),
        )

    def _start(self, job: Job) -> Row | None:
        """Find the newest job of the shot that a chained one goes on from."""
        if self.reader is None or not job.claim.start_from:
            return None
        rows = self.reader.named(job.claim.watch, *chain.labels(job.claim))
        return next(chain.meant(job.claim, rows), None)

    def _watch(self, name: str) -> Watch | None:
        return next((each for each in self.config.watches if each.name == name), None)

    def _lane(self, provider: str) -> LaneView | None:
        lanes = self.live.lanes if self.live else ()
        return next((each for each in lanes if each.provider == provider), None)

    def _paused(self, provider: str) -> str:
        known = {each.provider: str(each) for each in pauses.load(self.config.state_dir)}
        return known.get(provider, "")

    def _view(self, watch: str) -> InboxView | None:
        views = self.live.inboxes if self.live else ()
        return next((each for each in views if each.watch == watch), None)

    def _ahead(self, job: Job) -> int:
        """Count the jobs at the same lane that go first."""
        if self.reader is None or not gate(job).startswith(LANE):
            return 0
        others = self.reader.load().jobs
        lane, place = gate(job), order(job)
        return sum(
            1 for each in others if gate(each) == lane and _waits(each) and order(each) < place
        )

    def _twin(self, job: Job, watch: Watch | None) -> str:
        """Name the open job that buys the same, "" for none."""
        if self.reader is None or job.prepared is None or (watch and watch.duplicates == "pay"):
            return ""
        twin = self.reader.twin(job.prepared.fingerprint, job.id)
        return twin.job_id if twin and twin.state is not State.DONE else ""

    def _closed(self, job: Job) -> str:
        view = self._view(job.claim.watch)
        if view is None:
            return ""
        if view.low and job.state in {State.PREPARED, State.STAGED}:
            return why.TOO_LITTLE_ROOM
        return view.closed

    # Files

    def _file(self, place: Place) -> list[Told]:
        """Say how a file stands that lies somewhere."""
        rows = jobs_at(place, self.reader) if self.reader else []
        if place.role != "inbox" or place.rel.startswith(".seedance/"):
            told = [self.job(row) for row in rows]
            return told or [Told(shown(place.path), _not_ours(place))]
        taking = [row for row in rows if row.state is State.CLAIMING and not row.held]
        if taking:
            return [self.job(row) for row in taking]
        try:
            answer = why.of_file(self._waiting(place), runs=self.live is not None)
        except OSError as error:
            answer = Answer("folder", f"the inbox cannot be looked into: {error.strerror}")
        return [Told(shown(place.path), answer)]

    def _waiting(self, place: Place) -> Waiting:
        """Ask the daemon, which knows since when a file is quiet; else look."""
        if place.rel == ".":
            return waiting.watched(place.rel)
        view = self._view(place.watch.name)
        known = _of(place.rel, view.waiting if view else ())
        if known:
            return known
        found = _of(place.rel, survey_of(place.watch).look()[1])
        if found is None:
            return Waiting(place.rel, f"nobody looks at {place.rel}", "ignored")
        return (
            found
            if self.live is None or found.code != "complete"
            else waiting.settling(found.path, None)
        )


def survey_of(watch: Watch) -> Survey:
    """Look at an inbox by the rules of its watch entry."""
    prompted = partial(defaults.have_prompt, watch.inbox, beneath=watch.layers)
    glance = partial(defaults.seen, watch.inbox, watch.layers)
    return Survey(watch.inbox, settings_of(watch), glance, prompted)


def _of(rel: str, waiting: Iterable[Waiting]) -> Waiting | None:
    """Find what is said of a file, or of a folder that it lies in and nobody looks into."""
    known = {each.path: each for each in waiting}
    if rel in known:
        return known[rel]
    above = (known[each] for each in _above(rel) if each in known)
    return next((each for each in above if each.code in {"ignored", "unreadable"}), None)


def _above(rel: str) -> Iterator[str]:
    while "/" in rel:
        rel = rel.rpartition("/")[0]
        yield rel


def _lies(place: Place) -> bool:
    return os.path.lexists(place.path)


def _waits(job: Job) -> bool:
    return job.hold is None and job.wake_at is None


def _not_ours(place: Place) -> Answer:
    return Answer(
        "unknown", f"it lies in {place.role}/, and no job of the journal has to do with it"
    )
