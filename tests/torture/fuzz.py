"""Fuzz the readers of external files, except that of package archives: `make torture`, or

    python -m tests.torture.fuzz [--seconds S] [--inputs N] [TARGET ...]
    python -m tests.torture.fuzz --repeat FILE TARGET

Each target is fuzzed in separate processes by two drivers: format-aware mutations with a fixed seed and, if Atheris is
installed, inputs guided by code coverage. The table has a line for each. A finding is an output that the input does
not justify, an exception other than the project's errors, a hang, a dead process, or memory above the target's limit.
A hang or the death of the process ends the line. Findings are saved in .torture_cache, the commands that repeat them
are printed, and the exit status is 1.
"""

import argparse
import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.markdown import table
from tests.processes import ROOT, environment
from tests.torture import worker
from tests.torture.targets import Target, all_targets
from tests.torture.worker import Counts

FINDINGS = Path(".torture_cache")
DEADLINE = 10.0  # seconds for one input, on a busy machine
UNLIMITED = 10**9  # inputs
DRIVERS = {"mutations": worker.drive_by_mutations, "coverage": worker.drive_by_coverage}
SHOWN = 20  # findings to print
TITLES = ("inputs", "refused", "accepted", "wrong", "crashes", "hangs", "slowest", "peak")
HUNG = "Timeout ("  # the start of the traceback by faulthandler


@dataclass(frozen=True)
class Job:
    """A target, its driver, and the limits in seconds and inputs."""

    target: str
    driver: str
    seconds: float
    inputs: int


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
        for job, counts in zip(jobs, pool.map(lambda job: run_job(job, FINDINGS), jobs), strict=True):
            numbers = (counts.inputs, counts.refused, counts.accepted, counts.wrong, counts.crashes + counts.deaths)
            cells = [f"{number:,}" for number in (*numbers, counts.hangs)]
            cells += [f"{counts.slowest / 1e6:,.0f} ms", f"{counts.peak / 1000:,.0f} MB"]
            rows.append([f"{job.target}, by {job.driver}", *cells])
            print(*rows[-1], file=sys.stderr)
            total += counts.inputs
            bad |= is_bad(counts, all_targets()[job.target])
    print(table(["target", *TITLES], rows))
    print(f"\n{total:,} inputs, {each:.0f} s for each line of the table" + ("." if bad else ", no findings."))
    for path in sorted(FINDINGS.glob("*.txt"))[:SHOWN] if bad else ():
        file = path.with_suffix("")
        print(f"{path.read_text().splitlines()[-1][:100]}")
        print(f"    {sys.executable} -m tests.torture.fuzz --repeat {file} {file.name.rpartition('-')[0]}")
    return int(bad)


def is_bad(counts: Counts, target: Target) -> bool:
    """Return whether a job has findings, or did not see both accepted and refused inputs."""
    incomplete = not counts.inputs or not counts.refused or not counts.accepted
    findings = counts.wrong + counts.crashes + counts.hangs + counts.deaths
    return bool(findings or incomplete or counts.peak > 1000 * target.max_memory)


def run_job(job: Job, findings: Path, module: str = "tests.torture.fuzz", deadline: float = DEADLINE) -> Counts:
    """Run a job in a separate process."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    with tempfile.TemporaryDirectory(dir=memory) as scratch:
        state, log = Path(scratch) / "state", Path(scratch) / "log"
        worker.create_state(state)
        arguments = map(str, (job.target, job.driver, job.seconds, job.inputs, state, findings, deadline))
        with open(log, "wb") as output:
            done = subprocess.run(
                [sys.executable, "-m", module, "worker", *arguments],
                env={**environment(), **threads, "TMPDIR": scratch, "PYTHONHASHSEED": "0"},
                cwd=ROOT,
                stdout=output,
                stderr=output,
            )
        counts, body = worker.read_state(state)
        if done.returncode:
            report = log.read_text(errors="replace")
            hung = HUNG in report
            counts.hangs, counts.deaths = int(hung), int(not hung)
            reason = f"no result after {deadline} seconds" if hung else f"the process ended with {done.returncode}"
            worker.save_finding(findings, job.target, body, f"{report}\n{job.driver}: {reason}\n")
    return counts


def work(arguments: Sequence[str], targets: Callable[[], dict[str, Target]] = all_targets) -> None:
    """Run a process of `run_job`."""
    name, driver, seconds, inputs, state, findings, deadline = arguments
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted and ends this process
    if driver == "coverage":
        import atheris

        with atheris.instrument_imports(include=["pipeline", "stages"]):
            target = targets()[name]
    else:
        target = targets()[name]
    worker.prepare_process()
    recorder = worker.Recorder(name, target, Path(state), Path(findings), float(deadline))
    DRIVERS[driver](recorder, 1, float(seconds), int(inputs))


if __name__ == "__main__":
    if sys.argv[1:2] == ["worker"]:
        work(sys.argv[2:])
    else:
        sys.exit(main(sys.argv[1:]))
