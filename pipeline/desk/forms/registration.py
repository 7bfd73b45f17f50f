"""Lay a page on a reference page, another page of the same form, by what is printed on both.

The page is turned, scaled and shifted (a similarity transform). A search over coarse turns and scales, with all shifts
at once by cross-correlation, finds where to begin; Gauss-Newton steps (Lucas and Kanade 1981) from coarse to fine
then minimise the squared differences of the blurred ink. Ink that only one of the pages has is weighted down.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.engine.float_arrays import Array
from pipeline.pictures import filters

PYRAMID_SIDES = (192, 384, 768)  # pixels of the longer side of the pages that are compared, from coarse to fine
PAPER_SIDE = 1 / 24  # of the longer side: the window whose lightest levels are the paper
BLUR = 1.2  # pixels
SHIFT = 0.12  # of the longer side, in both directions; beyond it, repeated rows would be taken for each other
# What a flat-bed or sheet-fed scanner does to the pages of one pile.
TURNED = float(np.radians(3.5))  # largest angle
SCALED = 0.035  # largest change of scale
SHIFTED = 0.06  # largest shift, of the longer side
# Twice as fine as a turn or a scale that the Gauss-Newton steps still correct at the smallest size.
SEARCHED_TURNS = tuple(
    complex(scale * np.exp(1j * angle))
    for angle in np.linspace(-TURNED, TURNED, 9)
    for scale in np.linspace(1 - SCALED, 1 + SCALED, 5)
)
PEAKS = 3  # best shifts of each turn and scale that are kept
PEAK_DISTANCE = 3  # pixels: smallest distance between two placements that are kept
RANKED = 12  # number of placements that are refined
REFINED = 4  # number of the refined placements that are kept
REFINING_STEPS = 50  # at each size, at most; on generated pages of five forms the best placement took up to 40
LEAST_MOVE = 0.02  # pixels of a step with which they end
POINTS = 8_000  # of a reference page, at most, at which pages are compared
PAGE_EDGE = 0.05  # change of the ink from a pixel to the next from which the pixel counts
SATURATED = 0.1  # ink above which levels count as equal in the last steps
DIFFERENT = 0.3  # difference of ink from which its weight falls
# Correlation of the ink from which two pages have something in common. On generated pages of five forms, pages of one
# form had 0.5 to 0.96 at every size, those of others 0.13 to 0.40 at the smallest and at most 0.22 at the largest.
LEAST_CORRELATION = 0.3
LIKELY_SAME = 0.4  # the same from which a page is one of the form
AMBIGUOUS = 0.85  # of the best correlation: that of another way up from which it is not known which one is right
FAINT_INK = 20.0  # grey levels darker than the paper by which anything is ink
LEAST_PRINT = 0.0005  # share of a page with ink below which it is empty


@dataclass(frozen=True)
class Placement:
    """Where a page lies: point p of the reference page is at origin + turn * p on it, y + ix in longer sides.

    turn: the scale times exp(i angle). origin: where the upper left corner of the reference page lies on the page.
    """

    turn: complex = 1
    origin: complex = 0

    def map(self, points: NDArray[Any]) -> NDArray[Any]:
        """Return where points of the reference page, y + ix, lie on the page."""
        return np.asarray(self.turn * points + self.origin)

    def measure_shift(self, size: tuple[int, int]) -> float:
        """Return how far the middle of the page is moved down or to the right, in longer sides of it.

        size: (height, width) of the reference page.
        """
        middle = complex(*size) / 2 / max(size)
        shift = complex(self.map(np.array(middle))) - middle
        return max(abs(shift.real), abs(shift.imag))

    def describe_excess(self, size: tuple[int, int]) -> str:
        """Return in words by how much the page is moved beyond what is usual in a pile; empty if it is not.

        size: (height, width) of the reference page.
        """
        angle, scale, away = float(np.angle(self.turn)), abs(self.turn), self.measure_shift(size)
        words = [f"turned by {abs(np.degrees(angle)):.1f} degrees"] if abs(angle) > TURNED else []
        words += [f"scaled by {scale:.3f}"] if abs(scale - 1) > SCALED else []
        words += [f"shifted by {away:.0%}"] if away > SHIFTED else []
        return ", ".join(words)


@dataclass(frozen=True, eq=False)
class Reference:
    """A page with which others are aligned.

    size: its (height, width) in pixels. inks: float32, one for each of PYRAMID_SIDES. printed: where print is,
    (h, w) in the shape in which the page is read, or None if this is not known. rules: between the rows of its table,
    in pixels from its top, for each part of a column; see `find_table_rows`.
    """

    name: str
    size: tuple[int, int]
    inks: tuple[Array, ...]
    printed: NDArray[np.bool_] | None = None
    rules: tuple[tuple[float, ...], ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is printed on it."""
        return is_blank(self.inks)

    def find_printed(self, shape: tuple[int, int]) -> NDArray[np.bool_]:
        """Return where the form is printed, in a page of this (height, width) that lies on the reference page."""
        if self.printed is None:
            return np.zeros(shape, bool)
        return np.asarray(Image.fromarray(self.printed).resize(shape[::-1], Image.Resampling.NEAREST))


def is_blank(inks: Sequence[Array]) -> bool:
    """Return whether a page has no ink."""
    return bool((inks[-1] > 0.5).mean() < LEAST_PRINT)


def make_reference(grey: Array, size: tuple[int, int], name: str) -> Reference:
    """Return a reference page from its grey levels, (h, w) in [0, 255]. size: (height, width) before it was reduced."""
    return Reference(name, size, measure_inks(grey))


def measure_inks(grey: Array) -> tuple[Array, ...]:
    """Return how much darker than the paper a page is, in [0, 1], reduced to each of PYRAMID_SIDES."""
    picture, inks = Image.fromarray(np.asarray(grey, np.float32)), []
    for side in PYRAMID_SIDES:
        scale = side / max(grey.shape)
        height, width = (max(round(scale * each), 1) for each in grey.shape)
        levels = filters.ndimage.gaussian_filter(picture.resize((width, height), Image.Resampling.BOX), BLUR)
        around = 2 * round(PAPER_SIDE * side / 2) + 1
        paper = filters.ndimage.uniform_filter(filters.ndimage.maximum_filter(levels, around), around)
        dark = paper - levels
        # Rules are thin: the reference is what the darkest parts have, not black.
        inks.append(np.clip(dark / max(float(np.percentile(dark, 99)), FAINT_INK), 0, 1).astype(np.float32))
    return tuple(inks)


@dataclass(frozen=True)
class Way:
    """A way up of a page that may be that of the form.

    degrees: by which it is turned clockwise, a multiple of 90. placement: where it then lies, if that is known.
    correlation: of its ink with the reference page.
    """

    degrees: int
    placement: Placement | None
    correlation: float


def find_ways(reference: Reference, grey: Array) -> list[Way]:
    """Return the ways up in which a page (h, w) can be laid on the reference page, the most likely first.

    The others are nearly as likely as the first; there are none if nothing of the page is on the reference page.
    """
    (height, width), pairs = reference.size, ((0, 180), (90, 270))
    is_alike = (height >= width) == (grey.shape[0] >= grey.shape[1])
    for pair in pairs if is_alike else reversed(pairs):
        begun = [(degrees, *_begin(reference, turn(grey, degrees))) for degrees in pair]
        highest = max(correlation for _, _, _, correlation in begun)
        ways = list[Way]()
        for degrees, inks, placements, correlation in begun:
            # Smaller pictures are more alike than larger ones, so what is behind by much here falls back further.
            if correlation > AMBIGUOUS * highest and (placement := _align(reference, inks, placements)):
                ways.append(Way(degrees, placement, _correlate(reference.inks[-1], inks[-1], placement)))
        if ways:
            best = max(way.correlation for way in ways)
            likely = [way for way in ways if way.correlation > AMBIGUOUS * best]
            return sorted(likely, key=lambda way: -way.correlation)
    return []


def turn(pixels: NDArray[Any], degrees: int) -> NDArray[Any]:
    """Return pixels, (h, w, ...), turned clockwise by a multiple of 90 degrees."""
    return np.ascontiguousarray(np.rot90(pixels, -(degrees // 90)))


def align_page(reference: Reference, grey: Array) -> Placement | None:
    """Return where a page (h, w) lies, or None if it has nothing in common with the reference page."""
    inks, placements, _ = _begin(reference, grey)
    return _align(reference, inks, placements)


def _begin(reference: Reference, grey: Array) -> tuple[tuple[Array, ...], list[Placement], float]:
    """Return the inks of a page (h, w), where it may lie by the smallest of them, and the best correlation there."""
    inks = measure_inks(grey)
    placements = _search(reference.inks[0], inks[0], SEARCHED_TURNS)
    correlations = (_correlate(reference.inks[0], inks[0], each) for each in placements)
    return inks, placements, max(correlations, default=0.0)


def _align(reference: Reference, inks: Sequence[Array], placements: Sequence[Placement]) -> Placement | None:
    """Return where a page lies, from where it may lie by the smallest of its inks, or None if nothing is alike."""
    if all(np.array_equal(*pair) for pair in zip(reference.inks, inks, strict=True)):
        return Placement()
    (small, middle, large), (coarse, medium, fine) = reference.inks, inks
    found = _rank(small, coarse, placements)
    # Where rows repeat, a placement may be wrong by one of them, but its turn and scale are right.
    found = _rank(middle, medium, _search(middle, medium, [each.turn for each in found]))
    found = _rank(large, fine, found)
    if not found:
        return None
    best = _refine(_saturate(large), _saturate(fine), found[0])
    within = abs(np.angle(best.turn)) < 1.5 * TURNED and abs(abs(best.turn) - 1) < 2 * SCALED
    return best if _correlate(large, fine, best) >= LEAST_CORRELATION and within else None


def _saturate(ink: Array) -> Array:
    """Return ink in which faint rules count as much as dark writing, which differs from page to page."""
    return np.asarray(np.minimum(ink / SATURATED, 1), np.float32)


def _search(fixed: Array, ink: Array, turns: Sequence[complex]) -> list[Placement]:
    """Return the best placements with these turns that have something in common, each away from the others."""
    from scipy import fft  # only now: its import takes a tenth of a second

    side = max(fixed.shape)
    shape = [fft.next_fast_len(2 * each, real=True) for each in np.maximum(fixed.shape, ink.shape).tolist()]
    target = fft.rfft2(ink - ink.mean(), shape)
    limit = round(SHIFT * side)
    shifts = np.arange(-limit, limit + 1)
    middle, found = complex(*((np.array(fixed.shape) - 1) / 2)), []
    for turn in turns:
        around = middle - turn * middle  # so that the centre stays where it is
        moved = _sample(fixed, 1 / turn, -around / turn, ink.shape)
        moved -= moved.mean()
        correlation = fft.irfft2(target * fft.rfft2(moved, shape).conj(), shape)[np.ix_(shifts, shifts)]
        for _ in range(PEAKS):
            down, right = np.unravel_index(correlation.argmax(), correlation.shape)
            value = float(correlation[down, right]) / max(float(np.linalg.norm(moved)), 1e-6)
            found.append((value, Placement(turn, (around + complex(shifts[down], shifts[right])) / side)))
            near = (slice(max(each - PEAK_DISTANCE, 0), each + PEAK_DISTANCE + 1) for each in (down, right))
            correlation[tuple(near)] = -np.inf
    ranked = [placement for _, placement in sorted(found, key=lambda each: -each[0])]
    kept = _keep_apart(ranked, PEAK_DISTANCE / side, RANKED)
    return [each for each in kept if _correlate(fixed, ink, each) >= LEAST_CORRELATION]


def _keep_apart(ranked: Sequence[Placement], distance: float, count: int) -> list[Placement]:
    """Return the first `count` placements that differ by at least this distance in units of the longer side."""
    corners = np.array([0, 1, 1j, 1 + 1j])
    kept: list[Placement] = []
    for placement in ranked:
        if all(abs(placement.map(corners) - other.map(corners)).mean() >= distance for other in kept):
            kept.append(placement)
    return kept[:count]


def _rank(fixed: Array, ink: Array, placements: Sequence[Placement]) -> list[Placement]:
    """Refine placements; return those that differ and have something in common, the most likely first."""
    refined = [_refine(fixed, ink, each) for each in placements]
    correlated = [(_correlate(fixed, ink, each), each) for each in refined]
    common = [pair for pair in correlated if pair[0] >= LEAST_CORRELATION]
    ranked = [placement for _, placement in sorted(common, key=lambda pair: -pair[0])]
    return _keep_apart(ranked, PEAK_DISTANCE / 2 / max(fixed.shape), REFINED)


def _refine(fixed: Array, ink: Array, placement: Placement) -> Placement:
    """Return the best placement near a given one, by the pixels of the reference page at which its ink changes."""
    side = max(fixed.shape)
    turn, origin = placement.turn, placement.origin * side
    gradient: list[Array] = list(np.gradient(fixed))
    downward, rightward = gradient
    y, x = np.nonzero(np.hypot(downward, rightward) > PAGE_EDGE)
    some = slice(None, None, 1 + len(y) // POINTS)
    y, x = y[some], x[some]
    down, right = downward[y, x], rightward[y, x]
    # By the shifts, the logarithm of the scale, and the angle.
    derivatives = np.stack([down, right, down * y + right * x, right * y - down * x]).astype(np.float64)
    points, wanted = y + 1j * x, fixed[y, x]
    if len(points) < len(derivatives):
        return placement
    for _ in range(REFINING_STEPS):
        at = turn * points + origin
        difference = filters.ndimage.map_coordinates(ink, (at.real, at.imag), np.float32, 1) - wanted
        weighted = derivatives / (1 + (difference / DIFFERENT) ** 2) ** 2
        step = np.linalg.lstsq(weighted @ derivatives.T, weighted @ difference, rcond=None)[0]
        # The step moves the reference page, so its inverse the page (inverse compositional: Baker, Matthews 2004).
        inner, shift = complex(1 + step[2], step[3]), complex(step[0], step[1])
        turn, origin = turn / inner, origin - turn * shift / inner
        if abs(shift) + abs(inner - 1) * side < LEAST_MOVE:
            break
    return Placement(turn, origin / side)


def _correlate(fixed: Array, ink: Array, placement: Placement) -> float:
    """Return the correlation of a reference page and a page that is laid on it."""
    moved = _sample(ink, placement.turn, placement.origin * max(fixed.shape), fixed.shape)
    both = (fixed - fixed.mean()).ravel(), (moved - moved.mean()).ravel()
    return float(both[0] @ both[1] / max(float(np.linalg.norm(both[0]) * np.linalg.norm(both[1])), 1e-6))


def _sample(ink: Array, turn: complex, origin: complex, shape: tuple[int, ...]) -> Array:
    """Return the ink at origin + turn p for each pixel p of a picture of this shape; nothing beyond its edges."""
    matrix, offset = to_matrix(turn), (origin.real, origin.imag)
    return np.asarray(filters.ndimage.affine_transform(ink, matrix, offset, shape, np.float32, order=1))


def to_matrix(turn: complex) -> Array:
    """Return the matrix of (y, x) that multiplies y + ix by a complex number."""
    return np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
