"""Each stage declares exactly the page templates that it renders."""

import re
from typing import Any

import pytest

from pipeline.engine.stage import Stage
from pipeline.pages.drawing import SCRIPTS, STYLES
from pipeline.pages.rendering import TEMPLATES
from stages.export import export
from stages.report import report
from tests.processes import ROOT

INCLUDED = re.findall(r'{% include "(.+?)" %}', (TEMPLATES / "report.html").read_text(encoding="utf-8"))


def declared(stage: Stage[Any]) -> list[str]:
    return sorted(path.name for pattern in stage.extra_files for path in ROOT.glob(pattern))


@pytest.mark.parametrize(
    ("stage", "used"),
    [(export, ["drawing.html", "model_card.md", *STYLES, *SCRIPTS]), (report, ["report.html", *INCLUDED])],
)
def test_declared_templates_equal_used_templates(stage: Stage[Any], used: list[str]) -> None:
    assert declared(stage) == sorted(used)


def test_every_template_is_declared() -> None:
    assert {*declared(export), *declared(report)} == {path.name for path in TEMPLATES.iterdir() if path.is_file()}
