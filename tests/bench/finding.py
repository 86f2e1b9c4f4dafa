"""From finished at the provider to placed in the outbox, in real time, with learned durations."""

import statistics
from dataclasses import dataclass

from bench.stage import Stage, stage, until


@dataclass(frozen=True, slots=True)
class Found:
    """How soon ends were found.

    Attributes:
        usual_s: Median of the true durations.
        late_s: Median of the time from the end to the video in the outbox.
        polls: Median of the questions per job.
        most_polls: Of nine jobs of ten, the most questions.
    """

    usual_s: float
    late_s: float
    polls: float
    most_polls: float


def found(jobs: int, time_factor: float) -> Found:
    """Let the daemon learn from some jobs and look how it does on as many others.

    The sandbox takes 32 to 95 s, as its defaults are, times the factor.
    """
    with stage(time_factor=time_factor, seats=jobs, rivya_queue_s=(2.0, 5.0)) as scene:
        if time_factor == 1.0:  # else nothing is learned, the first look would come much too late
            text = scene.studio.config.read_text().replace("poll_first_s = 0.02\n", "")
            scene.studio.config.write_text(text.replace("poll_max_s = 0.05\n", ""))
        with scene.daemon():
            _wave(scene, jobs)
            return _summed(scene, _wave(scene, jobs))


def _wave(scene: Stage, jobs: int) -> set[str]:
    """Drop so many and wait until all are placed; give their tasks' names."""
    before = {task.id for task in scene.sandbox.tasks()}
    placed = scene.placed()
    for pair in scene.pairs(jobs):
        scene.drop(pair)
    until(lambda: scene.placed() == placed + jobs, every_s=0.05)
    return {task.id for task in scene.sandbox.tasks()} - before


def _summed(scene: Stage, tasks: set[str]) -> Found:
    polls = [call.path.rpartition("/")[2] for call in scene.sandbox.calls("rivya.status")]
    asked = [polls.count(task) for task in tasks]
    ends = {task.body["prompt"]: task for task in scene.sandbox.tasks() if task.id in tasks}
    late = []
    for prompt, task in ends.items():
        number = int(prompt.split()[-1])
        video = scene.studio.outbox / f"shot{number:06}.mp4"
        late.append(video.stat().st_ctime - task.ends_at)
    took = [task.ends_at - task.created_at for task in ends.values()]
    return Found(
        statistics.median(took),
        statistics.median(late),
        statistics.median(asked),
        statistics.quantiles(asked, n=10)[8],
    )
