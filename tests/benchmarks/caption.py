"""The text around the output of a benchmark."""

import platform
import re
import textwrap
from pathlib import Path

import numpy as np

from pipeline.engine.threads import count_cores

VECTORS = {"avx512f": "AVX-512", "avx2": "AVX2"}  # by flag of the processor, the widest first


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
