"""Room in a budget: who may try, and at what price."""

from dataclasses import replace

from histories import SPEC, Story, claiming

from seedance_watch.core.events import Claimed, Held, Prepared, Released
from seedance_watch.core.machine import Job
from seedance_watch.engine.room import Room


def _held(number: int, *, priority: int = 0) -> Job:
    """Give a job that waits for its budget."""
    first = replace(claiming(f"shot{number:05}"), stem=f"shot{number}", priority=priority)
    events = (first, Claimed(), Prepared(SPEC), Held("budget", "over"))
    story = Story.of(f"job{number}")
    story.next(*events)
    return story.job


def test_the_first_in_line_tries_and_then_the_next() -> None:
    """Each is asked once for what became free, in fair order, others after it was refused."""
    jobs = {job.id: job for job in (_held(10), _held(9), _held(11, priority=1))}
    room = Room()
    for job in jobs.values():
        room.loaded(job)
    asked = []
    while found := list(room.next_of(jobs.get)):
        asked += found
        room.asked(jobs[found[0]], found[0])
    assert asked == ["job11", "job9", "job10"]


def test_who_was_let_go_or_ended_meanwhile_is_not_asked() -> None:
    """A place in the line counts only while its job waits for the budget."""
    gone, free, waits = _held(1), _held(2), _held(3)
    room = Room()
    for job in (gone, free, waits):
        room.loaded(job)
    story = Story(free)
    story.next(Released("person"))
    jobs = {free.id: story.job, waits.id: waits}
    assert list(room.next_of(jobs.get)) == [waits.id]


def test_to_ask_one_of_many_costs_no_look_at_all() -> None:
    """With many in line, one that may try costs a look at one job."""
    jobs = {job.id: job for job in map(_held, range(300))}
    room, looks = Room(), list[str]()
    for job in jobs.values():
        room.loaded(job)

    def look(job_id: str) -> Job | None:
        looks.append(job_id)
        return jobs.get(job_id)

    assert list(room.next_of(look)) == looks == ["job0"]
