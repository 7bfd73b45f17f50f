"""Regions of a page, and what the numbers in them look like: what a person knows about a pile of scans."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from pipeline.engine.errors import UsageError
from pipeline.model.expected import compile_pattern
from pipeline.pictures.decoding import PictureError

FORM = "LEFT,TOP,RIGHT,BOTTOM, in pixels or with % of the page, such as 60%,10%,95%,95%"


@dataclass(frozen=True)
class Edge:
    """A side of a region: pixels of the picture as it is displayed, or a percentage of it."""

    value: float
    is_share: bool

    def locate(self, side: int) -> float:
        """Return the pixels from the start of a picture that has `side` of them."""
        return self.value / 100 * side if self.is_share else self.value


DIGITS = tuple("0123456789")
WHOLE = Edge(0, is_share=True), Edge(0, is_share=True), Edge(100, is_share=True), Edge(100, is_share=True)


@dataclass(frozen=True)
class Region:
    """A part of each page. edges: left, top, right, bottom. pattern: regular expression of its rows, or None."""

    name: str = ""
    edges: tuple[Edge, Edge, Edge, Edge] = WHOLE
    pattern: str | None = None

    def locate(self, size: tuple[int, int], name: str) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom in pixels of a picture of this (height, width).

        Raises PictureError, with the name of the picture, if the region is empty or not within it.
        """
        height, width = size
        left, right = (edge.locate(width) for edge in self.edges[::2])
        top, bottom = (edge.locate(height) for edge in self.edges[1::2])
        shown = f"the region {self.name}" if self.name else "the region"
        if right > width or bottom > height:
            raise PictureError(f"{name} has {width} x {height} pixels, and {shown} ends beyond: give it in %")
        if right - left < 1 or bottom - top < 1:
            raise PictureError(f"{shown} is empty in {name}: its right and bottom must be larger than its left and top")
        return left, top, right, bottom


def parse_region(text: str) -> Region:
    """Return a region from text, as in amount=60%,10%,95%,95%. Raises UsageError."""
    name, _, sides = text.rpartition("=")
    found = [re.fullmatch(r"(\d+(?:\.\d+)?)(%?)", side.strip(), re.ASCII) for side in sides.split(",")]
    edges = [Edge(float(each[1]), bool(each[2])) for each in found if each]
    if len(edges) != len(found) or len(edges) != len(WHOLE):
        raise UsageError(f"{text} is no region: write it as {FORM}")
    left, top, right, bottom = edges
    if any(edge.is_share and edge.value > 100 for edge in edges):
        raise UsageError(f"the region {text} ends outside the page: give at most 100%")
    for low, high in ((left, right), (top, bottom)):
        if low.is_share == high.is_share and low.value >= high.value:
            raise UsageError(f"the region {text} is empty: write it as {FORM}")
    return Region(name, (left, top, right, bottom))


def make_regions(regions: Iterable[str], patterns: Iterable[str]) -> tuple[Region, ...]:
    """Return the regions with their patterns. patterns: as in NAME=PATTERN, or one for all regions without a name.

    Without regions, a pattern is that of the whole page. Raises UsageError.
    """
    found: dict[str, Region] = {}
    for text in regions:
        region = parse_region(text)
        if region.name in found:
            name = f"the name {region.name}" if region.name else "no name"
            raise UsageError(f"two regions have {name}: name each differently, as in amount=...")
        found[region.name] = region
    held: dict[str | None, str] = {}  # patterns by the name of their region, or None
    for text in patterns:
        name, is_named, pattern = text.rpartition("=")
        if is_named and name not in found:
            raise UsageError(f"no region has the name {name}: add --region {name}=...")
        compile_pattern(pattern, DIGITS)  # raises UsageError
        key = name if is_named else None
        if key in held:
            raise UsageError(f"a region is held to {held[key]} and {pattern}: give it one pattern")
        held[key] = pattern
    if None in held and not found:
        found[""] = Region()
    return tuple(replace(region, pattern=held.get(name, held.get(None))) for name, region in found.items())
