"""Read a filled page of a form: lay it on the reference page, read its fields, join lines, name what may be missing."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipeline.desk.forms.frames import Frame, make_frame
from pipeline.desk.forms.missed import USUAL, find_missed
from pipeline.desk.forms.neighbours import hide_neighbours
from pipeline.desk.forms.regions import FloatBox, Region
from pipeline.desk.forms.registration import (
    LIKELY_SAME,
    SHIFTED,
    Placement,
    Reference,
    Way,
    find_ways,
    is_blank,
    measure_inks,
    turn,
)
from pipeline.desk.forms.table_lines import Entry, find_shared, number_lines
from pipeline.engine.float_arrays import Array
from pipeline.model.model import Detector
from pipeline.network.thread_pool import Run, in_sequence
from pipeline.reader.pages.reading import find_numbers, make_reading_order, make_result
from pipeline.reader.pages.result import Number, Problem, Result, Row

INK, UNFIT = "ink that was not read", "fits no line"  # what is wrong, in words
NUMBER_REACH = 1.2  # sizes of a digit: how far a number may reach out of its region, to the left and to the right


def read_form(
    model: Detector,
    grey: Array,
    size: tuple[int, int],
    regions: Sequence[Region],
    reference: Reference | None,
    run: Run = in_sequence,
    name: str = "the picture",
) -> Result:
    """Read the fields of a page, (h, w) in [0, 255]; each row has the name of its field and the number of its line.

    A page that lies turned by 90, 180 or 270 degrees is read upright. Whether one that hardly looks like the reference
    page is of the form, a person decides: its rows have confidence 0, its first problem says why, and unless it is
    blank, the result also has what is read in the next likely way up. model, size, run: as for `read`. Raises
    PictureError, with the name, if a region is not within the page and there is not a reference page.
    """

    def read_way(way: Way) -> Result:
        turned = turn(grey, way.degrees)
        extent = (size[1], size[0]) if way.degrees % 180 else size
        result = _read_laid(model, turned, extent, regions, reference, way.placement, run, name)
        return replace(result, degrees=way.degrees)

    if not reference:
        return read_way(Way(0, None, 1.0))
    ways = find_ways(reference, grey)
    best, *others = ways or [Way(0, None, 0.0)]  # others only if they are nearly as likely
    result = read_way(best)
    excess = best.placement.describe_excess(reference.size) if best.placement else ""
    doubt: Problem | None = None
    if not best.placement and not result.rows and is_blank(measure_inks(grey)):
        doubt = Problem("blank", "nothing is printed or written on it: leave it out")
    elif not best.placement:
        apart = f"cannot be aligned with {reference.name}"
        doubt = Problem("foreign", f"{apart}: read it with a form of its own, or scan it again")
    elif others:
        doubt = Problem("doubtful", f"fits {reference.name} in two ways up: look at it")
    elif best.placement.measure_shift(reference.size) > SHIFTED:
        # So far away, repeated rows may have been taken for each other; an angle or a scale is right nevertheless.
        doubt = Problem("doubtful", f"is {excess} against {reference.name}, more than pages of one pile: look at it")
    elif best.correlation < LIKELY_SAME:
        doubt = Problem("doubtful", f"hardly looks like {reference.name}: look at it")
    elif excess:
        against = f"is {excess} against {reference.name}, more than pages of one pile"
        problem = Problem("alignment", f"{against}: check its rows, or scan it again")
        result = replace(result, problems=(problem, *result.problems))
    if not doubt:
        return result
    if all(region.covers(result.size) for region in regions):  # which needs no alignment
        return replace(result, problems=(replace(doubt, kind="alignment"), *result.problems))
    everywhere = {region.name for region in regions if region.covers(result.size)}
    rows = [row if row.region in everywhere else _doubt(row) for row in result.rows]
    doubted = make_result(rows, 1.0, result.possible, result.size, model.class_names)
    return replace(
        result,
        rows=doubted.rows,
        confidence=doubted.confidence,
        alternatives=doubted.alternatives,
        problems=(doubt, *result.problems),
        other=None if doubt.kind == "blank" else read_way(next(iter(others), _turn_over(best, reference, grey))),
    )


def _turn_over(way: Way, reference: Reference, grey: Array) -> Way:
    """Return another way up of a page (h, w), of which nothing is known: upside down, or upright if it lies across."""
    (height, width), is_tall = reference.size, grey.shape[0] >= grey.shape[1]
    is_across = not way.placement and (height >= width) != is_tall
    return Way((way.degrees + (90 if is_across else 180)) % 360, None, 0.0)


def _read_laid(
    model: Detector,
    grey: Array,
    size: tuple[int, int],
    regions: Sequence[Region],
    reference: Reference | None,
    placement: Placement | None,
    run: Run,
    name: str,
) -> Result:
    """Read a page that is laid on the reference page, or as it lies if the placement is None."""
    frame, extent = Frame(grey, grey.shape, size, 1, 0), reference.size if reference else size
    printed = np.zeros(grey.shape, bool)
    if reference and placement:
        frame = make_frame(reference, grey, size, placement)
        printed = reference.find_printed(frame.shape)
    found = list[tuple[Region, FloatBox, Row]]()
    possible, places = [np.zeros((0, 4), np.int64)], list[tuple[Region, tuple[int, int, int, int]]]()
    for region in regions:
        edges = np.array(region.locate(extent, name)) * np.tile(np.divide(frame.shape, extent)[::-1], 2)
        left, top = np.floor(edges[:2]).astype(int).tolist()
        right, bottom = np.ceil(edges[2:]).astype(int).tolist()
        expected = region.compile(model.class_names)
        bounds = left, top, right, bottom
        beside = round(NUMBER_REACH * USUAL * max(frame.shape))
        start, end = max(left - beside, 0), min(right + beside, frame.shape[1])
        shown = hide_neighbours(
            frame.cut(start, top, end, bottom), left - start, right - start, USUAL * max(frame.shape)
        )
        part = find_numbers(model, shown, run, expected)
        seen = [replace(each, y=each.y + top, x=each.x + start) for each in part]
        whole = start, top, end, bottom
        result = make_reading_order(seen, model.class_names, model.row.temperature, frame.shape, frame.size, whole)
        scaled = tuple((np.array(bounds) * max(frame.size) / max(frame.shape)).tolist())
        found += [(region, scaled, replace(row, region=region.name)) for row in result.rows]
        possible.append(result.possible)
        places.append((region, bounds))

    shared = find_shared([_enter(*each) for each in found])
    found = [each for i, each in enumerate(found) if i not in shared]
    scale = max(frame.size) / max(extent)
    rules = [[scale * each for each in some] for some in reference.rules] if reference else []
    numbers = number_lines([_enter(*each) for each in found], rules)
    rows = [replace(row, line=number) for (_, _, row), number in zip(found, numbers, strict=True)]
    problems = _find_problems(frame, printed, rows, places)
    result = make_result(rows, 1.0, np.concatenate(possible), frame.size, model.class_names)
    return _move(replace(result, problems=tuple(problems)), frame, size)


def _doubt(row: Row) -> Row:
    """Return a row with confidence 0, also in its alternatives."""
    before = ((row.text, row.confidence), *row.alternatives)
    return replace(row, confidence=0.0, alternatives=tuple((text, 0.0) for text, _ in row.alternatives), before=before)


def _enter(region: Region, bounds: FloatBox, row: Row) -> Entry:
    digit = float(np.median(row.boxes[:, 3] - row.boxes[:, 1]))
    return Entry(region.name, region.part, region.holds, bounds, row.box, digit, row.confidence)


def _find_problems(
    frame: Frame,
    printed: NDArray[np.bool_],
    rows: Sequence[Row],
    places: Sequence[tuple[Region, tuple[int, int, int, int]]],
) -> list[Problem]:
    """Return the fields without a reading, readings that fit no line, and ink from which nothing was read.

    printed: (h, w), where the form is printed, in the frame.
    """
    scale = max(frame.shape) / max(frame.size)
    holds = {region.name: region.holds for region, _ in places}
    read = {row.region for row in rows if row.text}
    problems = list[Problem]()
    for region, bounds in places:
        if region.name not in read and region.part == 0:
            left, top, right, bottom = (round(side / scale) for side in bounds)
            problems.append(Problem("missing", "no reading", region.name, (left, top, right, bottom)))
    extra = [row for row in rows if not row.line and holds[row.region] != "many"]
    problems += [Problem("unfit", UNFIT, row.region, row.box) for row in extra]
    boxes = np.concatenate([np.zeros((0, 4), np.int64), *(row.boxes for row in rows)])
    size = float(np.median(boxes[:, 3] - boxes[:, 1])) * scale if len(boxes) else USUAL * max(frame.shape)
    lines = [row for row in rows if row.line and holds[row.region] == "lines"]
    taken: list[FloatBox] = [tuple(box) for box in (boxes * scale).tolist()]
    for region, (left, top, right, bottom) in places:
        around = [(box[0] - left, box[1] - top, box[2] - left, box[3] - top) for box in taken]
        for box in find_missed(frame.cut(left, top, right, bottom), size, around, printed[top:bottom, left:right]):
            whole = np.array([box[0] + left, box[1] + top, box[2] + left, box[3] + top])
            found = tuple(np.rint(whole / scale).astype(int).tolist())
            line = _find_line(lines, found) if region.holds == "lines" else 0
            problems.append(Problem("ink", INK, region.name, found, line=line))
            taken.append(tuple(whole.tolist()))  # once, also if two regions share it
    return problems


def _find_line(lines: Sequence[Row], box: tuple[int, ...]) -> int:
    """Return the line of the nearest row, of those in lines, whose height on the page is that of the box, or 0."""
    middle = (box[1] + box[3]) / 2
    level = [row for row in lines if row.box[1] <= middle <= row.box[3]]
    return min(level, key=lambda row: abs(row.box[1] + row.box[3] - 2 * middle)).line if level else 0


def _move(result: Result, frame: Frame, size: tuple[int, int]) -> Result:
    """Return a result with all boxes on the page instead of in the frame. size: (height, width) of the picture."""

    def to_page(boxes: NDArray[np.int64]) -> NDArray[np.int64]:
        return frame.to_page(boxes, size)

    def move_number(number: Number) -> Number:
        return replace(number, boxes=to_page(number.boxes))

    def move_row(row: Row) -> Row:
        return replace(row, boxes=to_page(row.boxes), numbers=tuple(map(move_number, row.numbers)))

    def move_problem(problem: Problem) -> Problem:
        if problem.box is None:
            return problem
        (box,) = to_page(np.array([problem.box])).tolist()
        return replace(problem, box=tuple(box))

    inverse = 1 / frame.turn
    corner = -frame.origin * inverse
    upright = inverse.real, inverse.imag, corner.real, corner.imag
    return replace(
        result,
        rows=tuple(map(move_row, result.rows)),
        boxes=to_page(result.boxes),
        possible=to_page(result.possible),
        size=size,
        problems=tuple(map(move_problem, result.problems)),
        upright=tuple(round(each, 6) for each in upright),
    )
