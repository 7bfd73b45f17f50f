"""`classify` on a real Dask cluster: the same output as in one process, also if a worker is killed on the way."""

from pathlib import Path

import pytest

from tests.cluster import hidden, make_folder, run_cluster
from tests.processes import Run
from tests.stages.commands.test_classify import CLEAR, paint

pytestmark = pytest.mark.slow


def write_pictures(folder: Path, count: int) -> None:
    """Write pictures, and a file that is none."""
    for index in range(count):
        paint(folder / f"{index:03}.png", CLEAR[index % 3])
    (folder / f"{count // 2:03} broken.png").write_bytes(b"no picture")


def read_copies(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_workers_need_no_shared_folder(run: Run, tmp_path: Path) -> None:
    write_pictures(tmp_path / "scans", 20)
    line = ["classify", "--json", "scans", "none.png", "--annotate"]
    expected = run(*line, "serial")
    assert "2 of 22 pictures" in expected.stderr
    with run_cluster(make_folder(tmp_path), workers=0) as cluster:
        cluster.start_worker(prefix=hidden(tmp_path))
        assert run(*line, "parallel", "--scheduler", cluster.address).stdout == expected.stdout
    assert read_copies(tmp_path / "parallel") == read_copies(tmp_path / "serial")
