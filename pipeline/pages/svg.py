"""Convert Matplotlib figures to inline SVG with the page's colours and font and with unique ids."""

import io
import re
from collections.abc import Callable
from typing import Any

import matplotlib
from markupsafe import Markup
from matplotlib.figure import Figure

# Placeholder colours, replaced by the CSS variables of the page, which differ in light and dark mode.
COLOURS = {
    "#010101": "--ink",
    "#020202": "--quiet",
    "#030303": "--line",
    "#040404": "--accent",
    "#050505": "--second",
    "#060606": "--earlier",
}
INK, QUIET, LINE, ACCENT, SECOND, GREY = COLOURS

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


def draw(name: str, description: str, width: float, height: float, fill: Callable[[Figure], None]) -> Markup:
    """Return what `fill` draws on a figure as inline SVG; the text is deterministic.

    name: prefix of all ids, unique within a page. description: for screen readers. width, height: in inches, of 72 CSS
    pixels.
    """
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # ignore the user's matplotlibrc
        matplotlib.rcParams.update(STYLE)
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
    body = re.sub("|".join(COLOURS), lambda match: f"var({COLOURS[match[0]]})", body)
    head = Markup('<svg {} role="img" aria-label="{}" class="chart">').format(Markup(view and view[0]), description)
    return head + Markup(body)
