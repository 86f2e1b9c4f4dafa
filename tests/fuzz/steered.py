"""Fuzzing steered by coverage (atheris), for as long as you like; no part of CI.

    pip install atheris                        # wheels for few versions of Python
    python tests/fuzz/steered.py SECONDS       # all targets, that long each
    python tests/fuzz/steered.py SECONDS answer sidecar

What it finds it writes to a file and says which; `python tests/fuzz/steered.py FILE TARGET` tries
that once more. Its corpus stays in FUZZ_CORPUS, else in a folder beside the temporary files.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

HERE = Path(__file__).absolute()
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parents[2])]
CORPUS = Path(os.environ.get("FUZZ_CORPUS", Path(tempfile.gettempdir()) / "seedance-watch-corpus"))
WISH = b"""prompt = "waves"
model = "lite"
duration = 5
seed = 7
takes = 2
[meta]
shot = [1, 2.5, "x", 2026-11-21]
"""
CONFIG = b"""state_dir = "state"
[[watch]]
inbox = "in"
route = ["rivya", "segmind"]
[watch.defaults]
duration = 10
[watch.budget.rivya]
per_day = 40
[providers.segmind]
api = "v1"
[[providers.rivya.prices]]
model = "seedance-1-0-lite"
amount = 3.5
when = { duration = 10 }
"""


def seeds() -> Mapping[str, list[bytes]]:
    """Give for each target what is right, to be spoiled."""
    from fuzz.answers import DIALECTS, FLOWS, STATUSES, recorded
    from fuzz.targets import TARGETS
    from histories import LIFE, claiming

    from seedance_watch.core.events import EVENT_TYPES
    from seedance_watch.journal import codec

    kinds, names = sorted(DIALECTS), sorted(EVENT_TYPES)
    written = [codec.encode(each) for each in (claiming(), *LIFE)]
    events = [bytes([names.index(name)]) + text.encode() for name, text in written]
    answers = [
        bytes([kinds.index(kind), FLOWS.index(name), STATUSES.index(reply.status), 1])
        + _json(reply.json)
        for kind, name, reply in recorded()
        if reply.status in STATUSES
    ]
    found = {"answer": answers, "record": events, "history": [b"\n".join(events)]}
    found |= {"config": [CONFIG], "sidecar": [WISH], "defaults": [WISH]}
    assert found.keys() == TARGETS.keys()
    return found


def _json(value: object) -> bytes:
    import json

    return b"" if value is None else json.dumps(value).encode()


def words() -> Iterator[str]:
    """Give what a blind search would never guess."""
    from fuzz.answers import NAMES, WORDS

    from seedance_watch.core.catalogue import CATALOGUE
    from seedance_watch.core.sidecar_keys import vocabulary

    yield from (*NAMES, *WORDS, *vocabulary(CATALOGUE), "watch", "providers", "rivya", "segmind")
    yield from (model for _, model in CATALOGUE)


def prepare() -> None:
    """Write the seeds and the dictionary."""
    for name, contents in seeds().items():
        folder = CORPUS / name
        folder.mkdir(parents=True, exist_ok=True)
        for number, content in enumerate(contents):
            (folder / f"seed{number}").write_bytes(content)
    lines = {"".join(f"\\x{byte:02x}" for byte in word.encode()) for word in words() if word}
    (CORPUS / "words").write_text("".join(f'"{line}"\n' for line in sorted(lines)))


def steer(target: str, what: str) -> None:
    """Fuzz one target in this process, which ends with it; or try one file."""
    import atheris

    with atheris.instrument_imports(include=["seedance_watch"]):
        from fuzz.targets import TARGETS

    folder = CORPUS / target
    asked = [what] if Path(what).is_file() else [f"-max_total_time={what}", str(folder)]
    limits = [
        "-max_len=8192",
        "-keep_seed=1",
        "-timeout=20",
        "-rss_limit_mb=4096",
        f"-dict={CORPUS / 'words'}",
    ]
    found = f"-artifact_prefix={CORPUS / target}-"
    atheris.Setup([sys.argv[0], *limits, "-print_final_stats=1", found, *asked], TARGETS[target])
    atheris.Fuzz()


def main() -> None:
    """Fuzz each target in a process of its own; the first that fails ends it."""
    what, *targets = sys.argv[1:] or ["60"]
    if what == "--one":
        steer(*targets)
        return
    prepare()
    for target in targets or seeds():
        print(f"{target} ...", flush=True)
        command = [sys.executable, str(HERE), "--one", target, what]
        done = subprocess.run(command, text=True, stderr=subprocess.PIPE, check=False)
        print(*_told(done.stderr), sep="\n", flush=True)
        if done.returncode:
            sys.exit(f"{target}: exit status {done.returncode}\n{done.stderr[-4000:]}")


def _told(log: str) -> list[str]:
    """Give what is worth telling of libFuzzer's log."""
    lines = log.splitlines()
    last = [line for line in lines if " cov: " in line][-1:]
    return last + [line for line in lines if "number_of_executed_units" in line]


if __name__ == "__main__":
    main()
