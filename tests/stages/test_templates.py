"""Each stage declares exactly the page templates that it renders, and their scripts fit on a screen."""

import re
from collections.abc import Collection
from typing import Any

import pytest

from pipeline.engine.stage import Stage
from pipeline.html.rendering import TEMPLATES
from stages.detector import detector
from stages.export import export
from stages.report import report
from tests.processes import ROOT

COLUMNS = 120  # of a line of JavaScript, as of Python


def included(template: str) -> set[str]:
    """Return a template with those that it includes, and those that they include."""
    names = re.findall(r'{% (?:include|extends) "(.+?)" %}', (TEMPLATES / template).read_text(encoding="utf-8"))
    return {template}.union(*map(included, names))


def declared(stage: Stage[Any]) -> set[str]:
    files = {path for pattern in stage.extra_files for path in ROOT.glob(pattern)}
    return {path.relative_to(TEMPLATES).as_posix() for path in files}


@pytest.mark.parametrize(
    ("stage", "used"),
    [
        (export, {*included("html/lesson/lesson.html"), "html/model_card.md"}),
        (report, {*included("html/report/report.html"), "html/report/report.mplstyle"}),
        (detector, {"html/reader_card.md"}),
    ],
)
def test_declared_templates_equal_used_templates(stage: Stage[Any], used: Collection[str]) -> None:
    assert declared(stage) == used


def test_every_template_is_declared() -> None:
    files = [path for name in ("html", "desk") for path in (TEMPLATES / name).rglob("*") if path.is_file()]
    templates = {path.relative_to(TEMPLATES).as_posix() for path in files if path.suffix not in (".py", ".pyc")}
    review = included("desk/review/review.html")  # `classify` writes this page, and is no stage
    assert templates == {*declared(export), *declared(report), *declared(detector), *review}


@pytest.mark.parametrize("script", sorted(TEMPLATES.rglob("*.js")), ids=lambda script: script.stem)
def test_lines_of_scripts_are_short(script: Any) -> None:
    lines = script.read_text(encoding="utf-8").splitlines()
    assert [number for number, line in enumerate(lines, start=1) if len(line) > COLUMNS] == []
