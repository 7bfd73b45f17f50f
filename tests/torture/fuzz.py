"""Fuzz the readers of external files, except that of package archives: `make torture`, or

    python -m tests.torture.fuzz [--seconds S] [--inputs N] [TARGET ...]
    python -m tests.torture.fuzz --repeat FILE TARGET

Each target is fuzzed in separate processes by two drivers: format-aware mutations with a fixed seed and, if Atheris is
installed, inputs guided by code coverage. The table has a line for each. A finding is an output that the input does
not justify, an exception other than the project's errors, a hang, a dead process, or memory above the target's limit.
Findings are saved in .torture_cache, the commands that repeat them are printed, and the exit status is 1.
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

from tests.benchmarks.markdown import table
from tests.processes import ROOT, environment
from tests.torture.targets import Target, all_targets
from tests.torture.worker import (
    Counts,
    Recorder,
    create_state,
    drive_by_coverage,
    drive_by_mutations,
    prepare_process,
    read_state,
    save_finding,
)

FINDINGS = Path(".torture_cache")
DEADLINE = 10.0  # seconds for one input, on a busy machine
UNLIMITED = 10**9  # inputs
DRIVERS = ("mutations", "coverage")
SHOWN = 20  # findings to print
INSTRUMENTED = ["pipeline", "stages"]


@dataclass(frozen=True)
class Job:
    """A target, its driver, and the limits in seconds and inputs."""

    target: str
    driver: str
    seconds: float
    inputs: int
    seed: int = 1


@dataclass
class Outcome:
    """The result of a job, which may need several processes. deaths: processes that ended by a signal or an error."""

    counts: Counts
    hangs: int = 0
    deaths: int = 0

    def add(self, counts: Counts) -> None:
        for name in ("inputs", "refused", "accepted", "wrong", "crashes"):
            setattr(self.counts, name, getattr(self.counts, name) + getattr(counts, name))
        self.counts.slowest = max(self.counts.slowest, counts.slowest)
        self.counts.peak = max(self.counts.peak, counts.peak)


def main(arguments: Sequence[str]) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture.fuzz", description="Fuzz readers of files.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="default: all")
    parser.add_argument("--seconds", type=float, default=600, help="time for all targets together")
    parser.add_argument("--inputs", type=int, default=UNLIMITED, help="limit for each driver and target")
    parser.add_argument("--repeat", type=Path, metavar="FILE", help="pass the content of FILE to the target once")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.targets if name not in all_targets()]
    if unknown:
        parser.error(f"unknown target {unknown[0]}: choose from {', '.join(all_targets())}")
    names = options.targets or list(all_targets())
    if options.repeat:
        accepted = [all_targets()[name].check(options.repeat.read_bytes()) for name in names]
        print("accepted" if all(accepted) else "refused")
        return 0
    return fuzz(names, options.seconds, options.inputs)


def fuzz(names: Sequence[str], seconds: float, inputs: int) -> int:
    """Fuzz the targets with these names and print the table; return the exit status."""
    drivers = [driver for driver in DRIVERS if driver == "mutations" or importlib.util.find_spec("atheris")]
    workers = os.cpu_count() or 1
    each = seconds * workers / (len(names) * len(drivers))
    jobs = [Job(name, driver, each, inputs) for name in names for driver in drivers]
    rows, total, bad = [], 0, False
    with ThreadPoolExecutor(workers) as pool:
        for job, outcome in zip(jobs, pool.map(lambda job: run_job(job, FINDINGS), jobs), strict=True):
            rows.append([f"{job.target}, by {job.driver}", *cells(outcome)])
            print(*rows[-1], file=sys.stderr)
            total += outcome.counts.inputs
            bad |= is_bad(outcome, all_targets()[job.target])
    print(table(["target", *TITLES], rows))
    print(f"\n{total:,} inputs, {each:.0f} s for each line of the table" + ("." if bad else ", no findings."))
    if bad:
        for path in sorted(FINDINGS.glob("*.txt"))[:SHOWN]:
            file = path.with_suffix("")
            print(f"{path.read_text().splitlines()[-1][:100]}")
            print(f"    {sys.executable} -m tests.torture.fuzz --repeat {file} {file.name.rpartition('-')[0]}")
    return int(bad)


TITLES = ("inputs", "refused", "accepted", "wrong", "crashes", "hangs", "slowest", "peak")


def cells(outcome: Outcome) -> list[str]:
    """Format a line of the table: counts, the slowest input in ms, the peak memory in MB."""
    counts = outcome.counts
    numbers = (counts.inputs, counts.refused, counts.accepted, counts.wrong, counts.crashes + outcome.deaths)
    formatted = [f"{number:,}" for number in (*numbers, outcome.hangs)]
    return [*formatted, f"{counts.slowest / 1e6:,.0f} ms", f"{counts.peak / 1000:,.0f} MB"]


def is_bad(outcome: Outcome, target: Target) -> bool:
    """Return whether a job has findings, or did not see both accepted and refused inputs."""
    counts = outcome.counts
    incomplete = not counts.inputs or not counts.refused or not counts.accepted
    findings = counts.wrong + counts.crashes + outcome.hangs + outcome.deaths
    return bool(findings or incomplete or counts.peak > 1000 * target.max_memory)


def run_job(job: Job, findings: Path, module: str = "tests.torture.fuzz", deadline: float = DEADLINE) -> Outcome:
    """Run a job in a separate process; if that hangs or dies, start another for the remaining time."""
    outcome, ends = Outcome(Counts()), time.monotonic() + job.seconds
    with tempfile.TemporaryDirectory(dir=_memory()) as scratch:
        for attempt in range(4):
            left = ends - time.monotonic() if attempt else job.seconds
            inputs = job.inputs - outcome.counts.inputs
            if left <= 0 or inputs <= 0:
                break
            state = Path(scratch) / f"state-{attempt}"
            create_state(state)
            rest = Job(job.target, job.driver, left, inputs, job.seed + attempt)
            status = _watch(_start(rest, state, findings, scratch, module), state, deadline, left)
            counts, body = read_state(state)
            outcome.add(counts)
            if status == 0:
                break
            if status is None:
                outcome.hangs += 1
                save_finding(findings, job.target, body, f"{job.driver}: no result after {deadline} seconds\n")
            else:
                outcome.deaths += 1
                log = (Path(scratch) / "log").read_text(errors="replace")
                save_finding(findings, job.target, body, f"{log}\n{job.driver}: the process ended with {status}\n")
    return outcome


def _memory() -> str | None:
    """Return a folder in memory, if there is one."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def _start(job: Job, state: Path, findings: Path, scratch: str, module: str) -> subprocess.Popen[bytes]:
    numbers = (job.seconds, job.inputs, job.seed)
    arguments = map(str, (job.target, job.driver, *numbers, state, findings))
    command = [sys.executable, "-m", module, "worker", *arguments]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    settings = {**environment(), **threads, "TMPDIR": scratch, "PYTHONHASHSEED": "0"}
    with open(Path(scratch) / "log", "wb") as log:
        return subprocess.Popen(command, env=settings, cwd=ROOT, stdout=log, stderr=log)


def _watch(process: subprocess.Popen[bytes], state: Path, deadline: float, seconds: float) -> int | None:
    """Return the exit status of a process; None if one input exceeded the deadline and the process was killed."""
    started = time.monotonic()
    try:
        while process.poll() is None:
            counts, _ = read_state(state)
            elapsed = time.monotonic_ns() - counts.began if counts.began else 0
            if elapsed > deadline * 1e9 or time.monotonic() - started > seconds + 60 + deadline:
                return None
            time.sleep(0.02 if seconds < 60 else 0.2)
        return process.returncode
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def work(arguments: Sequence[str], targets: Callable[[], dict[str, Target]] = all_targets) -> None:
    """Run a process of `run_job`."""
    name, driver, seconds, inputs, seed, state, findings = arguments
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted and ends this process
    if driver == "coverage":
        import atheris

        with atheris.instrument_imports(include=INSTRUMENTED):
            target = targets()[name]
    else:
        target = targets()[name]
    prepare_process()
    recorder = Recorder(name, target, Path(state), Path(findings))
    if driver == "coverage":
        drive_by_coverage(recorder, int(seed), float(seconds), int(inputs))
    else:
        drive_by_mutations(recorder, int(seed), time.monotonic() + float(seconds), int(inputs))


if __name__ == "__main__":
    if sys.argv[1:2] == ["worker"]:
        work(sys.argv[2:])
    else:
        sys.exit(main(sys.argv[1:]))
