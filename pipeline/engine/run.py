"""Run a stage: do nothing, restore a result, or call the function in a private folder and publish it."""

import functools
import logging
import os
import shutil
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pipeline.engine import CHECKPOINT, store
from pipeline.engine.artifacts import MANIFEST, Manifest, describe_outputs, find_inputs, require_intact, write_manifest
from pipeline.engine.declaration import Declaration
from pipeline.engine.digests import read_anew
from pipeline.engine.errors import PipelineError
from pipeline.engine.fingerprint import load_sources
from pipeline.engine.plan import Plan, find_provenance, make_plan, resolve_parameters
from pipeline.engine.provenance import Provenance, Reason, differences
from pipeline.engine.terminal import name_some, paint, printable

log = logging.getLogger(__name__)

ENDS = {"current": ", up to date", "stored": ", restored"}  # of the last line on a terminal, by the state of the plan
REASONS = 5  # most reasons in a log line; `status --explain` prints all


def run_stage(
    stage: Declaration[Any],
    arguments: Mapping[str, Any],
    force: bool = False,
    checked: Mapping[str, str] = MappingProxyType({}),
) -> Plan:
    """Call the stage with all of its arguments; return the plan that was carried out, with the manifest of the result.

    force: run the function even if the result is up to date. checked: the digests of inputs that the caller has checked
    before. Raises what `resolve` raises, PipelineError if an input is missing or has been replaced meanwhile.
    """
    output: Path = arguments[stage.output]
    resolve_parameters(stage, arguments)  # a wrong option is reported even if an input is missing
    store.check_artifacts(output.parent)  # first, because what is wrong with it is why an input is missing
    with ExitStack() as stack:
        # Resolve the links once, so that the whole run reads the same results even if others are published meanwhile.
        folders = {name: stack.enter_context(store.read_lock(arguments[name])) for name in stage.inputs}
        inputs = find_inputs(folders, shown=arguments)
        digests = {name: manifest.digest for name, manifest in inputs.items()}
        for name in checked.keys() & digests:
            if digests[name] != checked[name]:
                raise make_replaced_error(arguments[name], "its content changed")
        plan = make_plan(stage, arguments, digests, force)
        if plan.state != "current":
            report = functools.partial(log.info, "%s: %s", stage.name)
            stack.enter_context(store.stage_lock(output, stage.name, report))
            if plan.state == "stale":
                read_anew()
            # Again: another process may have published a result meanwhile.
            plan = make_plan(stage, arguments, digests, force)
        if plan.state == "stored":
            store.publish_result(store.entry_of(output, stage.name, plan.expected.key), output)
        if plan.state == "stale":
            if plan.reasons and output.is_symlink():  # the first run needs no reason
                log.info("%s: %s", stage.name, format_reasons(plan.reasons))
            for name, folder in folders.items():
                require_intact(folder, inputs[name], shown=arguments[name])
            files = {name: (folders[name], [MANIFEST, *manifest.outputs]) for name, manifest in inputs.items()}
            plan = replace(plan, manifest=_run_function(stage, arguments, files, plan.expected, force))
        return plan


def make_replaced_error(folder: Path, how: object) -> PipelineError:
    """Return the error that another command has published another result in a folder."""
    return PipelineError(
        f"{folder} has been replaced by the result of another command ({how}): "
        "run make again when that command has ended"
    )


def format_reasons(reasons: Sequence[Reason]) -> str:
    """Return the first REASONS on one line."""
    return name_some([*map(str, reasons)], REASONS, "; ")


def describe_outcome(plan: Plan) -> str:
    """Return what a stage has done, after it has carried out the plan, in one line."""
    assert plan.manifest
    begin = f"restored the result of {plan.manifest.when}: " if plan.state == "stored" else ""
    line = "up to date: nothing relevant has changed" if plan.state == "current" else begin + plan.manifest.summary
    return f"{line} -> {plan.output}"


def format_outcome(plan: Plan) -> str:
    """Return the last line that a stage prints: on a terminal its name, summary and state, elsewhere what it has done.

    The line is printable.
    """
    if not (sys.stdout.isatty() and plan.manifest):
        return printable(describe_outcome(plan))
    end = ENDS.get(plan.state, f" -> {plan.output}")
    text = printable(f"{plan.manifest.provenance.stage:<10} {plan.manifest.summary}{end}")
    return f"{paint('OK', 'green', sys.stdout)} {text}"


def _run_function(
    stage: Declaration[Any],
    arguments: Mapping[str, Any],
    files: Mapping[str, tuple[Path, Collection[str]]],
    before: Provenance,
    anew: bool,
) -> Manifest:
    """Run the function and publish its result.

    files: of each input, the folder and the names of those files that the function reads. anew: neither use nor keep a
    checkpoint.
    """
    output: Path = arguments[stage.output]
    started = time.perf_counter()
    # All modules are imported now, so that no edit from here on is in the result or in a checkpoint.
    outdated = [Reason("code", file, "changed") for file in load_sources(stage.function, before.code)]
    expected = _make_unique(before, outdated)

    def is_resumable() -> bool:
        return not (outdated or anew or _find_changes(stage, arguments, before))

    entry = store.entry_of(output, stage.name, expected.key)
    with store.private_folder(entry, is_resumable) as partial, store.private_inputs(entry, files) as inputs:
        given = {**arguments, **resolve_parameters(stage, arguments), **inputs, stage.output: partial}
        try:
            summary: object = stage.function(**{name: given[name] for name in stage.signature.parameters})
        except SystemExit as error:
            failure = PipelineError(f"the stage {stage.name} called exit({error.code!r}): let it raise PipelineError")
            failure.resumable = True
            raise failure from error
        if not isinstance(summary, str):
            raise PipelineError(f"the stage {stage.name} returned {summary!r}: let it return a line of summary")
        shutil.rmtree(partial / CHECKPOINT, ignore_errors=True)  # not a file or a link of this name
        for name in (CHECKPOINT, MANIFEST):
            if os.path.lexists(partial / name):
                raise PipelineError(f"the stage {stage.name} wrote {name}, a name that the engine uses: choose another")
        manifest = Manifest(
            provenance=_make_unique(expected, _find_changes(stage, arguments, before)),
            outputs=describe_outputs(partial, stage.unhashed),
            created=datetime.now(UTC).isoformat(timespec="milliseconds"),
            seconds=round(time.perf_counter() - started, 3),
            summary=summary,
        )
        write_manifest(partial, manifest)
        entry = store.entry_of(output, stage.name, manifest.provenance.key)
        store.commit(partial, entry)
        store.publish_result(entry, output)
    return manifest


def _find_changes(stage: Declaration[Any], arguments: Mapping[str, Any], before: Provenance) -> list[Reason]:
    """Return how the provenance differs from the one `before` the run."""
    read_anew()
    try:
        return differences(before, find_provenance(stage, arguments, before.inputs))
    except (PipelineError, OSError) as error:  # for example, a module is being edited
        return [Reason("stage", stage.name, f"cannot be read ({error})")]


def _make_unique(expected: Provenance, changed: Sequence[Reason]) -> Provenance:
    """Add a unique digest for each change, so that the key never occurs again."""
    if not changed:
        return expected
    reasons = "; ".join(map(str, changed))
    log.info("%s: will run again, because of changes during the run: %s", expected.stage, reasons)
    unique = f"changed during the run ({time.time_ns()})"
    return replace(expected, code={**expected.code, **{reason.name: unique for reason in changed}})
