"""Shared fixtures: artifacts of the embedded sample, and a function that runs the program."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from pipeline.engine.locks import file_lock
from tests.processes import Run, environment

if TYPE_CHECKING:
    from playwright.sync_api import Browser


# No test fails on a slow machine, or in one run only.
quiet = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("repeatable", quiet, derandomize=True, max_examples=100)
settings.load_profile("repeatable")

Shared = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return a function that runs `handwriting ARGUMENTS` in tmp_path, as a process."""

    def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "stages", *arguments]
        defaults = {"cwd": tmp_path, "env": environment(), "timeout": 120}
        return subprocess.run(command, capture_output=True, text=True, **{**defaults, **options})  # type: ignore[call-overload, no-any-return]

    return run


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Shared:
    """Return `shared(name, make)`, which calls `make(folder)` once for all test processes; the others wait."""
    base = tmp_path_factory.getbasetemp() if worker_id == "master" else tmp_path_factory.getbasetemp().parent

    def shared(name: str, make: Callable[[Path], object]) -> Path:
        folder = base / name
        with file_lock(base / f"{name}.lock", lambda line: None):
            if not folder.exists():
                shutil.rmtree(base / f"{name}-partial", ignore_errors=True)  # of a failed call
                make(base / f"{name}-partial")
                (base / f"{name}-partial").rename(folder)
        return folder

    return shared


@pytest.fixture(scope="session")
def built(shared: Shared) -> Path:
    """Return an artifacts folder with all stages run on the sample. Tests only read it."""
    from tests.stages.common import build

    return shared("built", lambda folder: build(folder / "artifacts")) / "artifacts"


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """Yield a headless browser; see tests/browser.py.

    Its scope is a module because no other test can run an event loop while it is open.
    """
    from tests.browser import open_browser

    with open_browser() as browser:
        yield browser
