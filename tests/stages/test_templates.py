"""Each stage declares exactly the page templates that it renders."""

import re
from typing import Any

import pytest

from pipeline.engine.stage import Stage
from pipeline.html.rendering import TEMPLATES
from stages.export import export
from stages.reader import reader
from stages.report import report
from stages.rows import rows
from tests.processes import ROOT


def included(template: str) -> list[str]:
    """Return the templates that a template includes, and those that they include."""
    names = re.findall(r'{% include "(.+?)" %}', (TEMPLATES / template).read_text(encoding="utf-8"))
    return [each for name in names for each in (name, *included(name))]


def declared(stage: Stage[Any]) -> list[str]:
    files = {path for pattern in stage.extra_files for path in ROOT.glob(pattern)}
    return sorted(path.name for path in files if path.parent == TEMPLATES)


@pytest.mark.parametrize(
    ("stage", "used"),
    [
        (export, ["drawing.html", "model_card.md", *included("drawing.html")]),
        (report, ["report.html", "report.mplstyle", *included("report.html")]),
    ],
)
def test_declared_templates_equal_used_templates(stage: Stage[Any], used: list[str]) -> None:
    assert declared(stage) == sorted(used)


def test_every_template_is_declared() -> None:
    assert {*declared(export), *declared(report), *declared(reader), *declared(rows)} == {
        path.name for path in TEMPLATES.iterdir() if path.is_file()
    }
