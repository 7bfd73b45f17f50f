"""A terminal to run programs in, and to see what is left on its screen."""

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
class Shown:
    """status: of the program. raw: all that it wrote. lines: what of it can be seen in the end, less empty lines."""

    status: int
    raw: str

    @property
    def lines(self) -> list[str]:
        screen, column = [""], 0
        for text in re.split(r"(\r|\n)", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.raw)):
            if text == "\n":
                screen.append("")
            elif text == "\r":
                column = 0
                continue
            else:
                screen[-1] = screen[-1][:column] + text + screen[-1][column + len(text) :]
            column = len(screen[-1])
        return [line.rstrip() for line in screen if line.strip()]


def show(command: Sequence[str], cwd: Path | None = None, **variables: str) -> Shown:
    """Run the program with a terminal for its input, output and errors. Colours are not forbidden there."""
    surroundings = {**environment(), "TERM": "xterm-256color", **variables}
    if "NO_COLOR" not in variables:
        del surroundings["NO_COLOR"]
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, int(surroundings["COLUMNS"])))
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=surroundings, cwd=cwd) as process:
        os.close(theirs)
        parts = []
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # nobody has the other end open any more
                break
            if not part:
                break
            parts.append(part)
    os.close(ours)
    return Shown(process.returncode, b"".join(parts).decode())
