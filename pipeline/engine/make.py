"""Answer make: list the stages that it has to start, run one of them, or describe all of them.

    python -m pipeline.engine.make stale throw 'chart throw' SIDES=20
    python -m pipeline.engine.make run chart SIDES=20
    python -m pipeline.engine.make run chart --force
    python -m pipeline.engine.make status SIDES=20

Each takes the variables of make, as they are written on its command line.
"""

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from types import ModuleType
from typing import Any

from pipeline.engine import ARTIFACTS, STAGES
from pipeline.engine.errors import PipelineError, UsageError
from pipeline.engine.plan import Plan, plan_call
from pipeline.engine.program import run_command, run_program
from pipeline.engine.run import format_outcome, format_reasons, make_replaced_error, run_stage
from pipeline.engine.stage import Stage
from pipeline.engine.terminal import paint, printable, suggest
from pipeline.engine.variables import Variables, in_words_of_make, list_variables, parse_variables

STATE_COLOURS = {"current": "green", "stored": "cyan", "waiting": "yellow", "stale": "yellow"}
FORCE = "--force"
CHANGED = ("parameter", "input")  # kinds of reasons that make alone can give an earlier stage during a run


def stale(words: Sequence[str]) -> str:
    """Return the stages that are not up to date, after `stale:`, by which make recognises an answer.

    Each stage is one word with the inputs that the Makefile names, as in 'chart throw'. It follows those that it reads.
    Raises PipelineError if a stage reads another input than these, and what `resolve` of a stage raises.
    """
    variables = _read_variables(words)
    inputs = {name: rest for name, *rest in (word.split() for word in words if "=" not in word)}
    stages = [load_stage(name) for name in inputs]
    for stage in stages:
        if missing := set(stage.inputs) - set(inputs[stage.name]):
            name = f"{stage.name}.inputs"
            raise PipelineError(f"{stage.name}: the stage reads {min(missing)}: add it to {name} in the Makefile")
    plans = plan_stages(stages, variables)
    return " ".join(["stale:", *(name for name, plan in plans.items() if plan.state != "current")])


def run(words: Sequence[str]) -> str:
    """Run a stage, unless another command has replaced the results that it reads meanwhile.

    After the name, --force runs it even if its result is up to date. Raises UsageError for a value that is not valid,
    and PipelineError if a result has been replaced or the stage cannot run.
    """
    name, *_ = words
    variables, stage = _read_variables(words), load_stage(name)
    plans = plan_stages(_list_earlier(stage), variables, exact=False)
    for earlier, plan in plans.items():
        if changed := [reason for reason in plan.reasons if reason.kind in CHANGED]:
            raise make_replaced_error(ARTIFACTS / earlier, changed[0])
    # The stage reads the links anew, so it compares what they lead to with what was found here.
    checked = {name: plan.manifest.digest for name, plan in plans.items() if plan.manifest and plan.state != "stored"}
    with _in_words_of_make([stage]):
        return format_outcome(run_stage(stage, parse_variables(stage, variables), FORCE in words, checked))


def status(words: Sequence[str], explain: bool = False) -> Iterator[str]:
    """Yield the state of each stage and, if it is not up to date, why.

    explain: every reason, on a line of its own. Raises UsageError for a word that is not VARIABLE=VALUE.
    """
    for word in words:
        if "=" not in word:
            raise UsageError(f"'{word}' is not VARIABLE=VALUE: write EPOCHS=3 for --epochs 3")
    variables = _read_variables(words)
    plans = plan_stages(_choose(find_stages(), variables), variables)
    return (line for name, plan in plans.items() for line in _describe(name, plan, explain))


def plan_stages(stages: Sequence[Stage[Any]], variables: Variables, exact: bool = True) -> dict[str, Plan]:
    """Return the plan of each stage, by name, if make ran with these variables. Each follows those that it reads.

    exact: whether each variable must be an option of one of these stages. Raises UsageError if one is not, or if a
    value is not valid; PipelineError if a stage cannot run.
    """
    known = {name for stage in stages for name in list_variables(stage)}
    if exact and (unknown := sorted(variables.keys() - known)):
        advice = suggest(unknown[0], known) or f"choose one of {' '.join(sorted(known))}"
        raise UsageError(f"Unknown variable {unknown[0]}: {advice}")
    plans: dict[str, Plan] = {}
    arguments: dict[str, dict[str, Any]] = {}
    for stage in stages:
        with _in_words_of_make(stages, f"{stage.name}: "):
            arguments[stage.name] = parse_variables(stage, variables)
    for stage in stages:
        with _in_words_of_make(stages, f"{stage.name}: "):
            plans[stage.name] = plan_call(stage, arguments[stage.name], plans)
    return plans


@contextmanager
def _in_words_of_make(stages: Sequence[Stage[Any]], begin: str = "") -> Iterator[None]:
    """Let the message of a PipelineError name variables of make instead of options. begin: its beginning."""
    try:
        yield
    except PipelineError as error:
        error.args = (begin + in_words_of_make(str(error), stages),)
        raise


def load_stage(name: str) -> Stage[Any]:
    """Return the stage that the module of this name defines. Raises UsageError if there is none."""
    if not importlib.util.find_spec(f"{STAGES}.{name}"):
        if Path(STAGES, f"{name}.py").exists():
            raise UsageError(f"Python finds another package {STAGES}: create the empty file {STAGES}/__init__.py")
        raise UsageError(f"{STAGES}/{name}.py is missing: write it, or remove {name} from stages in the Makefile")
    found = getattr(import_stage_module(f"{STAGES}.{name}"), name, None)
    if not isinstance(found, Stage):
        raise UsageError(f"{STAGES}/{name}.py has no stage {name}: give a function of this name the decorator @stage()")
    if (output := found.signature.parameters[found.output].default) != ARTIFACTS / name:
        raise UsageError(f"{name}: {found.output} is {output}: let its default be {ARTIFACTS / name}")
    return found


def find_stages() -> list[Stage[Any]]:
    """Return all stages, each after those that it reads. Raises PipelineError for an unknown input or a cycle."""
    names = [module.name for module in pkgutil.iter_modules(importlib.import_module(STAGES).__path__)]
    found = {name: getattr(import_stage_module(f"{STAGES}.{name}"), name, None) for name in names if name != "__main__"}
    stages = {name: stage for name, stage in found.items() if isinstance(stage, Stage)}
    try:
        order = [*TopologicalSorter({name: stage.inputs for name, stage in stages.items()}).static_order()]
        return [stages[name] for name in order]
    except KeyError as error:
        raise PipelineError(f"a stage reads {error}, but {STAGES}/ has no stage of this name: write it") from None
    except CycleError as error:
        cycle = " -> ".join(error.args[1])
        raise PipelineError(f"stages form a cycle: {cycle}: remove one of these inputs") from None


def import_stage_module(name: str) -> ModuleType:
    """Return the module. Raises PipelineError if it is not valid Python or ends the program."""
    try:
        return importlib.import_module(name)
    except SyntaxError as error:
        where = f"{error.filename}, line {error.lineno}"
        raise PipelineError(f"{where} is not valid Python ({error.msg}): fix it") from None
    except SystemExit:
        raise PipelineError(f"importing the module {name} ends the program: let it raise an exception") from None


def _choose(stages: Sequence[Stage[Any]], variables: Variables) -> list[Stage[Any]]:
    """Leave out the stages that refuse a variable, unless no other stage with this variable accepts its value."""
    chosen, refusing = [], []
    for stage in stages:
        try:
            parse_variables(stage, variables)
            chosen.append(stage)
        except UsageError:
            refusing.append(stage)
    accepted = {name for stage in chosen for name in list_variables(stage)}
    return [
        stage for stage in stages if stage in chosen or not accepted & list_variables(stage).keys() & variables.keys()
    ]


def _list_earlier(stage: Stage[Any]) -> list[Stage[Any]]:
    """Return the stages whose results a stage reads, directly or indirectly, each after those that it reads."""
    found: dict[str, Stage[Any]] = {}
    for name in stage.inputs:
        one = load_stage(name)
        found |= {earlier.name: earlier for earlier in [*_list_earlier(one), one]}
    return list(found.values())


def _read_variables(words: Iterable[str]) -> dict[str, str]:
    pairs = (word.partition("=") for word in words)
    return {name: value for name, sign, value in pairs if sign}


def _describe(name: str, plan: Plan, explain: bool) -> Iterator[str]:
    about = f"created on {plan.manifest.when}: {plan.manifest.summary}" if plan.manifest else ""
    state = paint(f"{plan.description:<13}", STATE_COLOURS[plan.state], sys.stdout)
    if plan.reasons and not explain and not plan.is_missing:
        about = format_reasons(plan.reasons)
    yield f"{name:<10} {state} {printable(about)}".rstrip()
    for reason in plan.reasons if explain and not plan.is_missing else ():
        yield printable(f"{'':24} because of {reason}")


if __name__ == "__main__":
    action, *words = sys.argv[1:]
    actions: dict[str, Callable[[list[str]], object]] = {"stale": stale, "run": run, "status": status}
    name = words[0] if action == "run" else "make"  # begins an error message
    run_program(lambda: run_command(name, lambda: actions[action](words)))
