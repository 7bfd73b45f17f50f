"""What a stage would do if it were run now, and why; found by looking only."""

import glob
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pipeline.engine import store
from pipeline.engine.artifacts import MANIFEST, Manifest, check_result, find_artifact, read_manifest
from pipeline.engine.errors import PipelineError
from pipeline.engine.provenance import Reason
from pipeline.engine.stage import Stage, provenance, resolve

State = Literal["fresh", "stored", "waiting", "stale"]


@dataclass(frozen=True)
class StageStatus:
    """How a stage stands.

    state: `fresh`, nothing is to be done; `stored`, the store has the result that is wanted; `stale`, it is to work;
    `waiting`, only an input that is to be made can tell. reasons: why it is not fresh, all of them. manifest: of the
    stored result, otherwise of what is published, if that can be read. digest: of what the stage will have made, None
    if only working can tell.
    """

    stage: str
    output: Path
    state: State
    reasons: tuple[Reason, ...]
    manifest: Manifest | None
    digest: str | None


@dataclass(frozen=True)
class Run:
    """A result that the store has; published if a link shows it."""

    manifest: Manifest
    published: bool


def check_stage(stage: Stage[Any], arguments: Mapping[str, Any], earlier: Mapping[str, StageStatus]) -> StageStatus:
    """How the stage stands with these arguments, given how the stages stand that make its inputs."""
    output: Path = arguments[stage.output]
    try:
        inputs = {name: _digest(name, arguments[name], earlier) for name in stage.inputs}
        wanted = provenance(stage, resolve(stage, arguments), inputs)
    except PipelineError as error:
        return StageStatus(stage.name, output, "stale", (Reason("request", stage.name, str(error)),), None, None)
    manifest, reasons = check_result(output, wanted, every=True)
    if manifest and not reasons:
        return StageStatus(stage.name, output, "fresh", (), manifest, manifest.digest)
    try:
        store.check_place(output, stage.name)
    except PipelineError as error:
        return StageStatus(stage.name, output, "stale", (Reason("result", output.name, str(error)),), manifest, None)
    stored, flaws = check_result(store.entry_of(output, stage.name, wanted.key), wanted)
    if stored and not flaws:
        return StageStatus(stage.name, output, "stored", tuple(reasons), stored, stored.digest)
    to_be_made = {name for name, digest in inputs.items() if digest is None}
    waits = all(reason.kind == "input" and reason.name in to_be_made for reason in reasons)
    return StageStatus(stage.name, output, "waiting" if waits else "stale", tuple(reasons), manifest, None)


def _digest(name: str, place: Path, earlier: Mapping[str, StageStatus]) -> str | None:
    """That of the input `name`, as it will be if it is the output of a stage that was examined, else as it is."""
    if name in earlier and earlier[name].output == place:
        return earlier[name].digest
    return find_artifact(place, name).digest


def watch_runs(output: Path, stage: str) -> str:
    """A pattern of the files that `list_runs` reads."""
    return str(Path(glob.escape(str(output.parent)), store.STORE, f"{stage}-*", MANIFEST))


def list_runs(output: Path, stage: str) -> list[Run]:
    """The results of `stage` in the store beside `output`, the oldest first. Damaged ones are left out."""
    shown = store.published(output.parent)
    runs = []
    for entry in store.entries(output.parent).get(stage, []):
        with suppress(PipelineError, OSError):
            runs.append(Run(read_manifest(entry), entry in shown))
    return sorted(runs, key=lambda run: run.manifest.made)
