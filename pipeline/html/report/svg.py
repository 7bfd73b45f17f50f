"""Convert Matplotlib figures to inline SVG with the page's colours and font and with unique ids."""

import io
import re
from collections.abc import Callable
from pathlib import Path

from markupsafe import Markup
from matplotlib import style
from matplotlib.figure import Figure

# Placeholder colours, as in STYLE, replaced by the CSS variables of the page, which differ in light and dark mode.
COLOURS = {
    "#010101": "--ink",
    "#020202": "--quiet",
    "#030303": "--line",
    "#040404": "--accent",
    "#050505": "--second",
    "#060606": "--earlier",
}
_, QUIET, _, ACCENT, SECOND, GREY = COLOURS

STYLE = Path(__file__).parent / "report.mplstyle"


def draw(name: str, description: str, width: float, height: float, fill: Callable[[Figure], None]) -> Markup:
    """Return what `fill` draws on a figure as inline SVG; the text is deterministic.

    name: prefix of all ids, unique within a page. description: for screen readers. width, height: in inches, of 72 CSS
    pixels.
    """
    with style.context(STYLE, after_reset=True):  # ignores the user's matplotlibrc
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
