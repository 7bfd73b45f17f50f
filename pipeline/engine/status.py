"""Status of the stages: whether each is up to date, and why not. Read-only."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pipeline.engine import store
from pipeline.engine.artifacts import Manifest, absence, check_result, find_artifact
from pipeline.engine.provenance import Reason
from pipeline.engine.stage import Stage, provenance, resolve

State = Literal["fresh", "stored", "waiting", "stale"]


@dataclass(frozen=True)
class StageStatus:
    """Status of a stage.

    state: `fresh`, up to date; `stored`, will be restored from the store; `stale`, will run; `waiting`, depends on the
    output of an earlier stage that will run. reasons: all reasons why it is not up to date. manifest: of the
    stored result if there is one, else of the published one. digest: of the result; None if the stage must run first.
    """

    stage: str
    output: Path
    state: State
    reasons: tuple[Reason, ...]
    manifest: Manifest | None
    digest: str | None

    @property
    def is_missing(self) -> bool:
        """Whether the only reason is that there is no result, neither published nor in the store."""
        return self.state == "stale" and self.reasons == (absence(self.output),)


def check_stage(stage: Stage[Any], arguments: Mapping[str, Any], earlier: Mapping[str, StageStatus]) -> StageStatus:
    """Return the status of a stage with these arguments, given the statuses of earlier stages.

    Raises PipelineError if the stage cannot run, for example if an argument is not valid.
    """
    output: Path = arguments[stage.output]
    resolved = resolve(stage, arguments)
    inputs = {name: _digest(name, arguments[name], earlier) for name in stage.inputs}
    expected = provenance(stage, resolved, inputs)
    manifest, reasons = check_result(output, expected, every=True)
    if manifest and not reasons:
        return StageStatus(stage.name, output, "fresh", (), manifest, manifest.digest)
    store.check_output(output, stage.name)
    stored, stored_reasons = check_result(store.entry_of(output, stage.name, expected.key), expected)
    if stored and not stored_reasons:
        return StageStatus(stage.name, output, "stored", tuple(reasons), stored, stored.digest)
    unknown = {name for name, digest in inputs.items() if digest is None}
    waiting = all(reason.kind == "input" and reason.name in unknown for reason in reasons)
    return StageStatus(stage.name, output, "waiting" if waiting else "stale", tuple(reasons), manifest, None)


def _digest(name: str, folder: Path, earlier: Mapping[str, StageStatus]) -> str | None:
    """Return the digest of an input, as it will be after a pending run if `earlier` has the status of its stage."""
    if name in earlier and earlier[name].output == folder:
        return earlier[name].digest
    return find_artifact(folder, name).digest
