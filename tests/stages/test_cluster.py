"""`evaluate` on a Dask cluster; tests/thorough/stages/test_cluster.py also kills workers."""

from pathlib import Path

from tests.cluster import run_cluster
from tests.processes import Run
from tests.stages.common import snapshot

RESULTS = ("evaluate/predictions.npy", "evaluate/probabilities.npy", "evaluate/metrics.json")


def test_evaluate_on_two_workers_gives_same_bits_as_one_process(run: Run, project: Path, tmp_path: Path) -> None:
    before = snapshot(project / "artifacts")
    folder = tmp_path.parent / f"{tmp_path.name}-cluster"
    folder.mkdir()
    with run_cluster(folder, workers=2) as cluster:
        result = run("evaluate", "--force", "--block-size", "77", "--scheduler", cluster.address)
    assert result.returncode == 0, result.stderr
    after = snapshot(project / "artifacts")
    assert {name: after[name] for name in RESULTS} == {name: before[name] for name in RESULTS}
