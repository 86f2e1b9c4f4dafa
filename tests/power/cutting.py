"""One experiment: let the daemon live on a logged disk and cut the power anywhere."""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from power import mounts, pasts, recording, rigs
from power.bench import CASES, Bench, Experiment


def conduct(experiment: Experiment) -> Iterator[dict[str, object]]:
    """Do the experiment; give a line for each finding, and one with the figures at the end."""
    ends_at = time.monotonic() + experiment.seconds
    outside = Path(tempfile.mkdtemp(prefix="power-"))
    done, found = 0, 0
    try:
        with mounts.in_memory(outside) as work, pasts.remembering() as past:
            bench = Bench(work, past, experiment)
            ops = bench.live()
            platter = recording.Platter(work / "base.img", ops, work)
            for left in bench.cuts(ops):
                if done >= experiment.cuts or time.monotonic() > ends_at:
                    break
                wrong = bench.after(platter.image(left), left)
                done, found = done + 1, found + bool(wrong)
                if wrong:
                    yield {"cut": left.how, "durable": left.durable, "wrong": wrong}
                    if experiment.first:
                        break
            yield {
                "cuts": done,
                "bad": found,
                "writes": sum(not op.is_flush for op in ops),
                "flushes": sum(op.is_flush for op in ops),
                "moments": len(bench.moments) - 1,
                **bench.tally,
            }
    finally:
        shutil.rmtree(outside, ignore_errors=True)


def main(arguments: Sequence[str]) -> None:
    """Conduct one experiment and print its lines as JSON."""
    parser = argparse.ArgumentParser(prog="python -m power")
    parser.add_argument("--kind", choices=mounts.FORMAT, default="ext4")
    parser.add_argument("--case", choices=CASES, default="rivya")
    parser.add_argument("--mutant", choices=rigs.MUTANTS, default="none")
    parser.add_argument("--journal", choices=("beside", "on"), default="beside")
    parser.add_argument("--drop", choices=("synced", "loose"), default="synced")
    parser.add_argument("--cuts", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--first", action="store_true")
    for line in conduct(Experiment(**vars(parser.parse_args(arguments)))):
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
