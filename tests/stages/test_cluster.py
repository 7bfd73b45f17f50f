"""A real Dask cluster gives the bits of one process; tests/thorough/stages/test_cluster.py kills its workers."""

from pathlib import Path

from tests.cluster import started
from tests.processes import Run
from tests.stages.common import snapshot

RESULTS = ("evaluate/predictions.npy", "evaluate/probabilities.npy", "evaluate/metrics.json")


def test_evaluate_on_two_workers_gives_the_bits_of_one_process(run: Run, project: Path, tmp_path: Path) -> None:
    before = snapshot(project / "artifacts")
    backend = tmp_path.parent / f"{tmp_path.name}-cluster"
    backend.mkdir()
    with started(backend, workers=2) as cluster:
        result = run("evaluate", "--force", "--block-size", "77", "--scheduler", cluster.address)
    assert result.returncode == 0, result.stderr
    after = snapshot(project / "artifacts")
    assert {name: after[name] for name in RESULTS} == {name: before[name] for name in RESULTS}
