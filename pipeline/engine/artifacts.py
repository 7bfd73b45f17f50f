"""Artifacts: folders of files with a `manifest.json`, written last, that lists all of them."""

import hashlib
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NotRequired, TypedDict

from msgspec import Meta

from pipeline.engine import ARTIFACTS
from pipeline.engine.digests import read_anew, sha256
from pipeline.engine.documents import Duration, NonNegative, convert, load_json, save_json
from pipeline.engine.errors import PipelineError
from pipeline.engine.provenance import Provenance, Reason, differences

MANIFEST = "manifest.json"


class OutputFacts(TypedDict):
    """Facts about a file of an artifact; `unhashed` is set if it describes the run, not its result."""

    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    bytes: NonNegative
    unhashed: NotRequired[bool]


@dataclass(frozen=True)
class Manifest:
    """Provenance and content of an artifact. Raises ValueError if the date or the path of an output is not valid.

    outputs: by the path of the file in the artifact. created: ISO 8601 in UTC. summary: the line that the stage
    returned.
    """

    provenance: Provenance
    outputs: Mapping[str, OutputFacts]
    created: str
    seconds: Duration
    summary: str

    def __post_init__(self) -> None:
        datetime.fromisoformat(self.created).astimezone()
        if any(Path(name).is_absolute() or ".." in Path(name).parts for name in self.outputs):
            raise ValueError("an output lies outside of the artifact")

    @property
    def digest(self) -> str:
        """The sha256 of the names and contents of all outputs that are not unhashed."""
        hashed = ((name, facts) for name, facts in sorted(self.outputs.items()) if not facts.get("unhashed"))
        return hashlib.sha256("".join(f"{name} {facts['sha256']}\n" for name, facts in hashed).encode()).hexdigest()

    @property
    def when(self) -> str:
        """Creation time in the local time zone, as text."""
        return f"{datetime.fromisoformat(self.created).astimezone():%Y-%m-%d at %H:%M}"


def describe_outputs(folder: Path, unhashed: Iterable[str] = ()) -> dict[str, OutputFacts]:
    """Return the `outputs` of a manifest for all files below `folder`, by relative path."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / MANIFEST)
    with ThreadPoolExecutor() as pool:  # hashing releases the GIL
        found = zip(files, pool.map(sha256, files), strict=True)
        outputs = {
            file.relative_to(folder).as_posix(): OutputFacts(sha256=digest, bytes=file.stat().st_size)
            for file, digest in found
        }
    for name in outputs.keys() & unhashed:
        outputs[name]["unhashed"] = True
    return outputs


def find_damage(folder: Path, manifest: Manifest) -> list[Reason]:
    """Return a reason for each missing or changed output. Raises OSError if one cannot be read."""
    entry = Path(os.path.realpath(folder))  # one name for one file, whatever link leads to it

    def damage(name: str) -> str | None:
        path, facts = entry / name, manifest.outputs[name]
        if not path.is_file():
            return "is missing"
        intact = path.stat().st_size == facts["bytes"] and sha256(path) == facts["sha256"]
        return None if intact else "is damaged"

    with ThreadPoolExecutor() as pool:
        found = zip(manifest.outputs, pool.map(damage, manifest.outputs), strict=True)
        return [Reason("output", name, change) for name, change in found if change]


def check_result(folder: Path, expected: Provenance) -> tuple[Manifest | None, list[Reason]]:
    """Return the manifest in `folder`, None if it cannot be read, and the reasons why the result is not up to date.

    Outputs are checked for damage only if there are no other reasons.
    """
    if not folder.exists():
        return None, [Reason("result", folder.name, "does not exist")]
    try:
        manifest = read_manifest(folder)
    except (PipelineError, OSError):
        return None, [Reason("manifest", MANIFEST, "is missing or damaged")]
    reasons = differences(manifest.provenance, expected)
    if manifest.provenance.stage != expected.stage:
        reasons.append(Reason("manifest", MANIFEST, f"belongs to the stage {manifest.provenance.stage}"))
    return manifest, reasons or find_damage(folder, manifest)


def find_inputs(folders: Mapping[str, Path], shown: Mapping[str, Path]) -> dict[str, Manifest]:
    """Return the manifest of each input, by the name of its stage. shown: as in `find_artifact`.

    Raises PipelineError if one is missing or damaged, or if two were made from different results of the same stage.
    """
    inputs = {name: find_artifact(folder, name, shown=shown[name]) for name, folder in folders.items()}
    for name, manifest in inputs.items():
        for source, digest in manifest.provenance.inputs.items():
            if source in inputs and inputs[source].digest != digest:
                raise PipelineError(
                    f"{shown[name]} was made from another result of {source} than that in {shown[source]}: "
                    f"{advise(name, shown[name])}"
                )
    return inputs


def require_intact(folder: Path, manifest: Manifest, shown: Path) -> None:
    """Read all outputs in `folder`. Raises PipelineError if one is missing or damaged, and locates it in `shown`."""
    read_anew()
    for damage in find_damage(folder, manifest):
        raise PipelineError(f"{shown / damage.name} {damage.change}: {advise(manifest.provenance.stage, shown)}")


def advise(stage: str, folder: Path, when: str = "again") -> str:
    """Return how to create the result of `stage` in `folder`: by make, or by a command with --output."""
    if folder == ARTIFACTS / stage:
        where = "" if Path("Makefile").exists() else " in the folder of a project"
        return f"run the stage {stage} {when} (make {stage}{where})"
    return f"run the stage {stage} {when} with --output {folder}, or name another folder"


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write `manifest` into `folder`, which it marks as complete."""
    content = asdict(manifest)
    save_json(folder / MANIFEST, {**content.pop("provenance"), **content})


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest in `folder`. Raises PipelineError if it is missing or damaged."""
    content = load_json(folder / MANIFEST, dict[str, Any])
    return convert({**content, "provenance": content}, Manifest)


def find_artifact(folder: Path, stage: str, *others: str, shown: Path | None = None) -> Manifest:
    """Return the manifest of the result of `stage` in `folder`. Raises PipelineError, naming the stage to run.

    others: other stages whose result is also accepted. shown: the folder in messages, if `folder` is its entry in the
    store.
    """
    shown = shown or folder
    if not (folder / MANIFEST).exists():
        raise PipelineError(f"{shown / MANIFEST} is missing: {advise(stage, shown, 'first')}")
    try:
        manifest = read_manifest(folder)
    except PipelineError:
        raise PipelineError(f"{shown / MANIFEST} is damaged: {advise(stage, shown)}") from None
    if manifest.provenance.stage not in (stage, *others):
        raise PipelineError(
            f"{shown} is the result of the stage {manifest.provenance.stage}, not of {stage}: name a result of {stage}"
        )
    return manifest
