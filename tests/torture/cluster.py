"""Kill Dask workers and schedulers during runs.

    python -m tests.torture.cluster [--seed N] [--rounds N] [--command NAME] [FAULT ...]

As in `faults`, but the commands run on a cluster of two workers. After the loss of one, a command must finish, with the
results of a run without a cluster. After the loss of all or of the scheduler, it must end within a minute with status 1
and a one-line error, and the next run, without a cluster, must give those results.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from tests.cluster import Cluster, run_cluster
from tests.torture.faults import main
from tests.torture.kinds import FAILED, Attempt, Fault
from tests.torture.sandbox import COMMANDS as ALL
from tests.torture.sandbox import Sandbox, finish, start

LINES = {  # with enough work that there is time to kill
    "predict": "predict artifacts/parse/train-images.npy --output predictions.npy --block-size 4",
}
FIRST = {  # exists from the first partial result on
    "predict": ".predictions.npy.partial/journal",
}
COMMANDS = tuple(replace(command, line=tuple(LINES[command.name].split())) for command in ALL if command.name in LINES)
DURATION = 1.0  # seconds, about that of the work


def kill(sandbox: Sandbox, generator: Random, rounds: int, victim: str) -> Iterator[Attempt]:
    """Kill processes of the cluster at random moments after the first partial result."""
    for _ in range((20 if victim == "a worker" else 4) * rounds):
        seconds = generator.uniform(0, 0.8) * DURATION

        def inject(sandbox: Sandbox, project: Path, seconds: float = seconds) -> subprocess.CompletedProcess[str]:
            with TemporaryDirectory() as folder, run_cluster(Path(folder), workers=2) as cluster:
                line = (*sandbox.command.line, "--scheduler", cluster.address)
                with start(replace(sandbox.command, line=line), project) as process:
                    while process.poll() is None and not any(project.glob(FIRST[sandbox.command.name])):
                        time.sleep(0.01)
                    time.sleep(seconds)
                    for each in find_victims(victim, cluster):
                        each.kill()
                        each.wait()
                    return finish(process)

        statuses = () if victim == "a worker" else (FAILED,)
        yield Attempt(f"{seconds:.2f} s after the first result", inject, statuses)


def find_victims(victim: str, cluster: Cluster) -> list[subprocess.Popen[bytes]]:
    if victim == "the scheduler":
        return [cluster.scheduler] if cluster.scheduler else []
    return cluster.workers[: 1 if victim == "a worker" else None]


FAULTS = tuple(Fault(victim, partial(kill, victim=victim)) for victim in ("a worker", "all workers", "the scheduler"))

if __name__ == "__main__":
    sys.exit(main(FAULTS, COMMANDS, __doc__, "tests.torture.cluster"))
