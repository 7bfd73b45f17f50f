"""A drawing of Matplotlib's becomes a part of a page: in the page's colours and type, with names of its own."""

import io
import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

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
    return _inline(file.getvalue(), name, described)


def _inline(drawing: bytes, name: str, described: str) -> Markup:
    """The SVG without what only a file of its own needs: declarations, name spaces, metadata, styles for all."""
    root = ElementTree.fromstring(drawing)
    for parent in list(root.iter()):
        for child in list(parent):
            if _local(child.tag) in ("metadata", "style"):
                parent.remove(child)
    for element in root.iter():
        element.tag = _local(element.tag)
        attributes = {_local(key): _rename(_local(key), value, name) for key, value in element.attrib.items()}
        element.attrib.clear()
        element.attrib.update(attributes)
    view = root.attrib["viewBox"]
    root.attrib.clear()
    root.attrib.update({"viewBox": view, "role": "img", "aria-label": described, "class": "chart"})
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _rename(attribute: str, value: str, name: str) -> str:
    """The value of an attribute with the figure's own ids and the page's colours."""
    if attribute == "id":
        return f"{name}-{value}"
    if attribute == "href":
        return value.replace("#", f"#{name}-", 1)
    value = re.sub(r"url\(#", f"url(#{name}-", value)
    return re.sub("|".join(COLOURS), lambda match: f"var({COLOURS[match[0]]})", value)
