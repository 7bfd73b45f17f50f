"""The report of the sample and of unusual findings."""

import functools
import itertools
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from pipeline.data.augmentation import Augmentation
from pipeline.html.report.report_page import (
    MAX_ERRORS,
    MAX_RUNS,
    draw_augmented,
    find_best,
    list_errors,
    render_report,
    tint_matrix,
)
from pipeline.html.wording import percent
from pipeline.training.history import Epoch
from pipeline.training.recipe import Recipe
from tests.pipeline.html.findings import NASTY, UNUSUAL, findings


class Reader(HTMLParser):
    """Collects the elements of a page and checks that tags are balanced."""

    VOID = ("meta", "link", "img")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@functools.cache
def page_of(name: str = "ordinary") -> str:
    """Return the report of ordinary or unusual findings."""
    return render_report(UNUSUAL[name] if name in UNUSUAL else findings())


@pytest.mark.parametrize("name", UNUSUAL)
def test_page_is_valid_for_unusual_findings(name: str) -> None:
    page = page_of(name)
    assert len(page) < 2e6
    reader = Reader(page)
    assert reader.open == []
    ids = [attributes["id"] for _, attributes in reader.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = {str(attributes["href"]) for attributes in reader.all("a")}
    links = {each for each in links if not each.startswith("../export/index.html#i=")}
    assert links <= {f"#{each}" for each in ids}
    assert all(str(attributes["src"]).startswith("data:image/png;base64,") for attributes in reader.all("img"))
    assert all("alt" in attributes for attributes in reader.all("img"))
    assert reader.all("script") == []
    levels = [int(tag[1]) for tag, _ in reader.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert "nan" not in re.sub(r"base64,[^\"]*", "", page)


def test_names_are_escaped() -> None:
    page = page_of("names with markup")
    assert NASTY not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") > 5


def test_report_contains_the_metrics(sample: str, built: Path) -> None:
    metrics = json.loads((built / "evaluate" / "metrics.json").read_text())
    model = json.loads((built / "train" / "model.json").read_text())
    low, high = metrics["accuracy_interval_95"]
    shares = [metrics["accuracy"], low, high, metrics["expected_calibration_error"], metrics["classes"]["7"]["recall"]]
    for share in (*shares, model["validation_accuracy"]):
        assert percent(share) in sample
    assert "1,833 training, 167 validation, 500 test" in sample
    assert "28x28-192-10" in sample
    assert "make train DATASET=sample RECIPE=quick</code>" in sample
    assert f"{784 * 192 + 192 + 192 * 10 + 10:,}" in sample


def test_most_confident_errors_come_first_and_each_cell_of_the_matrix_shows_its_own() -> None:
    found = findings(3, images=300, names=("a", "b", "c"))
    predicted, confidence = found.probabilities.argmax(axis=1), found.probabilities.max(axis=1)
    wrong = sorted(np.flatnonzero(predicted != found.labels).tolist(), key=lambda index: (-confidence[index], index))
    page = render_report(found)
    errors = re.findall(
        r'<li class="read-(\d)-(\d)( hidden)?"><figure><a [^>]*><img [^>]*alt="Test image (\d+), class (\w)"></a>'
        r"\s*<figcaption><b>(\w)</b> read as <b>(\w)</b>, (\d+%)",
        page,
    )
    for row, column, _, index, *texts in errors:
        cell = (found.labels[int(index)], predicted[int(index)])
        assert cell == (int(row), int(column))
        names = [found.model.class_names[number] for number in (cell[0], *cell)]
        assert texts == [*names, percent(confidence[int(index)], 0)]
    order = [int(index) for _, _, _, index, *_ in errors]
    assert order == sorted(order, key=wrong.index) and order[:MAX_ERRORS] == wrong[:MAX_ERRORS]
    assert [hidden for _, _, hidden, *_ in errors] == [""] * MAX_ERRORS + [" hidden"] * (len(errors) - MAX_ERRORS)
    for row, column in ((0, 1), (1, 0)):
        shown = [hidden for *cell, hidden in (error[:3] for error in errors) if cell == [str(row), str(column)]]
        assert len(shown) == max(12, shown.count(""))
        count = int(np.count_nonzero((found.labels == row) & (predicted == column)))
        link, name, other = f"read-{row}-{column}", *(found.model.class_names[each] for each in (row, column))
        assert f'<a href="#{link}" aria-label="{count}: {name} read as {other}">{count}</a>' in page
        assert re.search(rf'id="{link}"><b>{name}</b> read as <b>{other}</b>:\s+{len(shown)} of {count},', page)
        assert page.count(f"#{link}:target ~ .errors .{link} ") == 1
    assert len(list_errors(found, per_cell=0)) == MAX_ERRORS


def test_tiles_have_the_differences_to_the_best_earlier_run_with_the_same_recipe_and_data() -> None:
    found = findings()
    (one,) = found.runs
    provenance = replace(one.manifest.provenance, code={"other.py": "0"})
    earlier = replace(
        one,
        manifest=replace(one.manifest, provenance=provenance, created="2025-01-02T03:04:05.678+00:00"),
        validation_accuracy=0.65,
        test_accuracy=0.0,
        expected_calibration_error=0.0,
        history=[[Epoch(1, 1.0, 0.5, 0.6, 0.1, 5.0)]],
    )
    worse = replace(earlier, names=("worse",), validation_accuracy=0.1)
    page = render_report(replace(found, runs=[one, worse, replace(earlier, names=("best",))]))
    tiles = re.findall(
        r"<div><dt>(.*?)</dt><dd>.*?(?:<b class=\"(.*?)\">(.*?)</b>)?</dd></div>", page.partition('class="facts"')[0]
    )
    assert [name for name, _, _ in tiles] == [
        *("Test accuracy", "Validation accuracy", "Calibration error", "Log loss", "Parameters and time")
    ]
    verdicts = [(verdict, change) for _, verdict, change in tiles]
    assert verdicts[0][0] == "good"
    assert verdicts[1] == ("bad", "5.00 points worse")
    assert verdicts[2][0] == "bad" and verdicts[2][1].endswith("points worse")
    assert verdicts[3] == ("", "")  # not known
    assert verdicts[4] == ("", "1.0 s longer")
    assert "best\n    of 2025-01-02 03:04 UTC" in page
    assert find_best(one, [replace(earlier, changes={**one.changes, "seed": (1, 0)})])
    for other in (replace(earlier, data="cd" * 32), replace(earlier, changes={"epochs": (2, 3)})):
        assert "points worse" not in render_report(replace(found, runs=[one, other]))


def test_report_without_augmentation_has_no_augmented_images(sample: str) -> None:
    assert 'id="augmentation"' not in sample
    assert "#augmentation" not in sample
    assert 'id="augmentation"' in page_of()
    assert draw_augmented(findings().samples, Recipe(augmentation=Augmentation(augment_fraction=0, shift=1))) == []


def test_augmented_copies_differ_and_the_first_picture_is_the_original() -> None:
    found = findings(8)
    rows = draw_augmented(found.samples, Recipe(augmentation=Augmentation(shift=1.0, rotation=10.0)))
    assert [len(row) for row in rows] == [8] * 8  # the original and 7 copies
    assert all(len(set(row)) == 8 for row in rows)
    thick = draw_augmented(found.samples, Recipe(augmentation=Augmentation(stroke_width=0.5)))
    assert [row[0] for row in thick] == [row[0] for row in rows]


def test_rare_confusions_are_tinted() -> None:
    cells = tint_matrix(np.array([[1000, 1, 0], [9, 1000, 0], [0, 0, 0]]))
    assert cells[0] == [(1000, 10), (1, 3), (0, 0)]
    assert cells[1] == [(9, 10), (1000, 10), (0, 0)]
    assert cells[2] == [(0, 0)] * 3


def test_more_than_thirty_classes_have_a_list_instead_of_the_matrix() -> None:
    assert 'aria-label="Confusion matrix"' in page_of("30 classes with long names")
    many = page_of("256 classes")
    assert 'aria-label="Confusion matrix"' not in many
    assert "Most frequent confusions" in many


def test_percentage_below_one_is_not_rounded_to_100() -> None:
    assert percent(0.99999) == "99.99%"
    assert percent(0.9999, 0) == "99%"
    assert percent(np.nextafter(1.0, 0.0)) == "100.00%"  # 1 within the rounding error of sums
    assert percent(1.0) == "100.00%"
    assert percent(None) == "–"


def test_latest_runs_are_listed_with_this_one() -> None:
    found = findings()
    (one,) = found.runs
    others = [
        replace(one, manifest=replace(one.manifest, provenance=replace(one.manifest.provenance, code=n)))
        for n in ({"n": str(n)} for n in range(MAX_RUNS + 1))
    ]
    page = render_report(replace(found, runs=[one, *others, replace(others[0], data="cd" * 32)]))
    table = page[page.index('<table class="runs">') :].partition("</table>")[0]
    assert table.count("<tr") == 1 + MAX_RUNS
    assert "lists 2 more" in page
    assert page.count("this run") == page.count('aria-current="true"') == 1
    assert re.findall("<th scope=.col.>(.*?)</th>", table)[:4] == ["time", "recipe", "validation", "test"]


def test_each_layer_is_a_row_and_only_convolutions_have_patches() -> None:
    page = render_report(findings(layers="conv3x3/1,conv4x2/1,6"))
    assert [f'<th scope="row">{number}</th><td>' in page for number in range(1, 6)] == [True] * 4 + [False]
    assert 'id="patches-2"' in page
    assert 'id="patches-3"' not in page
    assert "receptive field" not in page_of()
