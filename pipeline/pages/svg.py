"""A drawing of Matplotlib's becomes a part of a page: in the page's colours and type, with names of its own."""

import io
import re
from collections.abc import Callable
from typing import Any

import matplotlib
from markupsafe import Markup
from matplotlib.figure import Figure

# What is drawn in one of these colours gets the page's colour of that name, in light and in dark.
COLOURS = {
    "#010101": "--ink",
    "#020202": "--quiet",
    "#030303": "--line",
    "#040404": "--accent",
    "#050505": "--second",
}
INK, QUIET, LINE, ACCENT, SECOND = COLOURS

STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "report",
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 11,
    "text.color": INK,
    "axes.labelcolor": QUIET,
    "axes.edgecolor": QUIET,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": LINE,
    "grid.linewidth": 0.8,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
}


def draw(name: str, described: str, width: float, height: float, fill: Callable[[Figure], None]) -> Markup:
    """What `fill` draws on a figure, as SVG to stand in HTML; equal drawings give equal text.

    name: of the figure, with which all its ids begin, so that several figures can stand in one page. described: in
    words what is to be seen. width, height: in inches, of 72 of the page's pixels.
    """
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # nobody's matplotlibrc
        matplotlib.rcParams.update(STYLE)
        figure = Figure(figsize=(width, height))
        fill(figure)
        file = io.BytesIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    return _inline(file.getvalue().decode(), name, described)


def _inline(drawing: str, name: str, described: str) -> Markup:
    """The SVG with the figure's own ids and the page's colours, without what only a file of its own needs."""
    view = re.search('viewBox="[^"]*"', drawing)
    body = drawing[drawing.index("<defs>") :].replace("xlink:href", "href")
    body = re.sub(r"<style.*?</style>|<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r'(\bid="|\burl\(#|\bhref="#)', rf"\1{name}-", body)
    body = re.sub("|".join(COLOURS), lambda match: f"var({COLOURS[match[0]]})", body)
    head = Markup('<svg {} role="img" aria-label="{}" class="chart">').format(Markup(view and view[0]), described)
    return head + Markup(body)
