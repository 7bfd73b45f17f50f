"""The cases in arithmetic.json, which the script of the review page also has to pass."""

import json
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from pipeline.desk.arithmetic import Habit, check, count_results, weigh
from pipeline.desk.forms.amounts import format_amount, parse_amount, write_amount
from pipeline.desk.forms.form import load_form
from pipeline.desk.forms.formulas import Formula, Tree, parse_formula
from pipeline.desk.review_data import describe_form
from pipeline.engine.errors import UsageError
from pipeline.reader.batch.table import protect

CASES = json.loads((Path(__file__).parent / "arithmetic.json").read_text())


def call_amount(given: str) -> Any:
    found = parse_amount(given)
    return [str(found.value), str(found.unit)] if found else None


def call_parse(given: dict[str, Any]) -> Any:
    try:
        return to_lists(parse_formula(given["text"], given["fields"], has_sums=given["sums"]).tree)
    except UsageError:
        return None


def call_check(given: dict[str, Any]) -> Any:
    formula = Formula("", to_tree(given["formula"]))
    outcome = check(formula, given["target"], given["texts"], to_habit(given))
    return {
        "fits": outcome.fits,
        "result": format_amount(outcome.result, given["decimal"]) if outcome.result else None,
    }


def call_weigh(given: dict[str, Any]) -> Any:
    """Each text with its probability, the most probable one first."""
    formula, fields = Formula("", to_tree(given["formula"])), list(given["readings"])

    def fits(texts: Sequence[str]) -> float | None:
        written = {field: [text] for field, text in zip(fields, texts, strict=True)}
        return count_results(formula, given["target"], written, to_habit(given))

    found = weigh([dict(each) for each in given["readings"].values()], fits)
    return {
        field: [[text, round(chance, 3)] for text, chance in sorted(chances.items(), key=lambda each: -each[1])]
        for field, chances in zip(fields, found, strict=False)
    }


def call_write(given: dict[str, str]) -> str:
    return write_amount(given["text"], given["decimal"], given.get("pattern"))


def call_form(given: str) -> Any:
    """What the page knows of the form in this file."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "form.toml").write_text(given, encoding="utf-8")
        try:
            form = load_form(Path(folder) / "form.toml")
        except UsageError:
            return None
    known = describe_form(form, [])
    counted = ("holds", "pattern", "fits", "spaces", "separators")
    fields = {name: {key: field[key] for key in counted if key in field} for name, field in known["fields"].items()}
    return {
        "top": {key: value for key, value in (("reference", form.named), ("decimal", form.decimal)) if value},
        "fields": fields,
        **{
            table: {name: to_lists(each["formula"]) for name, each in known[table].items()}
            for table in ("lines", "sums")
        },
    }


CALLS: dict[str, Callable[[Any], Any]] = {
    "amount": call_amount,
    "parse": call_parse,
    "check": call_check,
    "weigh": call_weigh,
    "write": call_write,
    "form": call_form,
    "protect": protect,
}


def to_habit(given: dict[str, Any]) -> Habit:
    return Habit(Fraction(given["unit"]), given.get("rounds", False))


def to_tree(lists: list[Any]) -> Tree:
    return tuple(to_tree(part) if isinstance(part, list) else part for part in lists)


def to_lists(tree: Any) -> Any:
    return [to_lists(part) for part in tree] if isinstance(tree, tuple) else tree


@pytest.mark.parametrize("case", CASES, ids=json.dumps)
def test_case(case: dict[str, Any]) -> None:
    assert CALLS[case["call"]](case["input"]) == case["output"]


def test_every_call_has_cases() -> None:
    assert {case["call"] for case in CASES} == set(CALLS)


@pytest.mark.parametrize("text", ["(" * 200 + "1" + ")" * 200, "-" * 300 + "1", "1+" * 200 + "1"])
def test_limits_of_a_formula_are_errors(text: str) -> None:
    with pytest.raises(UsageError):
        parse_formula(text, ["a"], has_sums=False)
