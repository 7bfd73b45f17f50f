"""An artifact is a folder of files with a `manifest.json`, written last, that accounts for every one of them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.engine.errors import PipelineError

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Manifest:
    """What made an artifact, and what it holds.

    inputs: for each input artifact the `digest` that it had. outputs: for each file its sha256 and size in
    bytes, for a `.npy` file also dtype and shape. seconds: how long the stage worked.
    """

    stage: str
    parameters: Mapping[str, Any]
    inputs: Mapping[str, str]
    outputs: Mapping[str, Mapping[str, Any]]
    versions: Mapping[str, str]
    seconds: float

    @property
    def digest(self) -> str:
        """One sha256 for the names and the content of all output files."""
        lines = [f"{name} {facts['sha256']}\n" for name, facts in sorted(self.outputs.items())]
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def describe(folder: Path) -> dict[str, dict[str, Any]]:
    """The facts that a manifest holds of each file below `folder`, by relative path."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    return {path.relative_to(folder).as_posix(): _facts(path) for path in files}


def _facts(path: Path) -> dict[str, Any]:
    with open(path, "rb") as file:
        facts: dict[str, Any] = {
            "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
            "bytes": file.tell(),
        }
    if path.suffix == ".npy":
        import numpy as np

        array = np.lib.format.open_memmap(path, mode="r")
        facts |= {"dtype": str(array.dtype), "shape": list(array.shape)}
    return facts


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write `manifest` into `folder`. It comes last: its presence says that everything else is whole."""
    save_json(folder / MANIFEST, asdict(manifest))


def read_manifest(folder: Path) -> Manifest:
    """The manifest in `folder`. Raises PipelineError if it is missing or damaged."""
    path = folder / MANIFEST
    try:
        manifest = Manifest(**load_json(path))
        manifest.digest  # noqa: B018 - touches every output
        if not all(isinstance(digest, str) for digest in manifest.inputs.values()):
            raise TypeError
        return manifest
    except (TypeError, KeyError, AttributeError):
        raise PipelineError(f"{path} is damaged: remove it and run its stage again") from None


def find_artifact(folder: Path, stage: str) -> Manifest:
    """The manifest of what `stage` has made in `folder`. Raises PipelineError, naming the stage to run."""
    if not (folder / MANIFEST).exists():
        raise PipelineError(f"{folder / MANIFEST} is missing: run the stage {stage} first (make {stage})")
    try:
        manifest = read_manifest(folder)
    except PipelineError:
        raise PipelineError(
            f"{folder / MANIFEST} is damaged: remove it and run the stage {stage} again (make {stage})"
        ) from None
    if manifest.stage != stage:
        raise PipelineError(f"{folder} is the result of the stage {manifest.stage}, not of {stage}")
    return manifest


def load_json(path: Path) -> Any:
    """The content of a JSON file. Raises PipelineError if it is missing or no JSON."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        json.dumps(content, ensure_ascii=False).encode()  # half a surrogate pair could not be written again
        return content
    except FileNotFoundError:
        raise PipelineError(f"{path} is missing: run its stage again") from None
    except (ValueError, RecursionError) as error:
        raise PipelineError(f"{path} is no JSON ({error}): remove it and run its stage again") from None


def save_json(path: Path, content: Any) -> None:
    """Write `content` as JSON that a person can read. NaN has no place in JSON: ValueError."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
