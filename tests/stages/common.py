"""What the tests of the commands share."""

import subprocess
from pathlib import Path

import numpy as np

from pipeline.data import idx
from pipeline.data.catalogue import FILES

STAGES = ("download", "parse", "normalize", "train", "evaluate", "export")
COMMANDS = (*STAGES, "classify")


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every published file, by the name under which people find it."""
    return {
        f"{stage.name}/{path.name}": path.read_bytes()
        for stage in folder.iterdir()
        if not stage.name.startswith(".")
        for path in stage.iterdir()
    }


def assert_one_line(result: subprocess.CompletedProcess[str], status: int, *words: str) -> None:
    assert result.returncode == status, result.stderr
    assert result.stdout == ""
    *_, line = result.stderr.splitlines()
    assert line.startswith("handwriting")
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in line


def custom_set(folder: Path) -> Path:
    """Four IDX files of someone's own: 3 x 4 pixels, two classes, which a pixel tells apart."""
    folder.mkdir()
    for count, (images, labels) in zip((40, 10), (FILES[:2], FILES[2:]), strict=True):
        truth = np.arange(count, dtype=np.uint8) % 2
        pictures = np.random.default_rng(count).integers(0, 100, (count, 3, 4), dtype=np.uint8)
        pictures[:, 0, 0] = 250 * truth
        idx.save(folder / f"{images}.gz", pictures)
        idx.save(folder / labels, truth)
    return folder
