"""The values in README.md and docs/ are those of docs/figures, which `make benchmarks` measures."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.network.architecture import build_layers
from pipeline.network.network import count_parameters
from pipeline.training.recipes import RECIPES
from tests.benchmarks.markdown import table
from tests.benchmarks.recipes import list_values
from tests.figures import BLOCK, FIGURES, FOLDER, ROOT, Figure, list_pages, read_figure

MARKER = re.compile(r"^<!-- figure: ([\w-]+) -->$", re.MULTILINE)
VALUE = re.compile(
    r"(\d[\d,]*(?:\.\d+)?)\s?(%|(?:kB|MB|GB)(?:/s)?|(?:images|pictures)/s|ms|s|seconds?|min|minutes?|hours?)(?![\w/])"
)
UNITS = {"second": "s", "seconds": "s", "minute": "min", "minutes": "min", "hour": "hours"}
# Code, comments, images with their descriptions, formulas.
NO_PROSE = re.compile(
    r"^```.*?^```$|<!--.*?-->|`[^`\n]+`|<[^>]+>|!\[.*?\]\(|\$\$.*?\$\$|\$[^$\n]+\$", re.MULTILINE | re.DOTALL
)

# Values in the prose that are parameters, limits or examples, not measurements, by page.
GIVEN: dict[str, set[str]] = {
    "README.md": {"99.5%", "90%"},  # rounded
    "docs/learn/derivation.md": {"1hours"},  # in the title of a reference
    "docs/learn/tutorial.md": {"47MB", "376MB"},  # computed there
    "docs/pipeline/cluster.md": {"10s", "30s"},  # time limits
    "docs/pipeline/reruns.md": {"1MB"},  # an option of Snakemake
    "docs/results.md": {"30%", "700kB"},  # a fraction of augmented images, the limit on the pretrained model
    # Limit on a pipe, memory of a process, thresholds, an example; rounded: accuracy by kind, remaining errors.
    "docs/use/pictures.md": {"512MB", "600MB", "90%", "3%", "2%"},
}
OUTPUT = re.compile(r"^```text$.*?^```$", re.MULTILINE | re.DOTALL)  # which a test compares


def list_values_in(text: str) -> set[str]:
    """Return the accuracies, sizes, times and speeds in a text: "99.5 %" and "3 seconds" as "99.5%" and "3s"."""
    return {number + UNITS.get(unit, unit) for number, unit in VALUE.findall(text)}


def list_figures() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.md"))


def list_pages_by_name() -> dict[str, Path]:
    return {page.relative_to(ROOT).as_posix(): page for page in list_pages()}


@pytest.mark.parametrize("name", list_pages_by_name())
def test_page_contains_the_current_figures(name: str) -> None:
    text = list_pages_by_name()[name].read_text()
    assert [block[2] for block in BLOCK.finditer(text)] == MARKER.findall(text), "a figure needs <!-- end -->"
    for block in BLOCK.finditer(text):
        assert block[3] == read_figure(block[2]), f"run `python -m tests.figures --pages`: {block[2]}"


def test_every_figure_is_shown_and_can_be_measured() -> None:
    texts = [page.read_text() for page in list_pages()]
    shown = {name for text in texts for name in (*MARKER.findall(text), *re.findall(r"figures/([\w-]+)\.md", text))}
    assert set(list_figures()) <= shown <= {figure.name for figure in FIGURES}


def test_table_of_the_recipes_has_their_values() -> None:
    values = (FOLDER / "recipe-values.md").read_text()
    assert list_values() in values
    rows = re.findall(r"^\| `(\w+)` +\| +([\d,]+) \|", (FOLDER / "recipes.md").read_text(), re.MULTILINE)
    counts = {}
    for name, recipe in RECIPES.items():
        layers = build_layers(recipe.layers, recipe.activation, (28, 28), 10 + (recipe.negatives > 0))
        counts[name] = recipe.ensemble_size * count_parameters(layers)
    assert {name: int(count.replace(",", "")) for name, count in rows} == counts


@pytest.mark.parametrize("name", list_pages_by_name())
def test_every_value_in_the_prose_was_measured(name: str) -> None:
    text = list_pages_by_name()[name].read_text()
    prose = NO_PROSE.sub("", BLOCK.sub("", text))
    figures = "".join(read_figure(figure) for figure in list_figures())
    measured = list_values_in(figures + "".join(OUTPUT.findall(text)))
    measured |= {f"{number}images/s" for number in re.findall(r"\d+,\d+", figures)}  # columns
    if name == "docs/learn/tutorial.md":
        measured |= {f"{number}%" for number in re.findall(r"\d+\.\d\b", read_figure("tutorial"))}  # a column
    assert list_values_in(prose) - measured - GIVEN.get(name, set()) == set()


def test_values_are_found_in_prose() -> None:
    text = "99.5% in 3 seconds, 1,200 images/s at 0.64 MB; 28 x 28 pixels"
    assert list_values_in(text) == {"99.5%", "3s", "1,200images/s", "0.64MB"}


def test_figure_is_up_to_date_until_its_command_or_code_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.figures.FOLDER", tmp_path)
    figure = Figure("core", "tests.benchmarks.core")
    assert figure.is_stale()
    figure.measure()
    assert not figure.is_stale()
    assert replace(figure, command="tests.benchmarks.core --other").is_stale()
    assert replace(figure, files=("pyproject.toml",)).is_stale()


def test_table_is_aligned() -> None:
    assert table(["a", "b"], [["long name", 1]]).splitlines() == [
        "| a         |   b |",
        "|-----------|----:|",
        "| long name |   1 |",
    ]
