"""Where a report comes from: the command that repeats the run, the commit, the processor."""

import platform
import re
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.data.catalogue import CUSTOM
from pipeline.data.dataset import DEFAULT_VALIDATION, count_held_out
from pipeline.engine.threads import count_cores
from pipeline.training.recipes import find_changes

CPUINFO = Path("/proc/cpuinfo")


def format_command(target: str, dataset: str, parameters: Mapping[str, Any], images: Mapping[str, int]) -> str:
    """Return the make command that repeats a training run.

    target: what to make. parameters: of the run. images: numbers of `training` and `validation` images.
    """
    values = {"DATASET": dataset}
    if dataset == CUSTOM:
        values["FROM"] = "my-data"
    if images["validation"] != count_held_out(DEFAULT_VALIDATION, images["training"] + images["validation"]):
        values["VALIDATION"] = str(images["validation"])
    values["RECIPE"] = str(parameters.get("recipe"))
    values |= {name.upper(): str(value) for name, (value, _) in find_changes(parameters).items()}
    return f"make {target} {' '.join(f'{name}={shlex.quote(value)}' for name, value in values.items())}"


def find_commit(folder: Path) -> str:
    """Return the commit that is checked out, with "-dirty" after local changes; "" if the folder is no repository."""
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--exclude=*"]
    if not (folder / ".git").exists():  # also not if it lies in the repository of another project
        return ""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def find_processor() -> str:
    """Return the name of the processor and its number of cores."""
    models = re.findall(r"^model name\s*: (.+)$", CPUINFO.read_text() if CPUINFO.exists() else "", re.MULTILINE)
    cores = count_cores()
    return f"{(models or [platform.processor() or platform.machine()])[0]}, {cores} core{'s' if cores > 1 else ''}"
