"""Many pairs dropped at once, to all placed; beside it a bare loop that makes the same calls."""

import subprocess
import sys
import time
from dataclasses import dataclass

from bench.stage import stage, until

SEATS = 64


@dataclass(frozen=True, slots=True)
class Run:
    """What so many jobs took.

    Attributes:
        jobs: How many.
        took_s: From the first drop to the last video.
        cpu_s: Processor time.
        peak_mib: Most resident memory that was seen.
    """

    jobs: int
    took_s: float
    cpu_s: float
    peak_mib: float = 0.0

    @property
    def rate(self) -> float:
        """Jobs per second."""
        return self.jobs / self.took_s

    @property
    def cpu_ms(self) -> float:
        """Processor time of a job, milliseconds."""
        return 1000 * self.cpu_s / self.jobs


def ours(jobs: int) -> Run:
    """Let the daemon do it."""
    with stage(seats=SEATS) as scene:
        pairs = scene.pairs(jobs)
        with scene.daemon() as process:
            before_s, begun_s, peak = process.cpu_s(), time.monotonic(), 0.0
            for pair in pairs:
                scene.drop(pair)
            while scene.placed() < jobs:
                peak = max(peak, process.memory_mib())
                time.sleep(0.2)
            until(lambda: len(scene.studio.seen("done")) == 2 * jobs)
            return Run(jobs, time.monotonic() - begun_s, process.cpu_s() - before_s, peak)


def bare(jobs: int) -> Run:
    """Let a bare loop do it, in a process of its own as well."""
    with stage(seats=SEATS) as scene:
        scene.pairs(jobs)
        for folder in ("outbox", "done"):
            (scene.studio.folder / folder).mkdir()
        out = subprocess.run(
            [
                sys.executable,
                "-m",
                "bench.bare_loop",
                scene.sandbox.url,
                str(scene.folder),
                str(SEATS),
            ],
            check=True,
            capture_output=True,
        )
        took_s, cpu_s = map(float, out.stdout.split())
        return Run(jobs, took_s, cpu_s)
