"""Own pictures pass all stages; wrong ones are refused in a line."""

import json
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest

from pipeline.data import idx
from pipeline.data.dataset import FILES, DatasetError
from pipeline.own_data.obtain import download_or_convert
from tests.make.common import list_stages
from tests.pipeline.own_data.common import CLASSES, draw, save, write_folder
from tests.processes import Run


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "mine", count=40)


def download(run: Run, source: Path, *more: str) -> CompletedProcess[str]:
    return run("download", "--dataset", "custom", "--from", str(source), *more)


@pytest.mark.slow
def test_folder_of_pictures_passes_all_stages(run: Run, mine: Path, tmp_path: Path) -> None:
    result = download(run, mine)
    assert "dark on light" in result.stdout and "fitted to 28 x 28" in result.stdout, result.stderr
    for stage in list_stages()[1:]:
        result = run(stage, *(["--recipe", "quick", "--epochs", "20"] if stage == "train" else []))
        assert result.returncode == 0, result.stderr
        assert "warning" not in result.stderr
    metrics = json.loads((tmp_path / "artifacts/evaluate/metrics.json").read_text())
    assert list(metrics["classes"]) == list(CLASSES)
    assert metrics["accuracy"] > 0.9
    preparation = json.loads((tmp_path / "artifacts/normalize/dataset.json").read_text())["preparation"]
    assert any("dark on light" in step for step in preparation)
    parts = [np.load(tmp_path / f"artifacts/normalize/{part}-labels.npy") for part in ("train", "validation", "test")]
    assert sum(map(len, parts)) == 120
    assert all(np.ptp(np.bincount(labels)) <= 1 for labels in parts)  # sorted by class, they were sampled
    for document in ("report/index.html", "export/MODEL_CARD.md"):
        text = (tmp_path / "artifacts" / document).read_text(encoding="utf-8")
        assert all(step in text for step in preparation)


@pytest.mark.slow
def test_warnings_are_in_the_output_and_in_the_report(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    for part, label, count in (("train", "2", 60), ("train", "10", 40), ("train", "bar", 2), ("test", "2", 3)):
        for seed in range(count):
            save(folder / part / label / f"{seed}.png", 240 - draw(label, seed))
    download(run, folder)
    for stage in ("parse", "normalize", "train"):
        run(stage, *(["--recipe", "quick", "--epochs", "1"] if stage == "train" else []))
    words = ("no test image is of the class 10, bar", "very unequal", "3 of 3 test images")
    lines = [line for line in run("evaluate").stderr.splitlines() if "warning" in line]
    assert len(lines) == 3 and all(word in line for word, line in zip(words, lines, strict=True))
    assert run("report").returncode == 0
    page = (tmp_path / "artifacts/report/index.html").read_text(encoding="utf-8")
    assert all(word in page for word in words)


def test_stage_says_how_to_name_the_size_of_pixels_in_a_table(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("label,a,b,c\n7,0,128,255\n")
    with pytest.raises(DatasetError, match="3 pixels a line.*--image-size"):
        download_or_convert("custom", tmp_path / "mine.csv", (28, 28), tmp_path)


def test_faults_of_idx_files_are_named_by_the_download_with_the_folder_to_correct(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    for name, size in zip(FILES, (5, 4, 5, 5), strict=True):
        idx.save(folder / name, np.zeros((size, 28, 28)[: 1 if "labels" in name else 3], np.uint8))
    result = download(run, folder)
    assert result.returncode == 1 and not (tmp_path / "artifacts/download").exists()
    assert f"{folder}: {FILES[0]} has 5 images, but {FILES[1]} has 4 labels" in result.stderr
