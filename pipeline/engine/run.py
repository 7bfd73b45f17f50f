"""Run a stage: do nothing, restore a result, or call the function in a private folder and publish it."""

import functools
import glob
import inspect
import logging
import os
import shlex
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.engine import CHECKPOINT, cache, store
from pipeline.engine.artifacts import MANIFEST, Manifest, describe_outputs, find_inputs, require_intact, write_manifest
from pipeline.engine.errors import PipelineError, UsageError
from pipeline.engine.fingerprint import (
    changed_since_start,
    find_files,
    find_modules,
    find_outdated,
    fingerprint,
    locate,
)
from pipeline.engine.plan import make_plan, simplify
from pipeline.engine.provenance import Provenance, Reason, differences, environment, to_json_values

if TYPE_CHECKING:  # at run time, stage imports this module
    from pipeline.engine.stage import Stage

log = logging.getLogger(__name__)

DEFAULTS = Path("pyproject.toml")  # in the working directory: defaults of options
ENGINE = Path(__file__).parent  # its modules compute the keys
EARLIER = "EARLIER_STAGES"  # environment variable set by make: the requests for all earlier stages
REASONS = 5  # most reasons in a log line; `status --explain` prints all


@dataclass(frozen=True)
class Outcome:
    """How a call of a stage ended. state: of its plan: fresh, stored, or stale if the function has run."""

    state: str
    manifest: Manifest
    output: Path

    def __str__(self) -> str:
        begin = f"restored the result of {self.manifest.when}: " if self.state == "stored" else ""
        line = "up to date: nothing relevant has changed" if self.state == "fresh" else begin + self.manifest.summary
        return f"{line} -> {self.output}"


def run_stage(
    stage: "Stage[Any]", arguments: Mapping[str, Any], force: bool = False, options: Sequence[str] | None = None
) -> Outcome:
    """Call the stage with all of its arguments; with `force`, run the function even if the result is up to date.

    options: the command line that the arguments come from, for the cache. None: write no record.
    """
    output: Path = arguments[stage.output]
    snapshot = None if options is None else take_snapshot(stage, arguments, options)
    resolved = resolve(stage, arguments)
    with ExitStack() as stack:
        # Resolve the links once, so that the whole run reads the same results even if others are published meanwhile.
        folders = {name: stack.enter_context(store.read_lock(arguments[name])) for name in stage.inputs}
        if options is not None:
            published = {name: folders[name] for name in folders if arguments[name] == output.parent / name}
            _check_requests(stage.name, output.parent, published)
        inputs = find_inputs(folders, shown=arguments)
        digests = {name: manifest.digest for name, manifest in inputs.items()}
        expected = provenance(stage, arguments, resolved, digests)
        plan = make_plan(output, expected, force, search=False)
        if plan.state != "fresh":
            report = functools.partial(log.info, "%s: %s", stage.name)
            stack.enter_context(store.stage_lock(output, stage.name, report))
            stack.enter_context(store.read_lock(store.entry_of(output, stage.name, expected.key)))
            plan = make_plan(output, expected, force)  # again: another process may have published a result
        manifest = None if plan.state == "stale" else plan.manifest
        if plan.state == "stored":
            store.publish(store.entry_of(output, stage.name, expected.key), output)
        if manifest is None:
            if plan.reasons and output.is_symlink():  # the first run needs no reason
                more = [f"and {len(plan.reasons) - REASONS} more"] if len(plan.reasons) > REASONS else []
                log.info("%s: %s", stage.name, "; ".join([*map(str, plan.reasons[:REASONS]), *more]))
            for name, folder in folders.items():
                require_intact(folder, inputs[name], shown=arguments[name])
            manifest = _run_function(stage, arguments, {**resolved, **folders}, expected, force)
        write_record(output, manifest, snapshot if manifest.provenance == expected else None)
        return Outcome(plan.state, manifest, output)


def resolve(stage: "Stage[Any]", arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that are part of the key, with their resolved values."""
    return dict(stage.resolve({name: arguments[name] for name in stage.parameters}))


def provenance(
    stage: "Stage[Any]", arguments: Mapping[str, Any], resolved: Mapping[str, Any], inputs: Mapping[str, str | None]
) -> Provenance:
    """Return the current provenance, given the resolved parameters and the digests of the inputs.

    Raises UsageError if a `File` cannot be read, PipelineError if a package is not installed.
    """
    digests = dict(inputs)
    for name in stage.files:
        digests[name] = cache.sha256(str(arguments[name])) if arguments[name].is_file() else None
        if digests[name] is None:
            raise UsageError(f"{name} is {arguments[name]}, which is not a file that can be read: name another")
    helpers = [function for function in (stage.resolve, stage.watch) if inspect.isfunction(function)]
    exclude = [function.__name__ for function in helpers if function.__module__ == stage.function.__module__]
    code = fingerprint(stage.function, exclude=exclude, extra_files=stage.extra_files)
    versions = environment(stage.packages)
    if missing := [package for package in stage.packages if versions.get(package) == "not installed"]:
        raise PipelineError(
            f"{missing[0]}, in packages of the stage {stage.name}, is not installed: "
            'install it, or list other names that pip knows, as in packages=("scikit-learn",), or none, packages=()'
        )
    return Provenance(stage.name, to_json_values(resolved), digests, code, versions)


def take_snapshot(stage: "Stage[Any]", arguments: Mapping[str, Any], options: Sequence[str]) -> cache.Record | None:
    """Return a record of everything that the stage depends on, for the cache, before any of it is used.

    Returns None if source code or pyproject.toml changed since this process started: it may have used the earlier
    version.
    """
    _, root = locate(stage.function)
    extra = find_files(stage.function, stage.extra_files)
    modules = [*find_modules(stage.function), *ENGINE.glob("*.py")]
    used = [DEFAULTS, *modules, *(path for found in extra.values() for path in found)]
    if any(map(changed_since_start, used)):
        return None
    packages = [str(Path(glob.escape(folder), "*.dist-info")) for folder in sys.path if folder.endswith("-packages")]
    watched = list(stage.watch(arguments))
    inputs: dict[str, Path] = {name: arguments[name] for name in stage.inputs}
    read = [*used, *(folder / MANIFEST for folder in inputs.values()), *(arguments[name] for name in stage.files)]
    return cache.take_snapshot(
        options,
        inputs={name: str(folder) for name, folder in inputs.items()},
        hashed=map(str, read),
        unhashed=[path for pattern in watched for path in cache.match(pattern)],  # they may be large
        folders={str(root), *(str(path.parent) for path in modules)},
        patterns=[*packages, *extra, *watched],
    )


def _run_function(
    stage: "Stage[Any]", arguments: Mapping[str, Any], replacements: Mapping[str, Any], before: Provenance, anew: bool
) -> Manifest:
    """Run the function and publish its result. anew: neither use nor keep a checkpoint."""
    output: Path = arguments[stage.output]
    started = time.perf_counter()
    report = functools.partial(log.info, "%s: %s", stage.name)
    outdated = [Reason("code", file, "changed") for file in find_outdated(stage.function, before.code)]
    expected = _make_unique(before, outdated)
    resumable = not (outdated or anew)
    with store.private_folder(store.entry_of(output, stage.name, expected.key), report, resumable) as partial:
        given = {**arguments, **replacements, stage.output: partial}
        try:
            summary: object = stage.function(**{name: given[name] for name in stage.signature.parameters})
        except SystemExit as error:
            failure = PipelineError(f"the stage {stage.name} called exit({error.code!r}): let it raise PipelineError")
            failure.resumable = True
            raise failure from error
        if not isinstance(summary, str):
            raise PipelineError(f"the stage {stage.name} returned {summary!r}: let it return a line of summary")
        store.drop_checkpoint(partial)
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
        store.publish(entry, output)
    return manifest


def _find_changes(stage: "Stage[Any]", arguments: Mapping[str, Any], before: Provenance) -> list[Reason]:
    """Return how the provenance differs from that `before` the run."""
    try:
        resolved = resolve(stage, arguments)
        return differences(before, provenance(stage, arguments, resolved, before.inputs))
    except (PipelineError, OSError) as error:  # for example, a module is being edited
        return [Reason("stage", stage.name, f"cannot be read ({error})")]


def _make_unique(expected: Provenance, changed: Sequence[Reason]) -> Provenance:
    """Add a unique digest for each change, so that the key never occurs again."""
    if not changed:
        return expected
    log.info(
        "%s: will run again, because of changes during the run: %s",
        expected.stage,
        "; ".join(map(str, simplify(changed))),
    )
    unique = f"changed during the run ({time.time_ns()})"
    return replace(expected, code={**expected.code, **{reason.name: unique for reason in changed}})


def _check_requests(stage: str, artifacts: Path, inputs: Mapping[str, Path]) -> None:
    """Raise PipelineError if an earlier stage has a result other than that which the same run of make has requested.

    Another run of make, with other variables, may have published it meanwhile; or make does not know of the input.
    inputs: the read-locked entries of those inputs that are published in `artifacts` under the names of their stages.
    """
    requests = [shlex.split(request) for request in shlex.split(os.environ.get(EARLIER, ""))]
    if EARLIER in os.environ:
        require_known(stage, inputs, [name for name, *_ in requests])
    for name, *options in requests:
        record = cache.load(str(artifacts), name)
        if record is None:
            continue
        target = artifacts / (record["links"].get(str(artifacts / name)) or name)
        if inputs.get(name, target) != target or record["options"] != cache.format_options(options):
            raise PipelineError(
                f"{artifacts / name} has been replaced by the result of another command with other options: "
                "run make again when that command has ended"
            )


def require_known(stage: str, inputs: Iterable[str], known: Iterable[str]) -> None:
    """Raise PipelineError if one of the inputs is not among the stages that make knows to be earlier."""
    if unknown := set(inputs).difference(known):
        raise PipelineError(f"the stage reads {min(unknown)}: add it to {stage}.inputs in the Makefile")


def write_record(output: Path, manifest: Manifest, snapshot: cache.Record | None) -> None:
    """Record in the cache that the result at `output` is up to date for the snapshot."""
    digests = {str(output / name): facts["sha256"] for name, facts in manifest.outputs.items()}
    digests[str(output / MANIFEST)] = cache.sha256(str(output / MANIFEST))
    entry = store.entry_of(output, manifest.provenance.stage, manifest.provenance.key)
    cache.write(str(output), entry.name, digests, snapshot)
