"""The values in README.md and docs/ stand in their tables, most of which `make benchmarks` writes."""

import re
from pathlib import Path

import pytest

from pipeline.network.architecture import build_layers
from pipeline.network.network import count_parameters
from pipeline.reader import PRETRAINED, load
from pipeline.training.recipes import RECIPES
from tests.tools.figures import BLOCK, ROOT, find_figures, list_pages

MARKER = re.compile(r"^<!-- figure: ([\w-]+) -->$", re.MULTILINE)
VALUE = re.compile(
    r"(\d[\d,]*(?:\.\d+)?)\s?(%|(?:kB|MB|GB)(?:/s)?|(?:images|pictures)/s|ms|s|seconds?|min|minutes?|hours?)(?![\w/])"
)
UNITS = {"second": "s", "seconds": "s", "minute": "min", "minutes": "min", "hour": "hours"}
# Code, comments, images with their descriptions, formulas.
NO_PROSE = re.compile(
    r"^```.*?^```$|<!--.*?-->|`[^`\n]+`|<[^>]+>|!\[.*?\]\(|\$\$.*?\$\$|\$[^$\n]+\$", re.MULTILINE | re.DOTALL
)

# Values in the prose that are parameters, limits, examples or computed from them, not measurements, by page.
GIVEN: dict[str, set[str]] = {
    "README.md": {"0.2GB"},  # rounded, of its table of packages
    "docs/README.md": {"45min"},  # of a lesson
    "docs/use/teaching.md": {"100%"},
    "docs/learn/tutorial.md": {"47MB", "376MB"},
    "docs/pipeline/cluster.md": {"10s"},  # time limits
    "docs/pipeline/reuse.md": {"30MB", "115MB"},  # what du shows for the packages
    "docs/learn/reader.md": {"10%", "60%"},
    "docs/faq.md": {"160MB", "0.5GB", "600MB"},  # rounded, rounded, and an upper limit
    "docs/use/pictures.md": {"600MB", "512MB", "400MB", "1%"},  # the rest of what the example shows
    "docs/use/forms.md": {"5%", "3%"},
    "docs/use/review.md": {"90%", "3%"},
    "docs/use/troubleshooting.md": {"10%"},
}
ROW = re.compile(r"^\|.*\|$", re.MULTILINE)
OUTPUT = re.compile(r"^```text$.*?^```$", re.MULTILINE | re.DOTALL)  # which a test compares


def list_values(text: str) -> set[str]:
    """Return the accuracies, sizes, times and speeds in a text: "99.5 %" and "3 seconds" as "99.5%" and "3s"."""
    return {number + UNITS.get(unit, unit) for number, unit in VALUE.findall(text)}


@pytest.mark.parametrize("page", list_pages(), ids=lambda page: page.stem)
def test_every_value_in_the_prose_was_measured(page: Path) -> None:
    text, name = page.read_text(encoding="utf-8"), page.relative_to(ROOT).as_posix()
    assert [block[2] for block in BLOCK.finditer(text)] == MARKER.findall(text), "a table needs a command and an end"
    figures = {name: content for name, (_, content, _) in find_figures().items()}
    tables = "".join([*figures.values(), *ROW.findall((ROOT / "docs/results.md").read_text(encoding="utf-8"))])
    measured = list_values(tables + "".join(OUTPUT.findall(text)))
    shares = [float(number) for number in re.findall(r"(\d+\.\d+)%", tables)]
    shares += [100 * float(number) for number in re.findall(r"\b0\.\d+\b", tables)]
    measured |= {f"{share:.{digits}f}%" for share in shares for digits in (0, 1)}
    measured |= {f"{number}images/s" for number in re.findall(r"\d+,\d+", tables)}  # columns
    if name == "docs/learn/tutorial.md":
        measured |= {f"{number}%" for number in re.findall(r"\d+\.\d\b", figures["tutorial"])}  # a column
    prose = NO_PROSE.sub("", BLOCK.sub("", text))
    values, given = list_values(prose), GIVEN.get(name, set())
    assert (values - measured - given, given - values) == (set(), set())


def test_table_of_the_recipes_is_of_their_networks() -> None:
    rows = re.findall(r"^\| `(\w+)` +\| +([\d,]+) \|", find_figures()["recipes"][1], re.MULTILINE)
    counts = {}
    for name, recipe in RECIPES.items():
        layers = build_layers(recipe.layers, recipe.activation, (28, 28), 10 + (recipe.negatives > 0))
        counts[name] = recipe.ensemble_size * count_parameters(layers)
    assert {name: int(count.replace(",", "")) for name, count in rows} == counts


def test_page_on_the_reader_has_the_sizes_of_its_networks() -> None:
    detector = load(PRETRAINED).detector
    assert detector and detector.row
    sizes = [sum(each.size for each in model.parameters) for model in (detector, detector.row)]
    found = re.findall(r"([\d,]+) parameters", (ROOT / "docs/learn/reader.md").read_text(encoding="utf-8"))
    assert found == [f"{size:,}" for size in sizes]
