"""Fuzzing of everything that reads what others wrote: `make torture`, or

    python -m tests.torture.fuzz [--seconds S] [--inputs N] [TARGET ...]
    python -m tests.torture.fuzz --repeat FILE TARGET

Each target gets its inputs twice over, in processes of their own: damaged by rules that know the format, from a fixed
seed; and, where Atheris is installed, found by the coverage of our code. A line for each says what came of it. What may
not come of it (an output that the input does not justify, another exception than the project's own, a hang, a process
that dies, more memory than its ceiling) is kept in .torture_cache, with the command that repeats it, and the exit
status is 1.
"""

import argparse
import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.processes import ROOT, environment
from tests.torture.targets import Target, all_targets
from tests.torture.worker import (
    Counts,
    Recorder,
    create_board,
    drive_by_coverage,
    drive_by_mutations,
    keep,
    prepare_process,
    read_board,
)

FINDINGS = Path(".torture_cache")
DEADLINE = 10.0  # seconds for one input, on a machine that others may use as well
MOST = 10**9  # inputs, if nobody says how many
DRIVERS = ("mutations", "coverage")
SHOWN = 20  # findings that are told of
INSTRUMENTED = ["pipeline", "stages"]


@dataclass(frozen=True)
class Job:
    """A target, what drives it, and for how many seconds and inputs at most."""

    target: str
    driver: str
    seconds: float
    inputs: int
    seed: int = 1


@dataclass
class Outcome:
    """What came of a job, or of several: the counts; hangs, and processes that died, each with what is known of it."""

    counts: Counts
    hangs: int = 0
    deaths: int = 0

    def add(self, counts: Counts) -> None:
        """Take the counts of one more process."""
        for name in ("inputs", "refused", "accepted", "wrong", "crashes"):
            setattr(self.counts, name, getattr(self.counts, name) + getattr(counts, name))
        self.counts.slowest = max(self.counts.slowest, counts.slowest)
        self.counts.peak = max(self.counts.peak, counts.peak)


def main(arguments: Sequence[str]) -> int:
    """Run what the arguments say; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture.fuzz", description="Fuzz what reads files.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="by default all of them")
    parser.add_argument("--seconds", type=float, default=600, help="in all, for all targets")
    parser.add_argument("--inputs", type=int, default=MOST, help="at most, of each driver for each target")
    parser.add_argument("--repeat", type=Path, metavar="FILE", help="only give what is in FILE to the target")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.targets if name not in all_targets()]
    if unknown:
        parser.error(f"there is no target {unknown[0]}: choose from {', '.join(all_targets())}")
    names = options.targets or list(all_targets())
    if options.repeat:
        accepted = [all_targets()[name].check(options.repeat.read_bytes()) for name in names]
        print("accepted" if all(accepted) else "refused")
        return 0
    return fuzz(names, options.seconds, options.inputs)


def fuzz(names: Sequence[str], seconds: float, inputs: int) -> int:
    """Fuzz the targets of these names and print the table; the exit status."""
    drivers = [driver for driver in DRIVERS if driver == "mutations" or importlib.util.find_spec("atheris")]
    workers = os.cpu_count() or 1
    each = seconds * workers / (len(names) * len(drivers))
    jobs = [Job(name, driver, each, inputs) for name in names for driver in drivers]
    print(f"{len(names)} targets, {each:.0f} s each by {' and '.join(drivers)}")
    print(f"{'target':12} {'driver':10}", *(f"{title:>9}" for title in TITLES), flush=True)
    total, bad = 0, False
    with ThreadPoolExecutor(workers) as pool:
        for job, outcome in zip(jobs, pool.map(lambda job: run_job(job, FINDINGS), jobs), strict=True):
            print(f"{job.target:12} {job.driver:10}", *(f"{cell:>9}" for cell in cells(outcome)), flush=True)
            total += outcome.counts.inputs
            bad |= is_bad(outcome, all_targets()[job.target])
    print(f"{total:,} inputs" + ("" if bad else ": nothing came of them that may not"))
    if bad:
        for path in sorted(FINDINGS.glob("*.txt"))[:SHOWN]:
            file = path.with_suffix("")
            print(f"{path.read_text().splitlines()[-1][:100]}")
            print(f"    {sys.executable} -m tests.torture.fuzz --repeat {file} {file.name.rpartition('-')[0]}")
    return int(bad)


TITLES = ("inputs", "refused", "accepted", "wrong", "crashes", "hangs", "slowest", "peak")


def cells(outcome: Outcome) -> list[str]:
    """The figures of a line of the table; the slowest input in ms, the peak of memory in MB."""
    counts = outcome.counts
    numbers = (counts.inputs, counts.refused, counts.accepted, counts.wrong, counts.crashes + outcome.deaths)
    told = [f"{number:,}" for number in (*numbers, outcome.hangs)]
    return [*told, f"{counts.slowest / 1e6:,.0f} ms", f"{counts.peak / 1000:,.0f} MB"]


def is_bad(outcome: Outcome, target: Target) -> bool:
    """Whether anything came of a job that may not."""
    counts = outcome.counts
    nothing = not counts.inputs or not counts.refused or not counts.accepted
    many = counts.wrong + counts.crashes + outcome.hangs + outcome.deaths
    return bool(many or nothing or counts.peak > 1000 * target.ceiling)


def run_job(job: Job, findings: Path, module: str = "tests.torture.fuzz", deadline: float = DEADLINE) -> Outcome:
    """Run a job in a process of its own; in another one, if that has to be killed or dies, for the rest of the time."""
    outcome, ends = Outcome(Counts()), time.monotonic() + job.seconds
    with tempfile.TemporaryDirectory(dir=_memory()) as scratch:
        for attempt in range(4):
            left = ends - time.monotonic() if attempt else job.seconds
            inputs = job.inputs - outcome.counts.inputs
            if left <= 0 or inputs <= 0:
                break
            board = Path(scratch) / f"board-{attempt}"
            create_board(board)
            rest = Job(job.target, job.driver, left, inputs, job.seed + attempt)
            status = _watch(_start(rest, board, findings, scratch, module), board, deadline, left)
            counts, body = read_board(board)
            outcome.add(counts)
            if status == 0:
                break
            if status is None:
                outcome.hangs += 1
                keep(findings, job.target, body, f"{job.driver}: it takes more than {deadline} seconds\n")
            else:
                outcome.deaths += 1
                story = (Path(scratch) / "said").read_text(errors="replace")
                keep(findings, job.target, body, f"{story}\n{job.driver}: the process ended with {status}\n")
    return outcome


def _memory() -> str | None:
    """A place for files that is none of a disk's, if there is one."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def _start(job: Job, board: Path, findings: Path, scratch: str, module: str) -> subprocess.Popen[bytes]:
    numbers = (job.seconds, job.inputs, job.seed)
    rest = map(str, (job.target, job.driver, *numbers, board, findings))
    command = [sys.executable, "-m", module, "worker", *rest]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    settings = {**environment(), **threads, "TMPDIR": scratch, "PYTHONHASHSEED": "0"}
    with open(Path(scratch) / "said", "wb") as said:
        return subprocess.Popen(command, env=settings, cwd=ROOT, stdout=said, stderr=said)


def _watch(process: subprocess.Popen[bytes], board: Path, deadline: float, seconds: float) -> int | None:
    """The exit status of a process, or None if it was at one input for longer than the deadline, and was killed."""
    started = time.monotonic()
    try:
        while process.poll() is None:
            counts, _ = read_board(board)
            at = time.monotonic_ns() - counts.began if counts.began else 0
            if at > deadline * 1e9 or time.monotonic() - started > seconds + 60 + deadline:
                return None
            time.sleep(0.02 if seconds < 60 else 0.2)
        return process.returncode
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def work(arguments: Sequence[str], targets: Callable[[], dict[str, Target]] = all_targets) -> None:
    """What a process of `run_job` does."""
    name, driver, seconds, inputs, seed, board, findings = arguments
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one that watches is interrupted, and ends this one
    if driver == "coverage":
        import atheris

        with atheris.instrument_imports(include=INSTRUMENTED):
            target = targets()[name]
    else:
        target = targets()[name]
    prepare_process()
    recorder = Recorder(name, target, Path(board), Path(findings))
    if driver == "coverage":
        drive_by_coverage(recorder, int(seed), float(seconds), int(inputs))
    else:
        drive_by_mutations(recorder, int(seed), time.monotonic() + float(seconds), int(inputs))


if __name__ == "__main__":
    if sys.argv[1:2] == ["worker"]:
        work(sys.argv[2:])
    else:
        sys.exit(main(sys.argv[1:]))
