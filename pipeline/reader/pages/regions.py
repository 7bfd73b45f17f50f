"""Regions of a page, and what the numbers in them look like: what a person knows about a pile of scans."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from pipeline.engine.errors import UsageError
from pipeline.pictures.decoding import PictureError
from pipeline.reader.rows.expected import compile_pattern

FORM = "LEFT,TOP,RIGHT,BOTTOM, in pixels or with % of the page, such as 60%,10%,95%,95%"


DIGITS = tuple("0123456789")
Edges = tuple[str, str, str, str]  # left, top, right, bottom: pixels of the picture as it is displayed, or 60% of it


@dataclass(frozen=True)
class Region:
    """A part of each page. pattern: the regular expression that its rows match, or None."""

    name: str = ""
    edges: Edges = ("0%", "0%", "100%", "100%")
    pattern: str | None = None

    def locate(self, size: tuple[int, int], name: str) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom in pixels of a picture of this (height, width).

        Raises PictureError, with the name of the picture, if the region is empty or not within it.
        """
        height, width = size
        left, right = (_locate(edge, width) for edge in self.edges[::2])
        top, bottom = (_locate(edge, height) for edge in self.edges[1::2])
        shown = f"the region {self.name}" if self.name else "the region"
        if right > width or bottom > height:
            raise PictureError(f"{name} has {width} x {height} pixels, and {shown} ends beyond: give it in %")
        if right - left < 1 or bottom - top < 1:
            raise PictureError(f"{shown} is empty in {name}: its right and bottom must be larger than its left and top")
        return left, top, right, bottom


def parse_region(text: str) -> Region:
    """Return a region from text, as in amount=60%,10%,95%,95%. Raises UsageError."""
    name, _, sides = text.rpartition("=")
    edges = [side.strip() for side in sides.split(",")]
    if len(edges) != len(Region.edges) or not all(re.fullmatch(r"\d+(\.\d+)?%?", each, re.ASCII) for each in edges):
        raise UsageError(f"{text} is no region: write it as {FORM}")
    left, top, right, bottom = edges
    if any(edge.endswith("%") and _locate(edge, 1) > 1 for edge in edges):
        raise UsageError(f"the region {text} ends outside the page: give at most 100%")
    for low, high in ((left, right), (top, bottom)):
        if low.endswith("%") == high.endswith("%") and _locate(low, 1) >= _locate(high, 1):
            raise UsageError(f"the region {text} is empty: write it as {FORM}")
    return Region(name, (left, top, right, bottom))


def _locate(edge: str, side: int) -> float:
    """Return the pixels from the start of a picture that has `side` of them."""
    return float(edge[:-1]) / 100 * side if edge.endswith("%") else float(edge)


def make_regions(regions: Iterable[str], patterns: Iterable[str]) -> tuple[Region, ...]:
    """Return the regions with their patterns.

    patterns: each as NAME=PATTERN, or one without a name for all regions. Without regions, a pattern applies to the
    whole page. Raises UsageError.
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
