"""Whether an order means what it says: a job that is open, and a task that is no other job's."""

from seedance_watch.core.machine import fold
from seedance_watch.core.orders import Act, Order, Refused
from seedance_watch.engine.queue import Queue
from seedance_watch.ports import Journal

_SHOWN = 3


async def check(order: Order, queue: Queue, journal: Journal) -> None:
    """Look whether a person may have mistaken a name.

    Raises:
        Refused: There is no such open job, or another job has the task that is to be adopted.
    """
    if queue.job(order.job_id) is None:
        raise Refused(await unknown(order.job_id, queue, journal))
    if order.act is Act.ADOPT and not order.anyway:
        other = await journal.taker(order.task_id, order.job_id)
        if other:
            raise Refused(
                f"task {order.task_id} is that of job {other}: adopting it would bring the same "
                "video twice, and the other one never. Say --anyway if that is what you want"
            )


async def unknown(job_id: str, queue: Queue, journal: Journal) -> str:
    """Say why no job of a name is open, and which one may be meant."""
    if history := await journal.history(job_id):
        return f"job {job_id} is over ({fold(job_id, history).state})"
    near = sorted(job.id for job in queue.jobs() if job_id in {job.claim.stem, job.claim.drop_id})
    if near:
        return f"there is no open job {job_id}; did you mean {', '.join(near[:_SHOWN])}?"
    return f"there is no open job {job_id}; `status` lists them"
