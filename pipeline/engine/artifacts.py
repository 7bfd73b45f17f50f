"""An artifact is a folder of files with a `manifest.json`, written last, that accounts for every one of them."""

import contextlib
import errno
import hashlib
import os
import re
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from pipeline.engine.documents import Count, Duration, build, load_json, save_json
from pipeline.engine.errors import PipelineError
from pipeline.engine.provenance import Provenance, Reason, differences

MANIFEST = "manifest.json"
SCARCE = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)  # what this process lacks, which is no damage to a file


@dataclass(frozen=True)
class Manifest:
    """What made an artifact, and what it holds.

    outputs: for each file its sha256 and size in bytes, for a `.npy` file also dtype and shape; `unhashed` marks one
    that tells of the run, not of its result. made: when, ISO 8601 in UTC. seconds: how long the stage worked.
    summary: the line that it then said. Raises an Exception if an output or the date cannot be.
    """

    provenance: Provenance
    outputs: Mapping[str, Mapping[str, Any]]
    made: str
    seconds: Duration
    summary: str

    def __post_init__(self) -> None:
        datetime.fromisoformat(self.made).astimezone()
        for name, facts in self.outputs.items():
            build(Count, facts["bytes"])
            if not (_is_within(name) and re.fullmatch("[0-9a-f]{64}", facts["sha256"])):
                raise ValueError(f"{name!r} is not an output")

    @property
    def digest(self) -> str:
        """One sha256 for the names and the content of all outputs that are not unhashed."""
        lasting = ((name, facts) for name, facts in sorted(self.outputs.items()) if not facts.get("unhashed"))
        return hashlib.sha256("".join(f"{name} {facts['sha256']}\n" for name, facts in lasting).encode()).hexdigest()

    @property
    def when(self) -> str:
        """When it was made, in the local time."""
        return f"{datetime.fromisoformat(self.made).astimezone():%Y-%m-%d at %H:%M}"


def describe_outputs(folder: Path, unhashed: Collection[str] = ()) -> dict[str, dict[str, Any]]:
    """The facts that a manifest holds of each file below `folder`, by relative path."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    names = [path.relative_to(folder).as_posix() for path in files]
    with ThreadPoolExecutor() as pool:  # hashing lets other threads run
        described = dict(zip(names, pool.map(_facts, files), strict=True))
    for name in names:
        if name in unhashed:
            described[name]["unhashed"] = True
    return described


def _facts(path: Path) -> dict[str, Any]:
    facts: dict[str, Any] = {"sha256": _sha256(path), "bytes": path.stat().st_size}
    if path.suffix == ".npy":
        import numpy as np

        array = np.lib.format.open_memmap(path, mode="r")
        facts |= {"dtype": str(array.dtype), "shape": list(array.shape)}
    return facts


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def damages(folder: Path, manifest: Manifest) -> list[Reason]:
    """Each output in `folder` that is not as the manifest has it, by reading all of them.

    Raises OSError if this process has no room to read them.
    """

    def damage(name: str) -> str | None:
        path, facts = folder / name, manifest.outputs[name]
        try:
            whole = path.stat().st_size == facts["bytes"] and _sha256(path) == facts["sha256"]
        except FileNotFoundError:
            return "is missing"
        except OSError as error:
            if error.errno in SCARCE:
                raise
            return f"cannot be read ({error.strerror})"
        return None if whole else "is damaged"

    with ThreadPoolExecutor() as pool:
        found = zip(manifest.outputs, pool.map(damage, manifest.outputs), strict=True)
        return [Reason("output", name, change) for name, change in found if change]


def check_result(folder: Path, wanted: Provenance, every: bool = False) -> tuple[Manifest | None, list[Reason]]:
    """The manifest in `folder` if it can be read, and the reasons why the result there is not the one wanted.

    A result of another provenance is not read to see whether it is whole, unless for `every` reason.
    """
    if not folder.exists():
        return None, [Reason("result", folder.name, "is not there")]
    if not (folder / MANIFEST).exists():
        return None, [Reason("manifest", MANIFEST, "is missing")]
    try:
        manifest = read_manifest(folder)
    except (PipelineError, OSError):
        return None, [Reason("manifest", MANIFEST, "is damaged")]
    reasons = differences(manifest.provenance, wanted)
    if manifest.provenance.stage != wanted.stage:
        reasons.append(Reason("manifest", MANIFEST, f"is of the stage {manifest.provenance.stage}"))
    if every or not reasons:
        reasons += damages(folder, manifest)
    return manifest, reasons


def require_whole(folder: Path, manifest: Manifest, shown: Path) -> None:
    """Raise PipelineError if an output in `folder` is missing or damaged; it names the first, as a file in `shown`."""
    for damage in damages(folder, manifest):
        stage = manifest.provenance.stage
        with contextlib.suppress(OSError):
            os.utime(folder / damage.name)  # so that make reads it when it looks next
        raise PipelineError(f"{shown / damage.name} {damage.change}: run the stage {stage} again (make {stage})")


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write `manifest` into `folder`. It comes last: its presence says that everything else is whole."""
    content = asdict(manifest)
    save_json(folder / MANIFEST, {**content.pop("provenance"), **content})


def read_manifest(folder: Path) -> Manifest:
    """The manifest in `folder`. Raises PipelineError if it is missing or damaged."""
    return load_json(folder / MANIFEST, Manifest, lambda content: {**content, "provenance": content})


def _is_within(name: str) -> bool:
    """Whether it is the name of a file below an artifact's folder, in the one way in which `describe` has it."""
    path = PurePosixPath(name)
    return (
        name.isprintable()
        and str(path) == name
        and path.name != ""
        and not path.is_absolute()
        and ".." not in path.parts
    )


def find_artifact(folder: Path, stage: str) -> Manifest:
    """The manifest of what `stage` has made in `folder`. Raises PipelineError, naming the stage to run."""
    if not (folder / MANIFEST).exists():
        raise PipelineError(f"{folder / MANIFEST} is missing: run the stage {stage} first (make {stage})")
    try:
        manifest = read_manifest(folder)
    except PipelineError:
        raise PipelineError(f"{folder / MANIFEST} is damaged: run the stage {stage} again (make {stage})") from None
    if manifest.provenance.stage != stage:
        raise PipelineError(f"{folder} is the result of the stage {manifest.provenance.stage}, not of {stage}")
    return manifest
