"""Runs of `predict` that are long enough to be interrupted."""

from pathlib import Path

from tests.stages.common import read_journal, start, wait_for_more

RAW = "artifacts/parse/test-images.npy"
MANY = 30_000
LONG = ["predict", "many.npy", "--block-size", "8"]


def journal(project: Path) -> list[tuple[int, int]]:
    return read_journal(project / ".predictions.npy.partial")


def interrupt(project: Path) -> None:
    """Kill a run after some blocks."""
    process = start(project, *LONG)
    wait_for_more(lambda: journal(project), than=3)
    process.kill()
    process.communicate()


def file_names(project: Path) -> set[str]:
    return {path.name for path in project.iterdir()}
