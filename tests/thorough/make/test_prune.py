import os
import signal
from pathlib import Path

from tests.make.common import SAMPLE, STAGES, digests, make, outcome, stage, start, worked
from tests.processes import wait_for


def test_prune_keeps_published_results(project: Path) -> None:
    for epochs in (1, 2, 3):
        make(project, "all", *SAMPLE, f"EPOCHS={epochs}")
    make(project, "all", *SAMPLE, "EPOCHS=2")
    before = digests(project)
    store = project / "artifacts/.store"
    sizes = {path.name: sum(file.stat().st_size for file in path.iterdir()) for path in store.glob("*-*")}
    assert len(sizes) == len(STAGES) + 3 * 4 + 1  # a report lists all earlier runs
    result = stage(project, "prune", "--keep", "1")
    *lines, total = result.stdout.splitlines()
    left = {path.name for path in store.glob("*-*")}
    assert left == {(project / "artifacts" / name).readlink().name for name in STAGES}
    gone = {name: size for name, size in sizes.items() if name not in left}
    assert sorted(lines) == [f"{name}: {size / 1e6:.1f} MB" for name, size in sorted(gone.items())]
    assert total == f"freed {sum(gone.values()) / 1e6:.1f} MB: {len(gone)} results -> artifacts"
    assert digests(project) == before
    assert outcome(make(project, "all", *SAMPLE, "EPOCHS=2")) == {"report": "worked"}  # with fewer runs
    assert worked(make(project, "all", *SAMPLE, "EPOCHS=3")) == ["train", "evaluate", "export", "report"]


def test_prune_keeps_results_of_a_running_stage(project: Path) -> None:
    with start(project, "make", "train", *SAMPLE, "EPOCHS=150") as training:
        wait_for("epoch 2 ", training.stderr)
        os.killpg(training.pid, signal.SIGSTOP)
        try:
            assert stage(project, "normalize", "--validation", "100").returncode == 0  # unpublish its input
            result = stage(project, "prune", "--keep", "1")
        finally:
            os.killpg(training.pid, signal.SIGCONT)
        rest = training.communicate()[1]
    assert result.stdout.count("in use, kept") == 2
    assert training.returncode == 0, rest
    assert worked(make(project, "train", *SAMPLE, "EPOCHS=150")) == []
