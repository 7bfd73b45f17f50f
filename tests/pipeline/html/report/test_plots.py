import functools
import re
from collections.abc import Callable
from xml.etree import ElementTree

import numpy as np
import pytest

from pipeline.html.report.plots import plot_accuracy, plot_loss, plot_reliability
from pipeline.model.metrics import Reliability, measure_reliability
from pipeline.training.history import Epoch


def history(epochs: int, accuracy: float = 0.9, seed: int = 0) -> list[Epoch]:
    generator, error = np.random.default_rng(seed), 1 - accuracy
    return [
        Epoch(number, 1 / number, 1 - error * generator.uniform(), 1 - error, 0.01 / number, 1.0)
        for number in range(1, epochs + 1)
    ]


def reliability(count: int = 200) -> Reliability:
    generator = np.random.default_rng(0)
    probabilities = generator.dirichlet([0.3] * 4, count).astype(np.float32)
    return measure_reliability(probabilities, generator.integers(0, 4, count).astype(np.uint8))


@functools.cache
def drawings() -> list[str]:
    histories = [history(5)]
    return [plot_loss(histories), plot_accuracy(histories), plot_reliability(reliability())]


HISTORIES = {
    "one epoch": [history(1)],
    "few epochs": [history(5)],
    "few errors": [history(30, 0.99)],
    "no errors": [[Epoch(1, 0.0, 1.0, 1.0, 0.1, 0.0), Epoch(2, 0.0, 1.0, 1.0, 0.1, 0.0)]],
    "only errors": [[Epoch(1, 1.0, 0.0, 0.0, 0.1, 0.0)]],
    "an ensemble": [history(60, 0.97, seed) for seed in range(3)],
    "an ensemble of unequal lengths": [history(3), history(7)],
}


@pytest.mark.parametrize("plot", [plot_loss, plot_accuracy])
@pytest.mark.parametrize("name", HISTORIES)
def test_every_history_is_plotted(plot: Callable[[list[list[Epoch]]], str], name: str) -> None:
    root = ElementTree.fromstring(plot(HISTORIES[name]))
    assert root.tag == "svg"
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"]


def test_output_is_deterministic_with_other_settings_of_matplotlib() -> None:
    import matplotlib

    before = drawings()[::2]
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red", "svg.fonttype": "path"}):
        assert [plot_loss([history(5)]), plot_reliability(reliability())] == before
        assert matplotlib.rcParams["font.size"] == 30


def test_figures_share_no_id_and_reference_only_their_ids() -> None:
    ids = [re.findall(r'\bid="([^"]+)"', drawing) for drawing in drawings()]
    assert len({name for names in ids for name in names}) == sum(map(len, ids))
    for drawing, names in zip(drawings(), ids, strict=True):
        references = {*re.findall(r"url\(#([^)]+)\)", drawing), *re.findall(r'href="#([^"]+)"', drawing)}
        assert references
        assert references <= set(names)


def test_all_colours_are_css_variables() -> None:
    for drawing in drawings():
        assert set(re.findall(r"#[0-9a-f]{6}\b", drawing)) == set()
        assert "var(--act)" in drawing
        assert "<style" not in drawing
        assert "<metadata" not in drawing
        assert "</text>" in drawing


def test_ensemble_has_a_line_per_network() -> None:
    one, three = (plot_loss([history(60, seed=seed) for seed in range(count)]) for count in (1, 3))
    assert three.count("var(--act)") == one.count("var(--act)") + 2


@pytest.mark.parametrize("accuracies", [(0.3, 0.8), (0.95, 0.99), (0.5, 0.9999)])
def test_line_rises_with_increasing_accuracy(accuracies: tuple[float, float]) -> None:
    rows = [
        Epoch(number, 1.0, accuracies[0], accuracy, 0.1, 1.0) for number, accuracy in enumerate(accuracies, start=1)
    ]
    root = ElementTree.fromstring(plot_accuracy([rows]))
    lines = [path.attrib["d"] for path in root.iter("path") if "stroke: var(--act)" in path.attrib.get("style", "")]
    (_, first), (_, last) = (map(float, point) for point in re.findall(r"[ML] (\S+) (\S+)", lines[0]))
    assert last < first  # y points down in SVG


@pytest.mark.parametrize(("confidence", "correct"), [(1.0, True), (1.0, False), (0.25, True)])
def test_single_bin_of_confidence_is_plotted(confidence: float, correct: bool) -> None:
    rest = (1 - confidence) / 3
    probabilities = np.array([[confidence, rest, rest, rest]], np.float32)
    drawing = plot_reliability(measure_reliability(probabilities, np.array([0 if correct else 1], np.uint8)))
    assert "1 of 15 bins of confidence have images" in drawing


def test_earlier_runs_are_grey_and_do_not_change_the_axes() -> None:
    alone, beside = (
        plot_accuracy([history(5, 0.99)], earlier) for earlier in ((), [history(9, 0.98), history(5, 0.5)])
    )
    assert "var(--earlier)" not in alone
    assert beside.count("stroke: var(--earlier)") >= 2
    label = ElementTree.fromstring(beside).attrib["aria-label"]
    assert "2 earlier runs, which ended at 50.00% to 98.00%" in label
    ticks = [re.findall(r">(\d+(?:\.\d+)?%?)</text>", drawing) for drawing in (alone, beside)]
    assert ticks[0] == ticks[1]
