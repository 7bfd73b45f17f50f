"""The Makefile says of each stage what its signature says, in the words of its help."""

import re
from pathlib import Path

import pytest

from pipeline.engine.make import find_stages
from pipeline.engine.stage import Stage
from tests.make.common import make

ALL = find_stages()


def declared(project: Path, name: str) -> set[str]:
    return set(make(project, f"--eval=show: ; @echo $({name})", "show").stdout.split())


def test_makefile_lists_all_stages(fresh: Path) -> None:
    missing = {stage.name for stage in ALL} ^ declared(fresh, "stages")
    assert not missing, f"let the Makefile have a line NAME.inputs := ... ## ... for each module of stages/: {missing}"


@pytest.mark.parametrize("stage", ALL, ids=lambda stage: stage.name)
def test_makefile_declares_the_inputs_of_each_stage_and_describes_it(stage: Stage[...], fresh: Path) -> None:
    assert declared(fresh, f"{stage.name}.inputs") == set(stage.inputs)
    described = dict(re.findall(r"(?m)^  make (\w+) +(.*)", make(fresh, "help").stdout))
    words = lambda text: set(re.findall(r"[\w-]+", text.lower()))  # noqa: E731
    summary = (stage.__doc__ or "").partition("\n\n")[0]
    assert words(described.get(stage.name, "no line in the Makefile")) - words(summary) == set()
