"""Regions of a page, and what the numbers in them look like."""

import re
from dataclasses import dataclass
from typing import Literal

from pipeline.engine.errors import UsageError
from pipeline.pictures.decoding import PictureError
from pipeline.reader.rows.expected import Expected, compile_pattern

EDGES_EXAMPLE = "LEFT,TOP,RIGHT,BOTTOM, in pixels or with % of the page, such as 60%,10%,95%,95%"
SHOWN = 60  # characters of a value in a message, at most

Edges = tuple[str, str, str, str]  # left, top, right, bottom: pixels of the picture as it is displayed, or 60% of it
FloatBox = tuple[float, float, float, float]
Holds = Literal["one", "lines", "many"]


@dataclass(frozen=True)
class Region:
    """A part of each page. name: name of its field. part: how many regions of the field precede it.

    pattern: regular expression for its rows, or None. whole: whether separators do not fit it, instead of being
    ignored. holds: one number, one on each line, or as many as there are.
    """

    name: str = ""
    edges: Edges = ("0%", "0%", "100%", "100%")
    pattern: str | None = None
    holds: Holds = "many"
    part: int = 0
    whole: bool = False

    def locate(self, size: tuple[int, int], name: str) -> FloatBox:
        """Return left, top, right and bottom in pixels of a picture of this (height, width).

        Raises PictureError, with the name of the picture, if the region is empty or not within it.
        """
        height, width = size
        left, top, right, bottom = self._find_box(size)
        if right > width or bottom > height:
            raise PictureError(
                f"the region {self.name} ends beyond {name} ({width} x {height} pixels): write its edges with %"
            )
        if right - left < 1 or bottom - top < 1:
            raise PictureError(f"the region {self.name} has no pixels in {name}: write it as {EDGES_EXAMPLE}")
        return left, top, right, bottom

    def covers(self, size: tuple[int, int]) -> bool:
        """Return whether it is the whole of a picture of this (height, width), which needs no alignment."""
        left, top, right, bottom = self._find_box(size)
        return left <= 0 and top <= 0 and right >= size[1] and bottom >= size[0]

    def _find_box(self, size: tuple[int, int]) -> FloatBox:
        left, top, right, bottom = map(_locate, self.edges, size[::-1] * 2)
        return left, top, right, bottom

    def compile(self, class_names: tuple[str, ...]) -> Expected | None:
        """Return what its rows look like, or None if they may be any. Raises UsageError for a wrong pattern."""
        return None if self.pattern is None else compile_pattern(self.pattern, class_names, whole=self.whole)


def parse_edges(text: str) -> Edges:
    """Return the edges of a region from text, as in 60%,10%,95%,95%. Raises UsageError."""
    edges = [side.strip() for side in text.split(",")]
    if len(edges) != 4 or not all(re.fullmatch(r"\d+(\.\d+)?%?", each, re.ASCII) for each in edges):
        raise UsageError(f"{text[:SHOWN]} is not a region: write it as {EDGES_EXAMPLE}")
    left, top, right, bottom = edges
    if any(edge.endswith("%") and _locate(edge, 1) > 1 for edge in edges):
        raise UsageError(f"the region {text[:SHOWN]} ends outside the page: give at most 100%")
    for low, high in ((left, right), (top, bottom)):
        if low.endswith("%") == high.endswith("%") and _locate(low, 1) >= _locate(high, 1):
            raise UsageError(f"the region {text[:SHOWN]} has no area: write it as {EDGES_EXAMPLE}")
    return left, top, right, bottom


def _locate(edge: str, side: int) -> float:
    """Return the pixels from the start of a picture that has `side` of them."""
    return float(edge[:-1]) / 100 * side if edge.endswith("%") else float(edge)
