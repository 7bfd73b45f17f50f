"""`classify` on a real Dask cluster: the same output as in one process, also if a worker is killed on the way."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cluster import hidden, make_folder, run_cluster
from tests.processes import Run
from tests.stages.common import assert_one_line, start, wait_for_more
from tests.stages.test_classify import CLEAR, paint

COUNT = 96
KILLED_AFTER = 2  # blocks


def write_pictures(folder: Path, count: int) -> None:
    """Write pictures, and a file that is none."""
    for index in range(count):
        paint(folder / f"{index:03}.png", CLEAR[index % 3])
    (folder / f"{count // 2:03} broken.png").write_bytes(b"no picture")


def read_copies(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("form", ["--json", "--csv"])
def test_killed_worker_changes_nothing(form: str, run: Run, tmp_path: Path) -> None:
    write_pictures(tmp_path / "scans", COUNT)
    line = ["classify", form, "scans"]
    expected = run(*line, "--annotate", "serial", "--scheduler", "sync", timeout=500)
    assert expected.returncode == 1
    assert expected.stdout.count("\n") >= COUNT
    with run_cluster(make_folder(tmp_path), workers=2) as cluster:
        with start(tmp_path, *line, "--annotate", "parallel", "--scheduler", cluster.address) as process:
            assert process.stdout
            assert process.stderr
            head = [process.stdout.readline() for _ in range(16 * KILLED_AFTER)]
            cluster.workers[0].kill()
            rest, stderr = process.stdout.read(), process.stderr.read()  # `communicate` loses what readline buffered
        assert process.returncode == 1, stderr
    assert "".join(head) + rest == expected.stdout
    assert set(expected.stderr.splitlines()) <= set(stderr.splitlines())
    assert read_copies(tmp_path / "parallel") == read_copies(tmp_path / "serial")


def test_lost_cluster_is_reported_and_another_backend_resumes(run: Run, tmp_path: Path) -> None:
    write_pictures(tmp_path / "scans", COUNT)
    expected = run("classify", "--csv", "scans", "--scheduler", "sync").stdout
    line = ["classify", "--csv", "scans", "--output", "digits.csv"]
    with run_cluster(make_folder(tmp_path), workers=2) as cluster:
        process = start(tmp_path, *line, "--scheduler", cluster.address)
        wait_for_more(lambda: read_entries(tmp_path), than=KILLED_AFTER)
        cluster.stop()
        _, stderr = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "progress is kept" in stderr
    assert "the scheduler is gone" in stderr.splitlines()[-1]
    assert not (tmp_path / "digits.csv").exists()
    result = run(*line, "--scheduler", "sync")
    assert "classify: resuming after " in result.stderr
    assert (tmp_path / "digits.csv").read_text() == expected


def read_entries(tmp_path: Path) -> Sequence[str]:
    journal = tmp_path / ".digits.csv.partial" / "journal"
    return journal.read_text().splitlines()[1:] if journal.exists() else []


def test_workers_without_the_files_need_send_data(run: Run, tmp_path: Path) -> None:
    write_pictures(tmp_path / "scans", 20)
    with run_cluster(make_folder(tmp_path), workers=0) as cluster:
        cluster.start_worker(prefix=hidden(tmp_path))
        line = ["classify", "--json", "scans", "none.png"]
        distributed = [*line, "--scheduler", cluster.address]
        assert_one_line(run(*distributed), 1, "cannot find", "000.png", "--send-data")
        expected = run(*line, "--scheduler", "sync")
        assert "2 of 22 pictures" in expected.stderr
        assert run(*distributed, "--send-data").stdout == expected.stdout


def test_standard_input_is_read_here(run: Run, tmp_path: Path) -> None:
    write_pictures(tmp_path / "scans", 20)
    expected = run("classify", "scans/003.png").stdout.removeprefix("scans/003.png")
    line = ["classify", "scans", "-", "scans", "--scheduler"]
    with run_cluster(make_folder(tmp_path), workers=2) as cluster, open(tmp_path / "scans/003.png", "rb") as file:
        lines = run(*line, cluster.address, stdin=file).stdout.splitlines()
    assert lines[20] == f"-{expected}".rstrip()
    assert lines[:20] == lines[21:]
