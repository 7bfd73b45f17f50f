"""Inject faults into every command and check the outcome.

    python -m tests.torture.faults [--seed N] [--rounds N] [--command NAME] [FAULT ...]

A trial passes if the command exits with a status other than 0 and a one-line error, or was done before the fault; if
all earlier files are unchanged and nothing but a checkpoint is left behind; and if the next run, without the fault,
gives the results of an undisturbed run.
"""

import argparse
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.markdown import table
from tests.torture import limits, storage, timing
from tests.torture.kinds import INTERRUPTED
from tests.torture.sandbox import COMMANDS, create_sandboxes
from tests.torture.trial import Trial, list_attempts, run_trial

FAULTS = {fault.name: fault for fault in (*storage.FAULTS, *limits.FAULTS, *timing.FAULTS)}
THREADS = 2


def main() -> int:
    """Run the campaign and print a table; return 1 if a trial failed, else 0."""
    arguments = read_arguments()
    faults = [FAULTS[name] for name in arguments.fault or FAULTS]
    skipped = {fault.name: reason for fault in faults if (reason := fault.unavailable())}
    started = time.monotonic()
    with TemporaryDirectory(prefix="torture-") as folder:
        sandboxes = [
            sandbox
            for sandbox in create_sandboxes(Path(folder) / "sandboxes")
            if arguments.command in (None, sandbox.command.name)
        ]
        todo = [
            (fault, sandbox, attempt)
            for fault in faults
            if fault.name not in skipped
            for sandbox in sandboxes
            for attempt in list_attempts(fault, sandbox, arguments.seed, arguments.rounds)
        ]
        trials = []
        pool = ThreadPoolExecutor(THREADS)
        try:
            for trial in pool.map(lambda each: run_trial(*each), todo):
                trials.append(trial)
                if trial.failures:
                    show_progress("")
                    print_failure(trial, arguments)
                show_progress(f"{len(trials)} of {len(todo)}: {trial.fault.name}, {trial.sandbox.command.name}")
        finally:  # on interruption, wait only for the running trials
            pool.shutdown(cancel_futures=True)
        show_progress("")
    print_table(trials)
    for name, reason in skipped.items():
        print(f"{name}: skipped, {reason}.")
    failed = [trial for trial in trials if trial.failures]
    print(f"{len(trials)} trials, {len(trials) - len(failed)} passed, in {time.monotonic() - started:.0f} s.")
    return 1 if failed else 0


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.torture.faults", description=__doc__.partition("\n")[0])
    parser.add_argument("fault", nargs="*", help=f"default: all of {', '.join(FAULTS)}")
    parser.add_argument("--command", choices=[command.name for command in COMMANDS], help="test only this command")
    parser.add_argument("--seed", type=int, default=1, help="seed of random times and sizes (default: 1)")
    parser.add_argument("--rounds", type=int, default=1, help="multiplies the number of attempts (default: 1)")
    arguments = parser.parse_args()
    for name in arguments.fault:
        if name not in FAULTS:
            parser.error(f"unknown fault {name!r}: choose from {', '.join(FAULTS)}")
    return arguments


def show_progress(text: str) -> None:
    """Replace the progress line, if stderr is a terminal."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def print_table(trials: Sequence[Trial]) -> None:
    """Print for each fault in how many trials it was injected, stopped the command, and passed."""
    rows = []
    for fault in dict.fromkeys(trial.fault.name for trial in trials):
        group = [trial for trial in trials if trial.fault.name == fault]
        passed = [trial for trial in group if not trial.failures]
        rows.append([fault, len(group), sum(trial.triggered for trial in group), len(passed)])
    print(table(["fault", "trials", "command failed", "passed"], rows))
    print(f"\nCommands: {', '.join(dict.fromkeys(trial.sandbox.command.name for trial in trials))}.")


def print_failure(trial: Trial, arguments: argparse.Namespace) -> None:
    """Print the failures of a trial and the command that repeats it."""
    name = trial.sandbox.command.name
    print(f"FAILED: {trial.fault.name}, {name}, {trial.attempt.description}")
    for failure in trial.failures:
        print(f"    {failure}")
    again = ["--seed", arguments.seed, "--rounds", arguments.rounds, "--command", name, trial.fault.name]
    print(f"    repeat: python -m tests.torture.faults {shlex.join(map(str, again))}", flush=True)


def enter_mount_namespace() -> None:
    """Restart this program in a namespace in which a normal user can mount a disk, if that is possible."""
    line = ["unshare", "--mount", "--map-root-user"]
    if os.geteuid() == 0 or not shutil.which("unshare"):
        return
    if subprocess.run([*line, "true"], capture_output=True).returncode == 0:
        os.execvp(line[0], [*line, sys.executable, "-m", "tests.torture.faults", *sys.argv[1:]])


if __name__ == "__main__":
    enter_mount_namespace()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the disks are unmounted
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
