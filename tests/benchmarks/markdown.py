"""Format measurements as Markdown, with a caption."""

import platform
import re
import statistics
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from pipeline.engine.threads import count_cores

Name = TypeVar("Name")
Result = TypeVar("Result")
VECTORS = {"avx512f": "AVX-512", "avx2": "AVX2"}  # by flag of the processor, the widest first


def take_turns(contenders: Mapping[Name, Callable[[], Result]], rounds: int) -> dict[Name, list[Result]]:
    """Call each in turn, `rounds` times, so that changes of the machine's speed affect all; return the results."""
    found: dict[Name, list[Result]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, measure in contenders.items():
            found[name].append(measure())
    return found


def describe_machine(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Return the processor, its instruction set and cores, and the versions of Python and NumPy."""
    found = re.findall(r"^([^\t:]+)\t*: (.*)$", cpuinfo.read_text() if cpuinfo.exists() else "", re.MULTILINE)
    info = dict(found)
    model = info.get("model name", platform.processor() or platform.machine())
    numbers = f" (family {info['cpu family']}, model {info['model']})" if "cpu family" in info else ""
    vectors = [f", {name}" for flag, name in VECTORS.items() if flag in info.get("flags", "").split()][:1]
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}"
    return f"{model}{numbers}{''.join(vectors)}, {count_cores()} cores; {versions}"


def wrap(text: str, width: int = 120) -> str:
    """Wrap the paragraphs of a text, but not its tables."""
    paragraphs = (
        part if part.startswith("|") else textwrap.fill(part, width, break_on_hyphens=False, break_long_words=False)
        for part in text.split("\n\n")
    )
    return "\n\n".join(paragraphs)


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table, padded so that a terminal shows it as well; all columns but the first are right-aligned."""
    cells = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(3, *map(len, column)) for column in zip(*cells, strict=True)]
    first, *others = (
        "| " + " | ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) + " |" for row in cells
    )
    rule = "|" + "|".join(["-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:])]) + "|"
    return "\n".join([first, rule, *others])


def spread(values: Sequence[float], form: str, unit: str = "") -> str:
    """Format the median, with the minimum and maximum in parentheses."""
    return f"{statistics.median(values):{form}}{unit} ({min(values):{form}} to {max(values):{form}})"
