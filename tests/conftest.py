"""What many tests need: a built pipeline on the embedded sample, and a way to run the program as a process."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from pipeline.engine.locks import writing
from tests.processes import Run, environment

if TYPE_CHECKING:
    from playwright.sync_api import Browser


# A slow machine fails no test.
settings.register_profile("any-speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any-speed")

Shared = Callable[[str, Callable[[Path], object]], Path]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", type=int, default=12, help="how often a make is killed: from 12 on, all stages are hit")


@pytest.fixture
def kills(request: pytest.FixtureRequest) -> int:
    """How often a make is killed: a few times, or for `make torture` many times."""
    return int(request.config.getoption("--kills"))


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs `handwriting ARGUMENTS` in tmp_path, as a process of its own."""

    def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "stages.cli.main", *arguments]
        defaults = {"cwd": tmp_path, "env": environment(), "timeout": 120}
        return subprocess.run(command, capture_output=True, text=True, **{**defaults, **options})  # type: ignore[call-overload, no-any-return]

    return run


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Shared:
    """Makes a folder once for all processes that run tests: `shared(name, make)` calls `make(folder)`, or waits."""
    base = tmp_path_factory.getbasetemp() if worker_id == "master" else tmp_path_factory.getbasetemp().parent

    def shared(name: str, make: Callable[[Path], object]) -> Path:
        folder = base / name
        with writing(base / f"{name}.lock", lambda line: None):
            if not folder.exists():
                make(base / f"{name}-half")
                (base / f"{name}-half").rename(folder)
        return folder

    return shared


@pytest.fixture(scope="session")
def built(shared: Shared) -> Path:
    """An artifacts folder in which every stage has run on the sample. Tests only read it."""
    from tests.stages.common import build

    return shared("artifacts", build)


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """A real browser without a window; see tests/browser.py for what opens pages in it.

    Not for the whole session, for as long as it is there no test can run an event loop of its own.
    """
    from tests.browser import open_browser

    with open_browser() as browser:
        yield browser
