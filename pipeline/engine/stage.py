"""Stages: functions from input folders to an output folder, run only if their result is not up to date."""

import functools
import glob
import inspect
import logging
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Generic, ParamSpec, get_type_hints

from pipeline.engine import CHECKPOINT, cache, store
from pipeline.engine.artifacts import (
    MANIFEST,
    Manifest,
    advise,
    describe_outputs,
    find_artifact,
    require_intact,
    write_manifest,
)
from pipeline.engine.errors import PipelineError, UsageError
from pipeline.engine.fingerprint import changed_since_start, find_modules, find_outdated, fingerprint, locate
from pipeline.engine.plan import make_plan
from pipeline.engine.provenance import Provenance, Reason, differences, environment, to_json_values

log = logging.getLogger(__name__)


class Role(Enum):
    """Role of an argument that is not a parameter."""

    INPUT = "an artifact that the stage reads"
    FILE = "a file that the stage reads and no stage creates"
    OUTPUT = "the artifact that the stage creates"
    IGNORED = "not part of the key, because it does not influence the result"


Input = Annotated[Path, Role.INPUT]
File = Annotated[Path, Role.FILE]
Output = Annotated[Path, Role.OUTPUT]

DEFAULTS = Path("pyproject.toml")  # in the working directory: defaults of options
ENGINE = Path(__file__).parent  # its modules compute the keys
EARLIER = "EARLIER_STAGES"  # environment variable set by make: the requests for all earlier stages
REASONS = 5  # most reasons in a log line; `status --explain` prints all

P = ParamSpec("P")
Resolve = Callable[[Mapping[str, Any]], Mapping[str, Any]]
Watch = Callable[[Mapping[str, Any]], Iterable[str]]


class Stage(Generic[P]):
    """A function that fills an output folder and is run only if its result is not up to date.

        @stage()
        def normalize(parse: Input = ..., output: Output = ..., validation: float = 1 / 12) -> str:

    An `Input` is the artifact of the stage of that name. A `File` is any other file: its content is part of the key,
    its path is not. Arguments without a role are parameters; those with `Role.IGNORED` do not influence the result. The
    function writes files into `output` and returns a line of summary.

    A call computes the key of the result (docs/pipeline/reruns.md). It does nothing if the published result has this
    key, restores a result with this key from the store, or runs the function in a private folder and publishes it. The
    function may save its state in `output / CHECKPOINT`. An interrupted run leaves this folder to the next run with the
    same key.

    packages: installed packages whose versions are part of the key (default: NumPy).
    unhashed: output files that describe the run, such as timings; later stages do not depend on them.
    resolve: function from the given parameters to the parameters in the key. These also replace the arguments of
    the same name.
    extra_files: patterns of files in the project, other than Python modules, that the function reads.
    watch: function from the given parameters to patterns of files outside the project that `resolve` reads.

    A call returns one string: `SUMMARY -> FOLDER`, or that the result is up to date. Raises PipelineError if an input
    is missing or damaged or if two inputs are inconsistent, UsageError if a file cannot be read or if `output` is
    inside a result or exists and is not a result of this stage, and any exception of the function.
    """

    def __init__(
        self,
        function: Callable[P, str],
        packages: tuple[str, ...] = ("numpy",),
        unhashed: tuple[str, ...] = (),
        resolve: Resolve = dict,
        extra_files: tuple[str, ...] = (),
        watch: Watch = lambda given: (),
    ) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.packages, self.unhashed, self.resolve, self.extra_files = packages, unhashed, resolve, extra_files
        self.watch = watch
        self.name = function.__name__
        self.signature = inspect.signature(function)
        roles = _roles(function)
        self.inputs = [argument for argument, role in roles.items() if role is Role.INPUT]
        self.files = [argument for argument, role in roles.items() if role is Role.FILE]
        (self.output,) = (argument for argument, role in roles.items() if role is Role.OUTPUT)
        self.parameters = [argument for argument in self.signature.parameters if argument not in roles]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> str:
        """Run the stage unless its result is up to date or in the store; return a line of summary."""
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return str(run(self, bound.arguments))


def stage(**options: Any) -> Callable[[Callable[P, str]], Stage[P]]:
    """Decorate a function as a `Stage`. options: the parameters of `Stage`."""
    return lambda function: Stage(function, **options)


@dataclass(frozen=True)
class Outcome:
    """How a call of a stage ended. state: of its plan: fresh, stored, or stale if the function has run."""

    stage: str
    state: str
    manifest: Manifest
    output: Path

    def __str__(self) -> str:
        begin = f"restored the result of {self.manifest.when}: " if self.state == "stored" else ""
        line = "up to date: nothing relevant has changed" if self.state == "fresh" else begin + self.manifest.summary
        return f"{line} -> {self.output}"


def run(
    stage: Stage[Any], arguments: Mapping[str, Any], force: bool = False, options: Sequence[str] | None = None
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
        inputs = {name: find_artifact(folder, name, shown=arguments[name]) for name, folder in folders.items()}
        _check_consistency(inputs, arguments)
        digests = {name: manifest.digest for name, manifest in inputs.items()} | digest_files(stage, arguments)
        expected = provenance(stage, resolved, digests)
        plan = make_plan(output, expected, force, search=False)
        if plan.state != "fresh":
            report = functools.partial(log.info, "%s: %s", stage.name)
            stack.enter_context(store.stage_lock(output, stage.name, report))
            stack.enter_context(store.read_lock(store.entry_of(output, stage.name, expected.key)))
            plan = make_plan(output, expected, force)  # again: another process may have published a result
        manifest = plan.manifest
        if plan.state == "stored" and manifest:
            store.publish(store.entry_of(output, stage.name, expected.key), output)
        elif plan.state != "fresh" or not manifest:
            if plan.reasons and output.is_symlink():  # the first run needs no reason
                more = [f"and {len(plan.reasons) - REASONS} more"] if len(plan.reasons) > REASONS else []
                log.info("%s: %s", stage.name, "; ".join([*map(str, plan.reasons[:REASONS]), *more]))
            for name, folder in folders.items():
                require_intact(folder, inputs[name], shown=arguments[name])
            manifest = _run_function(stage, arguments, {**resolved, **folders}, expected, force)
        write_record(output, manifest, snapshot if manifest.provenance == expected else None)
        return Outcome(stage.name, plan.state, manifest, output)


def take_snapshot(stage: Stage[Any], arguments: Mapping[str, Any], options: Sequence[str]) -> cache.Record | None:
    """Return a record of everything that the stage depends on, for the cache, before any of it is used.

    Returns None if source code or pyproject.toml changed since this process started: it may have used the earlier
    version.
    """
    _, root = locate(stage.function)
    extra = [str(Path(glob.escape(str(root)), pattern)) for pattern in stage.extra_files]
    modules = [*find_modules(stage.function), *ENGINE.glob("*.py")]
    files = [str(arguments[name]) for name in stage.files]
    used = [DEFAULTS, *modules, *(Path(path) for pattern in extra for path in cache.match(pattern))]
    if any(map(changed_since_start, used)):
        return None
    packages = [str(Path(glob.escape(folder), "*.dist-info")) for folder in sys.path if folder.endswith("-packages")]
    watched = list(stage.watch(arguments))
    inputs: dict[str, Path] = {name: arguments[name] for name in stage.inputs}
    return cache.take_snapshot(
        options,
        inputs={name: str(folder) for name, folder in inputs.items()},
        hashed=[*map(str, used), *(str(folder / MANIFEST) for folder in inputs.values()), *files],
        unhashed=[path for pattern in watched for path in cache.match(pattern)],  # they may be large
        folders={str(root), *(str(path.parent) for path in modules)},
        patterns=[*packages, *extra, *watched],
    )


def write_record(output: Path, manifest: Manifest, snapshot: cache.Record | None) -> None:
    """Record in the cache that the result at `output` is up to date for the snapshot."""
    digests = {str(output / name): facts["sha256"] for name, facts in manifest.outputs.items()}
    digests[str(output / MANIFEST)] = cache.sha256(str(output / MANIFEST))
    entry = store.entry_of(output, manifest.provenance.stage, manifest.provenance.key)
    cache.write(str(output), entry.name, digests, snapshot)


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
        if inputs.get(name, target) != target or record["options"] != options:
            raise PipelineError(
                f"{artifacts / name} has been replaced by the result of another command with other options: "
                "run make again when that command has ended"
            )


def require_known(stage: str, inputs: Iterable[str], known: Iterable[str]) -> None:
    """Raise PipelineError if one of the inputs is not among the stages that make knows to be earlier."""
    if unknown := set(inputs).difference(known):
        raise PipelineError(f"the stage reads {min(unknown)}: add it to {stage}.inputs in the Makefile")


def resolve(stage: Stage[Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that are part of the key, with their resolved values."""
    return dict(stage.resolve({name: arguments[name] for name in stage.parameters}))


def digest_files(stage: Stage[Any], arguments: Mapping[str, Any]) -> dict[str, str]:
    """Return the sha256 of each `File`, by argument. Raises UsageError if one cannot be read."""
    digests = {}
    for name in stage.files:
        digest = cache.sha256(str(arguments[name])) if arguments[name].is_file() else None
        if digest is None:
            raise UsageError(f"{name} is {arguments[name]}, which is not a file that can be read: name another")
        digests[name] = digest
    return digests


def provenance(stage: Stage[Any], resolved: Mapping[str, Any], inputs: Mapping[str, str | None]) -> Provenance:
    """Return the current provenance, given the resolved parameters and the digests of the inputs and files."""
    helpers = [function for function in (stage.resolve, stage.watch) if inspect.isfunction(function)]
    exclude = [function.__name__ for function in helpers if function.__module__ == stage.function.__module__]
    code = fingerprint(stage.function, exclude=exclude, extra_files=stage.extra_files)
    versions = environment(stage.packages)
    if missing := [package for package in stage.packages if versions.get(package) == "not installed"]:
        raise PipelineError(
            f"{missing[0]}, in packages of the stage {stage.name}, is not installed: "
            'use the name that pip knows, as in packages=("scikit-learn",)'
        )
    return Provenance(stage.name, to_json_values(resolved), dict(inputs), code, versions)


def _run_function(
    stage: Stage[Any], arguments: Mapping[str, Any], replacements: Mapping[str, Any], before: Provenance, anew: bool
) -> Manifest:
    """Run the function and publish its result. anew: neither use nor keep a checkpoint."""
    output: Path = arguments[stage.output]
    started = time.perf_counter()
    report = functools.partial(log.info, "%s: %s", stage.name)
    outdated = [Reason("code", file, "changed") for file in find_outdated(stage.function, before.code)]
    expected = _make_unique(before, outdated)
    resumable = not (outdated or anew)
    with store.private_folder(store.entry_of(output, stage.name, expected.key), report, resumable) as partial:
        if anew:
            store.drop_checkpoint(partial)
        given = {**arguments, **replacements, stage.output: partial}
        try:
            summary: object = stage.function(**{name: given[name] for name in stage.signature.parameters})
        except SystemExit as error:
            failure = PipelineError(f"the stage {stage.name} called exit({error.code!r}): let it raise PipelineError")
            failure.resumable = True
            raise failure from error
        if not isinstance(summary, str):
            raise PipelineError(f"the stage {stage.name} returned {summary!r}: let it return a line of summary")
        for path in (*partial.rglob(MANIFEST), partial / CHECKPOINT):
            if path.is_file():
                name = path.relative_to(partial)
                raise PipelineError(f"the stage {stage.name} wrote {name}, a name that the engine uses: choose another")
        store.drop_checkpoint(partial)
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


def _find_changes(stage: Stage[Any], arguments: Mapping[str, Any], before: Provenance) -> list[Reason]:
    """Return how the provenance differs from that `before` the run."""
    try:
        inputs = {**before.inputs, **digest_files(stage, arguments)}
        return differences(before, provenance(stage, resolve(stage, arguments), inputs))
    except (PipelineError, OSError) as error:  # for example, a module is being edited
        return [Reason("code", stage.name, f"cannot be read ({error})")]


def _make_unique(expected: Provenance, changed: Sequence[Reason]) -> Provenance:
    """Add a unique digest for each change, so that the key never occurs again."""
    if not changed:
        return expected
    log.info("%s: will run again, because of changes during the run: %s", expected.stage, "; ".join(map(str, changed)))
    unique = f"changed during the run ({time.time_ns()})"
    return replace(expected, code={**expected.code, **{reason.name: unique for reason in changed}})


def _roles(function: Callable[..., Any]) -> dict[str, Role]:
    return {
        argument: role
        for argument, hint in get_type_hints(function, include_extras=True).items()
        for role in getattr(hint, "__metadata__", ())
        if isinstance(role, Role)
    }


def _check_consistency(inputs: Mapping[str, Manifest], arguments: Mapping[str, Any]) -> None:
    for name, manifest in inputs.items():
        for source, digest in manifest.provenance.inputs.items():
            if source in inputs and inputs[source].digest != digest:
                raise PipelineError(
                    f"{arguments[name]} was made from another result of {source} than that in {arguments[source]}: "
                    f"{advise(name, arguments[name])}"
                )
