"""Compare the output of a command with what a page shows."""

import re
from collections.abc import Iterable, Sequence
from difflib import ndiff

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
