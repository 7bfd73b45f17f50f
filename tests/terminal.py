"""Run programs in a pseudo-terminal and get the contents of its screen."""

import os
import pty
import re
import subprocess
import termios
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.processes import environment


@dataclass(frozen=True)
class Screen:
    """Exit status, raw output, and the lines visible at the end, without empty ones."""

    status: int
    raw: str

    @property
    def lines(self) -> list[str]:
        screen, row, column = [""], 0, 0
        for text in re.split(r"(\r|\n|\x1b\[[0-9;?]*[A-Za-z])", self.raw):
            if text == "\n":
                row += 1
                screen += [""] * (row == len(screen))
            elif text == "\r":
                column = 0
            elif text == "\x1b[1A":
                row -= 1
            elif text == "\x1b[2K":
                screen[row] = ""
            elif not text.startswith("\x1b"):
                screen[row] = screen[row][:column].ljust(column) + text + screen[row][column + len(text) :]
                column += len(text)
        return [line.rstrip() for line in screen if line.strip()]


def show(command: Sequence[str], cwd: Path | None = None, **variables: str) -> Screen:
    """Run a program in a terminal that shows colours."""
    env = {**environment(), "TERM": "xterm-256color", **variables}
    if "NO_COLOR" not in variables:
        del env["NO_COLOR"]
    controller, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (40, int(env["COLUMNS"])))
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, env=env, cwd=cwd) as process:
        os.close(terminal)
        parts = []
        while True:
            try:
                part = os.read(controller, 65536)
            except OSError:  # the program has closed its end
                break
            if not part:
                break
            parts.append(part)
    os.close(controller)
    return Screen(process.returncode, b"".join(parts).decode())
