"""Run the commands and the Python code of a page, in a copy of the project."""

import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from difflib import ndiff
from pathlib import Path
from typing import Any, Self

import numpy as np

from pipeline.data import idx
from pipeline.data.dataset import FILES
from tests.docs.pages import Page, list_commands
from tests.drawings import sample_digits
from tests.make.common import check_out, clean_environment, edit, make
from tests.processes import ROOT, reset_signals

ELLIPSIS = "..."
VARYING = (
    (r"\b(?=\d*[a-f])(?:[0-9a-f]{6}|[0-9a-f]{8,64})\b", "#"),  # digests
    (r"\b\d{4}-\d\d-\d\d\b", "DATE"),
    (r"\b\d\d:\d\d(?::\d\d)?\b", "TIME"),
    (r"\d+(?:\.\d+)? (?:h|min|s|ms)(?: \d+ (?:min|s))?\b", "# s"),
)
MASKS = (
    *VARYING,
    (r"\d+(?:[.,]\d+)*(?:e[+-]?\d+)?", "#"),
    (r"# (?:kB|MB|GB|bytes)\b", "# B"),
    (r"\b(?:mnist|sample)\b", "mnist"),  # the pages show MNIST, the tests run on the sample
    (r"[░▒▓█▄▀][ ░▒▓█▄▀]*", "▓"),  # drawings
    (r"[ \t]+|-{3,}", " "),  # columns of tables
    (r"^ | $", ""),
)
INDENT = 8  # spaces; a line that begins with as many continues the line before it, wrapped at another place


def differences(shown: Sequence[str], printed: Sequence[str], exact: bool = False) -> list[str]:
    """Return the lines that differ, as a diff; none if the output is as shown. `...` stands for any lines.

    exact: compare numbers, except dates, durations and digests. Otherwise wrapped lines are joined, and a drawing is
    one line.
    """
    expected, found = (mask(lines, VARYING) if exact else mask(unwrap(lines), MASKS) for lines in (shown, printed))
    parts = (r"(?:.*\n)*" if line.strip() == ELLIPSIS else re.escape(f"{line}\n") for line in expected)
    if re.fullmatch("".join(parts), "".join(f"{line}\n" for line in found)):
        return []
    return [line for line in ndiff(expected, found) if line[0] != "?"]


def mask(lines: Iterable[str], masks: Sequence[tuple[str, str]]) -> list[str]:
    """Replace what differs between runs."""
    masked: list[str] = []
    for line in map(str.rstrip, lines):
        for pattern, replacement in masks:
            line = re.sub(pattern, replacement, line)
        if line != "▓" or masked[-1:] != ["▓"]:
            masked.append(line)
    return masked


def unwrap(lines: Sequence[str]) -> list[str]:
    joined: list[str] = []
    for line in lines:
        if joined and joined[-1] != ELLIPSIS and line.strip() != ELLIPSIS and line.startswith(" " * INDENT):
            joined[-1] += f" {line.strip()}"
        else:
            joined.append(line)
    return joined


PYTHON = """
import json, sys, traceback
names = {"__name__": "__main__"}
for line in sys.stdin:
    code, mark = json.loads(line)
    status = 0
    try:
        exec(compile(code, "page", "exec"), names)
    except Exception:
        traceback.print_exc(file=sys.stdout)
        status = 1
    print(f"\\n{mark} {status}", flush=True)
"""
MARK = "=== end of the output, status"


class Session:
    """A shell, or Python, that reads code from its stdin and keeps its variables.

    The stdout and stderr of a shell are one stream, as in a terminal; the output of Python is its stdout. variables: of
    the environment; without them, the commands of the project are those of its .venv.
    """

    def __init__(self, project: Path, language: str, variables: Mapping[str, str] | None = None) -> None:
        shell = ["bash", "--noprofile", "--norc"]
        command = shell if language == "console" else [".venv/bin/python", "-c", PYTHON]
        stderr = subprocess.STDOUT if language == "console" else subprocess.DEVNULL
        path = f"{project / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
        own = {"PATH": path, "PYTHONPATH": str(project), "PYTHONUNBUFFERED": "1", "LC_ALL": "C.UTF-8"}
        own["OPENBLAS_NUM_THREADS"] = "1"  # the products are small, and test files run in parallel
        own |= variables or {}
        unwanted = {"COLUMNS", "CI"}  # with CI, pytest does not cut its lines to the width of the terminal
        env = {name: value for name, value in clean_environment().items() if name not in unwanted} | own
        options: Any = {"text": True, "errors": "replace", "start_new_session": True, "preexec_fn": reset_signals}
        pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": stderr}
        self.language = language
        self.process = subprocess.Popen[str](command, cwd=project, env=env, **pipes, **options)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)  # what runs in the background, too
        self.process.communicate()

    def run(self, code: str) -> tuple[list[str], int]:
        """Return the lines that the code prints, and its status."""
        assert self.process.stdin is not None and self.process.stdout is not None
        shell = f"{{ {code}\n}} < /dev/null\nprintf '\\n{MARK} %d\\n' $?\n"
        with suppress(BrokenPipeError):
            self.process.stdin.write(shell if self.language == "console" else json.dumps([code, MARK]) + "\n")
            self.process.stdin.flush()
        lines: list[str] = []
        for line in self.process.stdout:
            if line.startswith(MARK):
                return lines[:-1] if lines[-1] == "" else lines, int(line.split()[-1])
            lines.append(line.rstrip("\n"))
        return [*lines, "(the session ended)"], 1


def run_page(page: Page, project: Path, variables: Mapping[str, str] | None = None) -> list[str]:
    """Run the blocks of a page in order; return a line or more on each that does not do what the page shows.

    The commands of a block that shows no output only have to succeed. variables: of the environment.
    """
    problems: list[str] = []
    sessions: dict[str, Session] = {}
    with ExitStack() as stack:

        def session(language: str) -> Session:
            """Return the session, which begins with the first block: a page may install Python before."""
            if language not in sessions:
                sessions[language] = stack.enter_context(Session(project, language, variables))
            return sessions[language]

        for block in page.blocks:
            if "file" in block.marks:
                (project / block.marks["file"]).write_text(block.text, encoding="utf-8")
            needed = block.marks.get("needs")
            if not block.is_run or (needed and importlib.util.find_spec(needed) is None):
                continue
            if "first" in block.marks and session("console").run(block.marks["first"])[1]:
                problems.append(f"{page.name}:{block.first}: what is to run first failed")
            commands = list_commands(block)
            silent = not any(command.output for command in commands)
            for command in commands:
                printed, status = session(block.language).run(command.text)
                if silent and status:
                    problems += [f"{page.name}:{command.line}: status {status}", *printed]
                different = [] if silent else differences(command.output, printed, "exact" in block.marks)
                if different:
                    problems += [f"{page.name}:{command.line}: shown (-) and printed (+) differ", *different]
    return problems


def make_project(folder: Path) -> None:
    """Make a copy of this project in which all stages have run on the sample, with the pictures that the pages use."""
    project = check_out(folder)
    edit(project / "stages/download.py", '= "mnist",', '= "sample",')
    done = make(project, "all")
    assert done.returncode == 0, done.stderr
    shutil.copytree(ROOT / "docs/learn", project / "docs/learn")
    (project / "pictures").mkdir()
    for name in ("example.jpg", "table.toml"):
        shutil.copy(ROOT / "pictures" / name, project / "pictures")
    shutil.copytree(ROOT / "pictures" / "scans", project / "pictures" / "scans")
    images, labels = sample_digits()
    np.save(project / "scans.npy", images)
    (project / "my-data").mkdir()
    for (name, label_name), part in zip((FILES[:2], FILES[2:]), (slice(100, None), slice(100)), strict=True):
        idx.save(project / "my-data" / name, images[part])
        idx.save(project / "my-data" / label_name, labels[part])
