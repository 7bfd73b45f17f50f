"""Charts of the training history and the calibration, drawn by Matplotlib.

They are inline SVG with the colours and the font of the page, and with unique ids.
"""

import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.style import context
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from pipeline.model.metrics import Reliability, wilson_interval
from pipeline.training.history import Epoch

# Placeholder colours, as in STYLE, replaced by the CSS variables of the page, which differ in light and dark mode.
PLACEHOLDERS = {
    "#010101": "--ink",
    "#020202": "--soft",
    "#030303": "--line",
    "#040404": "--act",
    "#050505": "--second",
    "#060606": "--earlier",
}
_, QUIET, _, ACCENT, SECOND_COLOUR, GREY = PLACEHOLDERS

STYLE = Path(__file__).parent / "report.mplstyle"
CHART_WIDTH = 4.9  # inches: about that of the charts on a phone, so that their type is never below 11 pixels
MAX_MARKERS = 40  # longer histories are drawn without markers

Histories = Sequence[Sequence[Epoch]]
Value = Callable[[Epoch], float]


def plot_loss(histories: Histories) -> Markup:
    """Plot the training loss by epoch, one line per network."""
    description = _describe("The loss of the training images", histories, lambda row: row.loss, "{:.4f}")

    def fill(figure: Figure) -> None:
        axes = _epoch_axes(figure, "Loss")
        _plot_lines(axes, histories, lambda row: row.loss, ACCENT, "-")

    return draw_chart("loss", description, CHART_WIDTH, 3, fill)


def plot_accuracy(histories: Histories, earlier: Histories = ()) -> Markup:
    """Plot the training and validation accuracy by epoch, two lines per network.

    If the smallest error is below 10%, the axis is logarithmic in the error. earlier: histories of other runs, whose
    validation accuracy is drawn in grey, as far as it lies in the range of the others.
    """
    kinds: list[tuple[str, Value, str, str]] = [
        ("training", lambda row: row.train_accuracy, SECOND_COLOUR, "--"),
        ("validation", lambda row: row.validation_accuracy, ACCENT, "-"),
    ]
    description = " ".join(_describe(f"The {name} accuracy", histories, value, "{:.2%}") for name, value, _, _ in kinds)
    if earlier:
        ends = [history[-1].validation_accuracy for history in earlier]
        count = f"that of {len(ends)} earlier runs" if len(ends) > 1 else "that of an earlier run"
        description += f" In grey, {count}, which ended at {min(ends):.2%} to {max(ends):.2%}."
    rows = [row for history in histories for row in history]
    errors = [1 - value(row) for _, value, _, _ in kinds for row in rows]

    def fill(figure: Figure) -> None:
        axes = _epoch_axes(figure, "Accuracy")
        by_error = 0 < min(errors) < 0.1
        if earlier:
            last = max(history[-1].number for history in histories)
            within = [[row for row in history if row.number <= last] for history in earlier]
            _plot_lines(axes, within, kinds[1][1], GREY, "-", "earlier", by_error)
        for name, value, colour, style in kinds:
            _plot_lines(axes, histories, value, colour, style, name, by_error)
        if by_error:
            _set_error_axis(axes, min(errors), max(errors))
        else:
            axes.yaxis.set_major_formatter(_percent_formatter())
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, borderaxespad=0.2)  # next to the title

    return draw_chart("accuracy", description, CHART_WIDTH, 3.4, fill)


def plot_reliability(reliability: Reliability) -> Markup:
    """Plot a reliability diagram: accuracy by confidence above, the number of images by confidence below."""
    counts = reliability.counts
    bins, filled = len(counts), np.flatnonzero(counts)
    confidence = (reliability.correct - reliability.gaps)[filled] / counts[filled]
    accuracy = reliability.correct[filled] / counts[filled]
    bounds = np.array([wilson_interval(int(reliability.correct[i]), int(counts[i])) for i in filled]).T
    share_of_last = counts[-1] / counts.sum()
    description = (
        f"{len(filled)} of {bins} bins of confidence have images. In the lowest one, the mean confidence is "
        f"{confidence[0]:.0%} and {accuracy[0]:.0%} of {counts[filled[0]]:,} images are correct; in the highest one, "
        f"the mean confidence is {confidence[-1]:.1%} and {accuracy[-1]:.1%} of {counts[filled[-1]]:,} are correct. "
        f"{share_of_last:.1%} of all images are in the last bin."
    )

    def fill(figure: Figure) -> None:
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1.2))
        above.plot([0, 1], [0, 1], color=QUIET, linestyle=":", label="perfect")
        above.vlines(confidence, *bounds, color=SECOND_COLOUR, linewidth=1.6, label="95% interval")
        above.plot(confidence, accuracy, "o", color=ACCENT, label="accuracy")
        above.set_title("Accuracy by confidence")
        above.set_ylim(-0.02, 1.03)
        above.yaxis.set_major_formatter(_percent_formatter())
        figure.legend(loc="outside upper left", ncols=3, handlelength=1.5, columnspacing=1.2)
        below.bar((filled + 0.5) / bins, counts[filled], width=0.9 / bins, color=ACCENT)
        below.set_yscale("log")
        below.set_ylim(0.7, 2 * counts.max())
        below.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        below.yaxis.set_minor_locator(NullLocator())
        below.set_title("Images")
        below.set_xlabel("confidence")
        below.set_xlim(0, 1.01)
        below.xaxis.set_major_formatter(_percent_formatter())

    return draw_chart("reliability", description, CHART_WIDTH, 4, fill)


def _epoch_axes(figure: Figure, title: str) -> Axes:
    axes = figure.subplots()
    axes.set_title(title)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(axis="x", visible=False)
    return axes


def _plot_lines(
    axes: Axes,
    histories: Histories,
    value: Value,
    colour: str,
    style: str,
    label: str = "",
    by_error: bool = False,
) -> None:
    many = len(histories) > 1
    for number, history in enumerate(histories):
        axes.plot(
            [row.number for row in history],
            [1 - value(row) if by_error else value(row) for row in history],
            linestyle=style,
            color=colour,
            linewidth=0.9 if many else 1.8,
            alpha=0.75 if many else 1,
            marker="o" if len(history) <= MAX_MARKERS and not many else "" if len(history) > 1 else "o",
            markersize=3.5,
            label=label if label and number == 0 else None,
        )


def _percent_formatter() -> FuncFormatter:
    return FuncFormatter(lambda share, _: f"{100 * share:.4g}%")


def _set_error_axis(axes: Axes, least: float, most: float) -> None:
    """Use an inverted logarithmic axis of errors, labelled with accuracies."""
    low, high = least / 1.3, min(most * 1.3, 1)
    steps = [digit * 10.0**power for power in range(-6, 1) for digit in (1, 2, 5)]
    ticks = [error for error in steps if low <= error <= high]
    axes.set_yscale("log")
    axes.set_ylim(high, low)
    axes.yaxis.set_major_locator(FixedLocator(ticks))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda error, _: f"{100 * (1 - error):.10g}%"))


def _describe(quantity: str, histories: Histories, value: Value, form: str) -> str:
    """Return the first and last values of the first network as a sentence."""
    first, last = histories[0][0], histories[0][-1]
    begin, end = form.format(value(first)), form.format(value(last))
    if first is last:
        return f"{quantity} is {end} after epoch {last.number}."
    of = f" of network 1 of {len(histories)}" if len(histories) > 1 else ""
    return f"{quantity}{of} goes from {begin} in epoch {first.number} to {end} in epoch {last.number}."


def draw_chart(name: str, description: str, width: float, height: float, fill: Callable[[Figure], None]) -> Markup:
    """Return what `fill` draws on a figure as inline SVG; the text is deterministic.

    name: prefix of all ids, unique within a page. description: for screen readers. width, height: in inches, of 72 CSS
    pixels.
    """
    with context(STYLE, after_reset=True):  # ignores the user's matplotlibrc
        figure = Figure(figsize=(width, height))
        fill(figure)
        file = io.BytesIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    return _inline(file.getvalue().decode(), name, description)


def _inline(drawing: str, name: str, description: str) -> Markup:
    """Prefix the ids, insert the CSS variables, and drop style, comments and everything before <defs>."""
    view = re.search('viewBox="[^"]*"', drawing)
    body = drawing[drawing.index("<defs>") :].replace("xlink:href", "href")
    body = re.sub(r"<style.*?</style>|<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r'(\bid="|\burl\(#|\bhref="#)', rf"\1{name}-", body)
    body = re.sub("|".join(PLACEHOLDERS), lambda match: f"var({PLACEHOLDERS[match[0]]})", body)
    head = Markup('<svg {} role="img" aria-label="{}" class="chart">').format(Markup(view and view[0]), description)
    return head + Markup(body)
