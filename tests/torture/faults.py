"""A campaign of faults: what can go wrong with every command, done for real, and whether it is survived.

    python -m tests.torture.faults [--seed N] [--rounds N] [--command NAME] [FAULT ...]

A fault is survived if the command ends with a status other than 0 and one line that says why, or was done before; if
everything that was there is as it was to the last byte, nothing but a checkpoint is left behind, and the next run,
without the fault, makes what an undisturbed one makes.
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

from tests.torture import limits, moments, places
from tests.torture.kinds import INTERRUPTED
from tests.torture.verdict import Trial, list_attempts, undergo
from tests.torture.workshop import COMMANDS, set_up

FAULTS = {fault.name: fault for fault in (*places.FAULTS, *limits.FAULTS, *moments.FAULTS)}
AT_ONCE = 2


def main() -> int:
    """Try what is asked for, print a table, and give the exit status: 1 if something was not survived."""
    arguments = read_arguments()
    wanted = [FAULTS[name] for name in arguments.fault or FAULTS]
    lacking = {fault.name: lack for fault in wanted if (lack := fault.lack())}
    started = time.monotonic()
    with TemporaryDirectory(prefix="torture-") as folder:
        benches = [
            bench for bench in set_up(Path(folder) / "benches") if arguments.command in (None, bench.command.name)
        ]
        todo = [
            (fault, bench, attempt)
            for fault in wanted
            if fault.name not in lacking
            for bench in benches
            for attempt in list_attempts(fault, bench, arguments.seed, arguments.rounds)
        ]
        trials = []
        pool = ThreadPoolExecutor(AT_ONCE)
        try:
            for trial in pool.map(lambda each: undergo(*each), todo):
                trials.append(trial)
                if trial.flaws:
                    show_progress("")
                    print_failure(trial, arguments)
                show_progress(f"{len(trials)} of {len(todo)}: {trial.fault.name}, {trial.bench.command.name}")
        finally:  # also when somebody interrupts: then those under way are the last
            pool.shutdown(cancel_futures=True)
        show_progress("")
    print_table(trials)
    for name, lack in lacking.items():
        print(f"{name}: not tried, {lack}")
    failed = [trial for trial in trials if trial.flaws]
    print(f"{len(trials)} faults tried, {len(trials) - len(failed)} survived, in {time.monotonic() - started:.0f} s")
    return 1 if failed else 0


def read_arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture.faults", description=__doc__.partition(":")[0])
    parser.add_argument("fault", nargs="*", help=f"by default all: {', '.join(FAULTS)}")
    parser.add_argument("--command", choices=[command.name for command in COMMANDS], help="only this one")
    parser.add_argument("--seed", type=int, default=1, help="of the moments and places, by default 1")
    parser.add_argument("--rounds", type=int, default=1, help="how many of each, by default 1")
    arguments = parser.parse_args()
    for name in arguments.fault:
        if name not in FAULTS:
            parser.error(f"no fault is called {name!r}: {', '.join(FAULTS)}")
    return arguments


def show_progress(text: str) -> None:
    """On a terminal, where the campaign is."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def print_table(trials: Sequence[Trial]) -> None:
    """For each fault and command how often it was tried, came before the end of the work, and was survived."""
    row = "{:20}  {:15} {:>6} {:>6} {:>9}".format
    print(row("fault", "command", "tried", "bit", "survived"))
    for fault, command in dict.fromkeys((trial.fault.name, trial.bench.command.name) for trial in trials):
        those = [trial for trial in trials if (trial.fault.name, trial.bench.command.name) == (fault, command)]
        survived = [trial for trial in those if not trial.flaws]
        print(row(fault, command, len(those), sum(trial.bit for trial in those), len(survived)))


def print_failure(trial: Trial, arguments: argparse.Namespace) -> None:
    """What was not survived, and how to try it again."""
    name = trial.bench.command.name
    print(f"NOT SURVIVED: {trial.fault.name}, {name}, {trial.attempt.how}")
    for flaw in trial.flaws:
        print(f"    {flaw}")
    again = ["--seed", arguments.seed, "--rounds", arguments.rounds, "--command", name, trial.fault.name]
    print(f"    again: python -m tests.torture.faults {shlex.join(map(str, again))}", flush=True)


def with_mounts() -> None:
    """Start this program again where an ordinary user may mount a disk, if there is such a place."""
    line = ["unshare", "--mount", "--map-root-user"]
    if os.geteuid() == 0 or not shutil.which("unshare"):
        return
    if subprocess.run([*line, "true"], capture_output=True).returncode == 0:
        os.execvp(line[0], [*line, sys.executable, "-m", "tests.torture.faults", *sys.argv[1:]])


if __name__ == "__main__":
    with_mounts()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever is asked to stop takes its disks away
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
