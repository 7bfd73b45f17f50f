"""Run the commands and the Python code of a page, in a copy of the project."""

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import venv
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import msgspec
import numpy as np

from pipeline.data import idx
from pipeline.data.dataset import FILES
from tests.docs.outputs import differences
from tests.docs.pages import Block, Page, read_console
from tests.drawings import sample_digits
from tests.make.common import check_out, clean_environment, make
from tests.processes import ROOT, reset_signals

PYTHON = """
import json, sys, traceback
names = {"__name__": "__main__"}
for line in sys.stdin:
    path, code, mark = json.loads(line)
    status = 0
    try:
        exec(compile(code, path, "exec"), names)
    except Exception:
        traceback.print_exc(file=sys.stdout)
        status = 1
    print(f"\\n{mark} {status}", flush=True)
"""
MARK = "=== end of the output, status"


class Session:
    """A process that reads code from its stdin."""

    def __init__(self, project: Path, *command: str, stderr: int) -> None:
        path = f"{project / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
        own = {"PATH": path, "PYTHONPATH": str(project), "PYTHONUNBUFFERED": "1", "LC_ALL": "C.UTF-8"}
        env = {name: value for name, value in clean_environment().items() if name != "COLUMNS"} | own
        options: Any = {"text": True, "errors": "replace", "start_new_session": True, "preexec_fn": reset_signals}
        pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": stderr}
        self.process = subprocess.Popen[str](command, cwd=project, env=env, **pipes, **options)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)  # what runs in the background, too
        self.process.communicate()

    def send(self, text: str) -> tuple[list[str], int]:
        """Send code that ends by printing MARK; return the lines before it and the status after it."""
        assert self.process.stdin is not None and self.process.stdout is not None
        with suppress(BrokenPipeError):
            self.process.stdin.write(text)
            self.process.stdin.flush()
        lines: list[str] = []
        for line in self.process.stdout:
            if line.startswith(MARK):
                return lines[:-1] if lines[-1] == "" else lines, int(line.split()[-1])
            lines.append(line.rstrip("\n"))
        return [*lines, "(the session ended)"], 1


class Shell(Session):
    """Runs commands; their stdout and stderr are one stream, as in a terminal."""

    def __init__(self, project: Path) -> None:
        super().__init__(project, "bash", "--noprofile", "--norc", stderr=subprocess.STDOUT)

    def run(self, command: str) -> tuple[list[str], int]:
        return self.send(f"{{ {command}\n}} < /dev/null\nprintf '\\n{MARK} %d\\n' $?\n")


class Python(Session):
    """Runs blocks of Python in one namespace; their output is stdout."""

    def __init__(self, project: Path) -> None:
        super().__init__(project, ".venv/bin/python", "-c", PYTHON, stderr=subprocess.DEVNULL)

    def run(self, name: str, block: Block) -> tuple[list[str], int]:
        return self.send(json.dumps([name, "\n" * block.first + block.text, MARK]) + "\n")


def run_page(page: Page, project: Path) -> list[str]:
    """Run the blocks of a page in order; return a line or more on each that does not do what the page shows."""
    problems: list[str] = []
    with Shell(project) as shell, Python(project) as python:
        for block in page.blocks:
            if "file" in block.marks:
                (project / block.marks["file"]).write_text(block.text, encoding="utf-8")
            if not block.is_run or not is_available(block.marks.get("needs")):
                continue
            if "first" in block.marks:
                printed, status = shell.run(block.marks["first"])
                problems += report(page, block.first, printed, printed, status, False)
            exact = "exact" in block.marks
            if block.language == "console":
                problems += run_console(shell, page, block, exact)
            else:
                printed, status = python.run(page.name, block)
                shown = printed if block.output is None else block.output.splitlines()
                problems += report(page, block.first, shown, printed, status, exact)
    return problems


def create_environment(project: Path) -> None:
    """Create a virtual environment with nothing but the package that the engine needs."""
    venv.create(project / ".venv", symlinks=True)
    (packages,) = project.glob(".venv/lib/*/site-packages")
    (packages / "msgspec").symlink_to(Path(msgspec.__file__).parent)


def is_available(module: str | None) -> bool:
    return module is None or importlib.util.find_spec(module) is not None


def run_console(shell: Shell, page: Page, block: Block, exact: bool) -> list[str]:
    """Run the commands of a block. If it shows no output at all, they only have to succeed."""
    commands = read_console(block)
    silent = not any(command.output for command in commands)
    problems: list[str] = []
    for command in commands:
        printed, status = shell.run(command.text)
        shown = printed if silent else command.output
        problems += report(page, command.line, shown, printed, status if silent else 0, exact)
    return problems


def report(page: Page, line: int, shown: Sequence[str], printed: Sequence[str], status: int, exact: bool) -> list[str]:
    if status:
        return [f"{page.name}:{line}: status {status}", *printed]
    different = differences(shown, printed, exact)
    return [f"{page.name}:{line}: shown (-) and printed (+) differ", *different] if different else []


def make_project(folder: Path) -> None:
    """Make a copy of this project in which all stages have run on the sample, with the pictures that the pages use."""
    project = check_out(folder)
    with open(project / "pyproject.toml", "a", encoding="utf-8") as file:
        file.write('\n[tool.handwriting.download]\ndataset = "sample"\n')
    done = make(project, "all")
    assert done.returncode == 0, done.stderr
    (project / "pictures").mkdir()
    shutil.copy(ROOT / "pictures" / "example.jpg", project / "pictures")
    shutil.copytree(ROOT / "pictures" / "scans", project / "pictures" / "scans")
    images, labels = sample_digits()
    np.save(project / "scans.npy", images)
    (project / "my-data").mkdir()
    for (name, label_name), part in zip((FILES[:2], FILES[2:]), (slice(100, None), slice(100)), strict=True):
        idx.save(project / "my-data" / name, images[part])
        idx.save(project / "my-data" / label_name, labels[part])
