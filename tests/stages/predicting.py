"""Runs of `predict` that are long enough to be interrupted."""

from pathlib import Path

from tests.stages.common import read_entries

RAW = "artifacts/parse/test-images.npy"
MANY = 30_000
LONG = ["predict", "many.npy", "--block-size", "8"]


def journal(project: Path) -> list[tuple[int, int]]:
    return [(start, stop) for start, stop in read_entries(project / ".predictions.npy.partial")]


def file_names(project: Path) -> set[str]:
    return {path.name for path in project.iterdir()}
