"""A stage is a function from folders to a folder, and its signature is its configuration.

    @stage
    def normalize(parse: Input = ..., output: Output = ..., validation: float = 1 / 12) -> str:

The body reads its inputs, fills `output`, and returns one line that says what it made. Around it the decorator looks
for the inputs and computes what decides the result: their content, the parameters, the code, the versions of what
computes. Is that the result which `output` shows, nothing is done; is it in the store, it is shown again; else the body
works in a private folder, which is published whole. An input's parameter is named after the stage that makes it.
"""

import functools
import inspect
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Generic, ParamSpec, get_type_hints, overload

from pipeline.engine import notes, store
from pipeline.engine.artifacts import (
    Manifest,
    check_result,
    describe_outputs,
    find_artifact,
    require_whole,
    write_manifest,
)
from pipeline.engine.errors import PipelineError
from pipeline.engine.fingerprint import fingerprint, load
from pipeline.engine.provenance import Provenance, Reason, differences, environment, plain

log = logging.getLogger(__name__)


class Role(Enum):
    """What a stage's argument is, where it is not a plain parameter."""

    INPUT = "an artifact that the stage reads"
    OUTPUT = "the artifact that it makes"
    UNKEYED = "where or how fast the work is done; cannot change what comes out"


Input = Annotated[Path, Role.INPUT]
Output = Annotated[Path, Role.OUTPUT]

REASONS = 5  # that a run logs; `status --explain` prints all

P = ParamSpec("P")
Resolve = Callable[[Mapping[str, Any]], Mapping[str, Any]]
Watch = Callable[[Mapping[str, Any]], Iterable[str]]


class Stage(Generic[P]):
    """A stage, which is called like its function. `stage` makes one and says what its parts are."""

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
        (self.output,) = (argument for argument, role in roles.items() if role is Role.OUTPUT)
        self.parameters = [argument for argument in self.signature.parameters if argument not in roles]
        self.unkeyed = [argument for argument, role in roles.items() if role is Role.UNKEYED]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> str:
        """Run the stage, unless what it would make is there."""
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return run(self, bound.arguments)


@overload
def stage(function: Callable[P, str], /) -> Stage[P]: ...
@overload
def stage(
    *,
    packages: tuple[str, ...] = ...,
    unhashed: tuple[str, ...] = ...,
    resolve: Resolve = ...,
    extra_files: tuple[str, ...] = ...,
    watch: Watch = ...,
) -> Callable[[Callable[P, str]], Stage[P]]: ...
def stage(function: Callable[P, str] | None = None, /, **parts: Any) -> Any:
    """Make `function` a stage: called, it publishes its output folder whole or leaves things as they were.

    packages: the installed ones whose version decides the result, by default NumPy.
    unhashed: output files that tell of the run, not of its result; who reads the artifact is not run again for them.
    resolve: from the parameters as they are given, those that count. What it returns is what stands in the key, and
        replaces the arguments of the same name; so one that it leaves out decides nothing.
    extra_files: files other than Python modules that the body reads from the project, as patterns of paths.
    watch: from the parameters as they are given, patterns of files outside the project that `resolve` reads.

    A body that takes long may keep in the folder `output / CHECKPOINT` what a run can go on from, and finds there what
    an interrupted run of the same key has left.

    The call returns the body's line with the place of the output. Raises PipelineError if an input is missing or
    damaged, or if two inputs do not belong together; UsageError if the output is something else's place; whatever
    the body raises passes through.
    """
    return Stage(function) if function else lambda function: Stage(function, **parts)


def run(
    stage: Stage[Any], arguments: Mapping[str, Any], force: bool = False, options: Sequence[str] | None = None
) -> str:
    """Do what a call of the stage with all these arguments does; with `force` the body works in any case.

    options: those of the command line that the arguments come from, for the note that make reads; None where there was
    no command line.
    """
    output: Path = arguments[stage.output]
    seen = None if options is None else observe(stage, arguments, options)
    resolved = resolve(stage, arguments)
    with ExitStack() as stack:
        # What the links show now, so that a result published meanwhile is not mixed with this one
        folders = {name: stack.enter_context(store.read_lock(arguments[name])) for name in stage.inputs}
        inputs = {name: find_artifact(folder, name) for name, folder in folders.items()}
        _check_agreement(inputs)
        wanted = provenance(stage, resolved, {name: manifest.digest for name, manifest in inputs.items()})
        entry = store.entry_of(output, stage.name, wanted.key)
        edited = None
        manifest, reasons = check_result(output, wanted)
        if reasons or force:
            store.check_place(output, stage.name)
            if force or not entry.exists():
                edited = load(stage.function, wanted.code)  # now, since it may have to wait for long
            report = functools.partial(log.info, "%s: %s", stage.name)
            stack.enter_context(store.stage_lock(output, stage.name, report))
            manifest, reasons = check_result(output, wanted)  # again: another process may have been quicker
        if manifest and not reasons and not force:
            notes.write(output, seen, manifest)
            return f"up to date: {_why(manifest, inputs)} -> {output}"
        if not force and entry.exists() and entry != store.resolve(output):
            stored, flaws = check_result(stack.enter_context(store.read_lock(entry)), wanted)
            if stored and not flaws:
                store.publish(entry, output)
                notes.write(output, seen, stored)
                return f"restored what was made on {stored.when}: {stored.summary} -> {output}"
            reasons += [Reason("stored result", flaw.name, flaw.change) for flaw in flaws]
        if reasons and output.is_symlink():  # nothing is to be explained where nothing was made before
            more = [f"and {len(reasons) - REASONS} more"] if len(reasons) > REASONS else []
            log.info("%s: %s", stage.name, "; ".join([*map(str, reasons[:REASONS]), *more]))
        for name, folder in folders.items():
            require_whole(folder, inputs[name], shown=arguments[name])
        if edited is None:
            edited = load(stage.function, wanted.code)
        manifest = _work(stage, arguments, {**resolved, **folders}, wanted, edited)
        notes.write(output, seen if manifest.provenance == wanted else None, manifest)
        return f"{manifest.summary} -> {output}"


def observe(stage: Stage[Any], arguments: Mapping[str, Any], options: Sequence[str]) -> dict[str, Any] | None:
    """What decides the result of a call of the stage, seen for a note; to be taken before any of it is used."""
    inputs = {name: arguments[name] for name in stage.inputs}
    watched = list(stage.watch(arguments))
    return notes.observe(stage.function, inputs, stage.extra_files, watched, options, _unkeyed_options(stage))


def _unkeyed_options(stage: Stage[Any]) -> dict[str, bool]:
    """The options that decide nothing, and whether a value follows them."""
    flags = {name for name, parameter in stage.signature.parameters.items() if isinstance(parameter.default, bool)}
    return {f"--{name.replace('_', '-')}": name not in flags for name in stage.unkeyed}


def resolve(stage: Stage[Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the arguments that decide the result, as they count."""
    return dict(stage.resolve({name: arguments[name] for name in stage.parameters}))


def provenance(stage: Stage[Any], resolved: Mapping[str, Any], inputs: Mapping[str, str | None]) -> Provenance:
    """What decides the result of the stage now, given its resolved parameters and the digests of its inputs."""
    apart = [function for function in (stage.resolve, stage.watch) if inspect.isfunction(function)]
    own = [function.__name__ for function in apart if function.__module__ == stage.function.__module__]
    code = fingerprint(stage.function, without=own, extra_files=stage.extra_files)
    return Provenance(stage.name, plain(resolved), dict(inputs), code, environment(stage.packages))


def _why(manifest: Manifest, inputs: Mapping[str, Manifest]) -> str:
    again = [name for name, found in inputs.items() if found.made > manifest.made]
    return f"{' and '.join(again)} made again, with the same content" if again else "nothing that counts has changed"


def _work(
    stage: Stage[Any],
    arguments: Mapping[str, Any],
    instead: Mapping[str, Any],
    wanted: Provenance,
    edited: Sequence[str],
) -> Manifest:
    """Let the body work in private, with what is `instead` of some arguments, and publish what it made."""
    output: Path = arguments[stage.output]
    started = time.perf_counter()
    report = functools.partial(log.info, "%s: %s", stage.name)
    wanted = _marked(wanted, [Reason("code", file, "changed") for file in edited])
    with store.private_folder(store.entry_of(output, stage.name, wanted.key), report, not edited) as partial:
        given = {**arguments, **instead, stage.output: partial}
        summary = stage.function(**{name: given[name] for name in stage.signature.parameters})
        store.drop_checkpoint(partial)
        now = replace(wanted, parameters=plain(resolve(stage, arguments)), environment=environment(stage.packages))
        manifest = Manifest(
            provenance=_marked(wanted, differences(wanted, now)),
            outputs=describe_outputs(partial, stage.unhashed),
            made=datetime.now(UTC).isoformat(timespec="milliseconds"),
            seconds=round(time.perf_counter() - started, 3),
            summary=summary,
        )
        write_manifest(partial, manifest)
        entry = store.entry_of(output, stage.name, manifest.provenance.key)
        store.keep(partial, entry)
        store.publish(entry, output)
    return manifest


def _marked(wanted: Provenance, changed: Sequence[Reason]) -> Provenance:
    """The provenance; what of it has changed while the stage ran gets a value that never comes back."""
    if not changed:
        return wanted
    log.info("%s: to be run again, for it changed meanwhile: %s", wanted.stage, "; ".join(map(str, changed)))
    mark = f"changed while it ran ({time.time_ns()})"

    def marked(kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
        return {**values, **{reason.name: mark for reason in changed if reason.kind == kind}}

    return replace(
        wanted,
        parameters=marked("parameter", wanted.parameters),
        code=marked("code", wanted.code),
        environment=marked("environment", wanted.environment),
    )


def _roles(function: Callable[..., Any]) -> dict[str, Role]:
    return {
        argument: role
        for argument, hint in get_type_hints(function, include_extras=True).items()
        for role in getattr(hint, "__metadata__", ())
        if isinstance(role, Role)
    }


def _check_agreement(inputs: Mapping[str, Manifest]) -> None:
    """Two inputs agree if the one that was made from the other was made from it as it is now."""
    for name, manifest in inputs.items():
        for source, digest in manifest.provenance.inputs.items():
            if source in inputs and inputs[source].digest != digest:
                raise PipelineError(
                    f"{name} was made from another result of {source} than the one that is there now: "
                    f"run the stage {name} again (make {name})"
                )
