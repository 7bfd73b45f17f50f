"""The variables of make are the options of a stage, with values that are checked in words of make."""

from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import typer

from pipeline.engine.command import invoke, make_app
from pipeline.engine.errors import UsageError
from pipeline.engine.stage import File, Input, Output, Role, stage
from pipeline.engine.variables import in_words_of_make, list_variables, parse_variables


class Heat(Enum):
    LOW = "low"
    HIGH = "high"


def even(number: int) -> int:
    if number % 2:
        raise typer.BadParameter("use an even number")
    return number


@stage()
def knead(
    times: Annotated[int, typer.Option(min=1, max=99)],
    flour: Input = Path("artifacts/flour"),
    recipe: Annotated[File, typer.Option("--from")] = Path("recipe.txt"),
    rest: "float" = 1.5,
    sort: Literal["rye", "wheat"] = "rye",
    salt: int | None = None,
    note: str | None = None,
    heat: Heat = Heat.LOW,
    hands: Annotated[int, Role.IGNORED, typer.Option(envvar="HANDS_OF_BAKER", callback=even)] = 2,
    with_oil: Annotated[bool, typer.Option("--oil/--no-oil")] = True,
    output: Output = Path("artifacts/knead"),
) -> str:
    """Knead the dough."""
    return "kneaded"


DEFAULTS = {name: each.default for name, each in knead.signature.parameters.items()}


@pytest.mark.parametrize(
    ("variables", "changes"),
    [
        ({}, {}),
        ({"REST": "-2", "SORT": "wheat", "SALT": "9"}, {"rest": -2.0, "sort": "wheat", "salt": 9}),
        ({"FROM": "my recipe", "HEAT": "high"}, {"recipe": Path("my recipe"), "heat": Heat.HIGH}),
        ({"OIL": "0"}, {"with_oil": False}),
        ({"OIL": "1", "NOTE": ""}, {"note": ""}),
        ({"NOTE": "null", "HANDS": "4"}, {"note": "null", "hands": 4}),
        ({"FLOUR": "x", "RECIPE": "x", "OUTPUT": "x", "WITH_OIL": "0", "TIME": "x"}, {}),  # of other stages
    ],
)
def test_variables_replace_the_defaults_of_the_options(variables: dict[str, str], changes: dict[str, Any]) -> None:
    assert parse_variables(knead, {"TIMES": "3", **variables}) == DEFAULTS | {"times": 3} | changes
    assert list(list_variables(knead)) == ["TIMES", "FROM", "REST", "SORT", "SALT", "NOTE", "HEAT", "HANDS", "OIL"]


def test_environment_sets_an_option_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDS_OF_BAKER", "6")
    monkeypatch.setenv("TIMES", "9")
    assert parse_variables(knead, {"TIMES": "3"}) == DEFAULTS | {"times": 3, "hands": 6}
    assert parse_variables(knead, {"TIMES": "3", "HANDS": "8"})["hands"] == 8
    monkeypatch.setenv("HANDS_OF_BAKER", "many")
    with pytest.raises(UsageError, match="HANDS_OF_BAKER"):
        parse_variables(knead, {"TIMES": "3"})


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({}, "--times"),
        ({"TIMES": "x"}, "--times"),
        ({"TIMES": ""}, "--times"),
        ({"TIMES": "0"}, "1"),
        ({"TIMES": "100"}, "99"),
        ({"REST": "long"}, "--rest"),
        ({"SORT": "weat"}, "'rye', 'wheat'"),
        ({"OIL": "yes"}, "OIL=yes: use 1 or 0"),
        ({"HEAT": "some"}, "'low', 'high'"),
        ({"HANDS": "3"}, "use an even number"),
    ],
)
def test_wrong_value_of_a_variable_is_wrong_usage(variables: dict[str, str], named: str) -> None:
    with pytest.raises(UsageError, match=named):
        parse_variables(knead, {"TIMES": "3", **variables} if variables else {})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("the dough needs flour: add --from PATH", "the dough needs flour: add FROM=PATH"),
        ("--from must be a file", "FROM must be a file"),
        ("leave --no-oil and --oil out", "leave --no-oil and OIL out"),
        ("add --from: see --from-where, x--from and --help", "add FROM: see --from-where, x--from and --help"),
    ],
)
def test_messages_name_variables_instead_of_options(text: str, shown: str) -> None:
    assert in_words_of_make(text, [knead]) == shown


def test_option_without_a_default_is_an_option_of_the_command() -> None:
    with pytest.raises(UsageError, match="'--times': .*1"):
        invoke(make_app(knead), ["--times", "0"], "knead")
