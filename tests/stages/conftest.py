"""Fixtures for the tests of the commands."""

import logging
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from stages.__main__ import run as run_here
from stages.fonts import fonts
from stages.lines import lines
from stages.rows import rows
from tests.conftest import Shared
from tests.processes import Run
from tests.stages.common import FEWEST, LINES, SMALL_ROWS


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Return a function that runs `handwriting ARGUMENTS` in tmp_path, in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("NO_COLOR", "1")

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        capsys.readouterr()
        try:
            status = run_here(arguments)
        except SystemExit as end:  # from shell completion
            status = int(end.code or 0)
        return subprocess.CompletedProcess(arguments, status, *capsys.readouterr())

    yield call
    for name in ("pipeline", "stages", "__main__"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).setLevel(logging.NOTSET)


@pytest.fixture
def run(run: Run, call: Run) -> Run:
    """Return a function that runs `handwriting ARGUMENTS` in tmp_path; with `options`, in another process."""

    def choose(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
        return run(*arguments, **options) if options else call(*arguments)

    return choose


@pytest.fixture(scope="session")
def reader_inputs(built: Path, shared: Shared) -> Path:
    """Return a folder with the results of fonts, line images and rows on the sample. Tests only read it."""

    def make(folder: Path) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("pipeline.reader_training.synthesis.parallel.FEWEST_LINES", FEWEST)
            fonts(fonts="included", output=folder / "fonts")
            lines(
                normalize=built / "normalize",
                fonts=folder / "fonts",
                lines=LINES,
                seed=7,
                scheduler="threads",
                output=folder / "lines",
            )
            rows(lines=folder / "lines", output=folder / "rows", from_scratch=True, **SMALL_ROWS)

    return shared("lines", make)


@pytest.fixture
def project(built: Path, tmp_path: Path) -> Path:
    shutil.copytree(built, tmp_path / "artifacts", symlinks=True)
    return tmp_path
