"""The Makefile and the stages declare the same inputs and options, and describe them in the same words."""

import inspect
import re
from pathlib import Path

import pytest

from stages.cli.main import COMMANDS
from stages.cli.order import STAGES as ALL
from tests.make.common import STAGES, make


def declared(project: Path, name: str) -> set[str]:
    return set(make(project, f"--eval=show: ; @echo $({name})", "show").stdout.split())


def test_makefile_lists_the_stages_in_order(fresh: Path) -> None:
    assert make(fresh, "--eval=show: ; @echo $(stages)", "show").stdout.split() == [*STAGES, "compose", "reader"]
    assert [stage.name for stage in ALL] == list(STAGES)


@pytest.mark.parametrize("stage", ALL, ids=lambda stage: stage.name)
def test_makefile_declares_inputs_and_options_of_each_stage(stage: object, fresh: Path) -> None:
    name, inputs = stage.name, stage.inputs  # type: ignore[attr-defined]
    assert declared(fresh, f"{name}.inputs") == set(inputs)
    options = set(inspect.signature(stage).parameters) - {*inputs, "output", "artifacts"}  # type: ignore[arg-type]
    assert declared(fresh, f"{name}.variables") == {option.removesuffix("_folder").upper() for option in options}


def test_help_has_every_variable_and_the_words_of_the_commands(fresh: Path) -> None:
    text = make(fresh, "help").stdout
    assert declared(fresh, "known") - {"SHELL"} <= set(text.split())
    described = dict(re.findall(r"(?m)^  make (\w+) +(.*)", text))
    words = lambda line: set(re.findall(r"[\w-]+", line.lower()))  # noqa: E731
    for command in (command for panel in COMMANDS.values() for command in panel if command.__name__ in described):
        first = (command.__doc__ or "").partition("\n\n")[0]
        assert words(described[command.__name__]) - words(first) == set(), command.__name__
