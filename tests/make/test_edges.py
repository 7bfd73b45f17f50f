"""The Makefile says of each stage what its signature says, in the words of its help."""

import re
from functools import cache

import pytest

from pipeline.engine.make import find_stages
from pipeline.engine.stage import Stage
from tests.make.common import make
from tests.processes import ROOT

ALL = find_stages()


@cache
def declared() -> dict[str, set[str]]:
    """Return the words of `stages`, and those of `NAME.inputs` for each stage."""
    names = ["stages", *(f"{stage.name}.inputs" for stage in ALL)]
    lines = "".join(f"$(info {name} $({name}))" for name in names)
    found = (line.split() for line in make(ROOT, f"--eval=show: ; @:{lines}", "show").stdout.splitlines())
    return {name: set(words) for name, *words in found}


@cache
def describe() -> str:
    return make(ROOT, "help").stdout


def test_makefile_lists_all_stages() -> None:
    missing = {stage.name for stage in ALL} ^ declared()["stages"]
    assert not missing, f"let the Makefile have a line NAME.inputs := ... ## ... for each module of stages/: {missing}"


@pytest.mark.parametrize("stage", ALL, ids=lambda stage: stage.name)
def test_makefile_declares_the_inputs_of_each_stage_and_describes_it(stage: Stage[...]) -> None:
    assert declared()[f"{stage.name}.inputs"] == set(stage.inputs)
    described = dict(re.findall(r"(?m)^  make (\w+) +(.*)", describe()))
    words = lambda text: set(re.findall(r"[\w-]+", text.lower()))  # noqa: E731
    summary = (stage.__doc__ or "").partition("\n\n")[0]
    assert words(described.get(stage.name, "no line in the Makefile")) - words(summary) == set()


def test_help_fits_80_columns() -> None:
    assert max(map(len, describe().splitlines())) <= 80
