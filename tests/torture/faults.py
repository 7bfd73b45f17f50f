"""Inject faults into every command and check the outcome.

    python -m tests.torture.faults [--seed N] [--rounds N] [--command NAME] [FAULT ...]

A trial passes if the command exits with a status other than 0 and a one-line error, or was done before the fault; if
all earlier files are unchanged and nothing but a checkpoint is left behind; and if the next run, without the fault,
gives the results of an undisturbed run.
"""

import argparse
import shlex
import signal
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.torture import limits, storage, timing
from tests.torture.kinds import INTERRUPTED, Fault
from tests.torture.sandbox import COMMANDS, create_sandboxes
from tests.torture.trial import Trial, list_attempts, run_trial

FAULTS = {fault.name: fault for fault in (*storage.FAULTS, *limits.FAULTS, *timing.FAULTS)}
THREADS = 2
MODULE = "tests.torture.faults"


def main() -> int:
    """Run a campaign and print its results; return 1 if a trial failed, 130 if interrupted, else 0."""
    parser = argparse.ArgumentParser(prog=f"python -m {MODULE}", description=str(__doc__).partition("\n")[0])
    parser.add_argument("fault", nargs="*", help=f"default: all of {', '.join(FAULTS)}")
    parser.add_argument("--command", choices=[command.name for command in COMMANDS], help="test only this command")
    parser.add_argument("--seed", type=int, default=1, help="seed of the random times and limits (default: 1)")
    parser.add_argument("--rounds", type=int, default=1, help="multiply the number of random trials (default: 1)")
    given = parser.parse_args()
    if unknown := set(given.fault) - set(FAULTS):
        parser.error(f"unknown fault {min(unknown)!r}: choose from {', '.join(FAULTS)}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the disks are unmounted
    try:
        return run_campaign([FAULTS[name] for name in given.fault or FAULTS], given)
    except KeyboardInterrupt:
        return INTERRUPTED


def run_campaign(faults: Sequence[Fault], given: argparse.Namespace) -> int:
    started, trials = time.monotonic(), list[Trial]()
    with TemporaryDirectory(prefix="torture-") as folder, ThreadPoolExecutor(THREADS) as pool:
        sandboxes = create_sandboxes(Path(folder) / "sandboxes")
        chosen = [sandbox for sandbox in sandboxes if given.command in (None, sandbox.command.name)]
        for fault in faults:
            if reason := fault.unavailable():
                print(f"{fault.name}: skipped, {reason}", flush=True)
                continue
            todo = [
                (each, attempt) for each in chosen for attempt in list_attempts(fault, each, given.seed, given.rounds)
            ]
            group = list(pool.map(lambda each, fault=fault: run_trial(fault, *each), todo))
            failed = [trial for trial in group if trial.failures]
            for trial in failed:
                print_failure(trial, given)
            counts = f"{len(group)} trials, {sum(trial.triggered for trial in group)} made the command fail"
            print(f"{fault.name}: {counts}, {len(group) - len(failed)} passed", flush=True)
            trials += group
    failed = [trial for trial in trials if trial.failures]
    print(f"{len(trials)} trials, {len(trials) - len(failed)} passed, in {time.monotonic() - started:.0f} s")
    return 1 if failed else 0


def print_failure(trial: Trial, given: argparse.Namespace) -> None:
    """Print the failures of a trial and the command that repeats it."""
    name = trial.sandbox.command.name
    print(f"FAILED: {trial.fault.name}, {name}, {trial.attempt.description}")
    for failure in trial.failures:
        print(f"    {failure}")
    again = ["--seed", given.seed, "--rounds", given.rounds, "--command", name, trial.fault.name]
    print(f"    repeat: python -m {MODULE} {shlex.join(map(str, again))}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
