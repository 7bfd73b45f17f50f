"""Charts: how the network has learned, and how far its confidence can be trusted."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator, PercentFormatter

from pipeline.evaluation.metrics import Reliability, wilson_interval
from pipeline.pages.svg import ACCENT, QUIET, SECOND, draw
from pipeline.training.history import Row

SIZE = (4.4, 3.1)  # inches
FEW = 40  # epochs that get a dot each

Histories = Sequence[Sequence[Row]]
Value = Callable[[Row], float]


def plot_cost(histories: Histories) -> Markup:
    """The loss over the epochs, a line for each network."""
    told = _tell("The loss of the training images", histories, lambda row: row.loss, "{:.4f}")

    def fill(figure: Figure) -> None:
        axes = _epoch_axes(figure, "Cost")
        _lines(axes, histories, lambda row: row.loss, ACCENT, "-")

    return draw("loss", told, *SIZE, fill)


def plot_accuracy(histories: Histories) -> Markup:
    """The accuracy on training and validation images over the epochs, a line of each for each network.

    Where nearly all is right the axis is that of the errors, in powers of ten, so that 99 % and 99.9 % are as far apart
    as 90 % and 99 %.
    """
    kinds: list[tuple[str, Value, str, str]] = [
        ("training", lambda row: row.train_accuracy, SECOND, "--"),
        ("validation", lambda row: row.validation_accuracy, ACCENT, "-"),
    ]
    told = " ".join(_tell(f"The accuracy in {name}", histories, value, "{:.2%}") for name, value, _, _ in kinds)
    errors = [
        1 - value(row)
        for _, value, _, _ in kinds
        for history in histories
        for row in history
        if not math.isnan(value(row))
    ]

    def fill(figure: Figure) -> None:
        axes = _epoch_axes(figure, "Accuracy")
        by_error = 0 < min(errors) < 0.1
        for name, value, colour, style in kinds:
            _lines(axes, histories, value, colour, style, name, by_error)
        if by_error:
            _label_errors(axes, min(errors), max(errors))
        else:
            axes.yaxis.set_major_formatter(_percents())
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderaxespad=0.2)  # beside the title

    return draw("accuracy", told, *SIZE, fill)


def plot_learning_rate(histories: Histories) -> Markup:
    """The learning rate over the epochs; the histories have the same."""
    told = _tell("The learning rate", histories[:1], lambda row: row.learning_rate, "{:.3g}")

    def fill(figure: Figure) -> None:
        axes = _epoch_axes(figure, "Learning rate")
        _lines(axes, histories[:1], lambda row: row.learning_rate, ACCENT, "-")
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda rate, _: f"{rate:g}"))

    return draw("rate", told, *SIZE, fill)


def plot_reliability(reliability: Reliability) -> Markup:
    """Above, how often the network is right, by how sure it is; below, how often it is so sure."""
    counts = reliability.counts
    bins, filled = len(counts), np.flatnonzero(counts)
    confidence = (reliability.right - reliability.gaps)[filled] / counts[filled]
    accuracy = reliability.right[filled] / counts[filled]
    bounds = np.array([wilson_interval(int(reliability.right[i]), int(counts[i])) for i in filled]).T
    surest = counts[-1] / counts.sum()
    told = (
        f"{len(filled)} of {bins} intervals of confidence have images. In the one with the least confidence, "
        f"{confidence[0]:.0%} on average, {accuracy[0]:.0%} of {counts[filled[0]]:,} are right; in the one with the "
        f"most, {confidence[-1]:.1%}, {accuracy[-1]:.1%} of {counts[filled[-1]]:,}. "
        f"{surest:.1%} of all images are in the last interval."
    )

    def fill(figure: Figure) -> None:
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1.2))
        above.plot([0, 1], [0, 1], color=QUIET, linestyle=":", label="as sure as right")
        above.vlines(confidence, *bounds, color=SECOND, linewidth=1.6, label="95\u202f% interval")
        above.plot(confidence, accuracy, "o", color=ACCENT, label="accuracy")
        above.set_title("Accuracy by confidence")
        above.set_ylim(-0.02, 1.03)
        above.yaxis.set_major_formatter(_percents())
        figure.legend(loc="outside upper left", ncols=3)
        below.bar((filled + 0.5) / bins, counts[filled], width=0.9 / bins, color=ACCENT)
        below.set_yscale("log")
        below.set_ylim(0.7, 2 * counts.max())
        below.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        below.yaxis.set_minor_locator(NullLocator())
        below.set_title("Images")
        below.set_xlabel("confidence")
        below.set_xlim(0, 1.01)
        below.xaxis.set_major_formatter(_percents())

    return draw("reliability", told, 6, 5.4, fill)


def _epoch_axes(figure: Figure, title: str) -> Axes:
    axes = figure.subplots()
    axes.set_title(title)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(axis="x", visible=False)
    return axes


def _lines(
    axes: Axes, histories: Histories, value: Value, colour: str, style: str, label: str = "", by_error: bool = False
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
            marker="o" if len(history) <= FEW and not many else "" if len(history) > 1 else "o",
            markersize=3.5,
            label=label if label and number == 0 else None,
        )


def _percents() -> PercentFormatter:
    return PercentFormatter(1, symbol="\u202f%")


def _label_errors(axes: Axes, least: float, most: float) -> None:
    """Let the axis of the errors go down where they grow, and tell the accuracies."""
    low, high = least / 1.3, min(most * 1.3, 1)
    steps = [digit * 10.0**power for power in range(-6, 1) for digit in (1, 2, 5)]
    ticks = [error for error in steps if low <= error <= high]
    axes.set_yscale("log")
    axes.set_ylim(high, low)
    axes.yaxis.set_major_locator(FixedLocator(ticks))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda error, _: f"{100 * (1 - error):.10g}\u202f%"))


def _tell(what: str, histories: Histories, value: Value, form: str) -> str:
    """In words where the lines begin and end."""
    ends = []
    for history in histories:
        values = [(row.number, value(row)) for row in history if not math.isnan(value(row))]
        ends += [(values[0], values[-1])] if values else []
    if not ends:
        return f"{what} is not told."
    ((first, begin), (last, end)) = ends[0]
    if first == last:
        return f"{what} is {form.format(begin)} after epoch {last}."
    of = f" of network 1 of {len(histories)}" if len(histories) > 1 else ""
    return f"{what}{of} goes from {form.format(begin)} in epoch {first} to {form.format(end)} in epoch {last}."
