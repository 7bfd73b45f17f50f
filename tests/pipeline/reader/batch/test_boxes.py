import io

import numpy as np
import pytest
from PIL import Image

from pipeline.pictures.decoding import load_page
from pipeline.reader.batch.boxes import COLOUR, UNSURE_COLOUR, draw_boxes, encode_with_boxes, list_digits
from pipeline.reader.pages.result import Number, Result, Row


def load_colours(image: Image.Image) -> Image.Image:
    colours = load_page(image, "it", colours=True).colours
    assert colours
    return colours


def find_colour(image: Image.Image, colour: tuple[int, int, int] = COLOUR) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of the pixels in a colour."""
    found = (np.asarray(image) == colour).all(axis=2)
    rows, columns = (np.flatnonzero(found.any(axis=axis)) for axis in (1, 0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def test_box_is_around_the_ink_and_the_text_above_it() -> None:
    image = Image.new("RGB", (300, 400), "white")
    draw_boxes(image, np.array([[100, 200, 160, 290]]), ["7"], [0.99])
    left, top, right, bottom = find_colour(image)
    assert (left, right, bottom) == (99, 161, 291)
    assert 150 < top < 190
    assert np.asarray(image)[200:290, 100:160].min() == 255  # nothing is drawn over the digit


@pytest.mark.parametrize("box", [(0, 0, 300, 400), (0, 0, 10, 10), (290, 390, 300, 400), (0, 390, 300, 400)])
def test_boxes_at_the_border_are_drawn(box: tuple[int, ...]) -> None:
    image = Image.new("RGB", (300, 400), "white")
    draw_boxes(image, np.array([box]), ["Ankle boot"], [0.99])
    find_colour(image)


def test_uncertain_digits_are_marked() -> None:
    image = Image.new("RGB", (400, 400), "white")
    draw_boxes(image, np.array([[50, 200, 110, 290], [250, 200, 310, 290]]), ["7", "7"], [0.9, 0.89])
    sure, unsure = find_colour(image), find_colour(image, UNSURE_COLOUR)
    assert (sure[0], sure[2], unsure[0], unsure[2]) == (49, 111, 249, 311)
    labels = np.asarray(image)[:199]
    widths = [(labels == colour).all(axis=2).any(axis=0).sum() for colour in (COLOUR, UNSURE_COLOUR)]
    assert widths[1] > widths[0]  # by a question mark


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "I;16", "F"])
def test_copies_of_all_kinds_show_the_picture(mode: str) -> None:
    levels = np.full((60, 80), 255, np.uint8)
    levels[20:40, 30:50] = 0
    image = Image.fromarray(levels)
    image = Image.fromarray(257 * levels.astype(np.uint16)) if mode == "I;16" else image.convert(mode)
    nothing = np.zeros((0, 4), np.int64)
    result = Result("", "", (), 0.0, (), nothing, (60, 80), np.zeros((0, 10), np.float32), nothing)
    with Image.open(io.BytesIO(encode_with_boxes(load_colours(image), result, "0123456789"))) as copy:
        assert (copy.format, copy.mode) == ("PNG", "RGB")
        assert np.array_equal(np.asarray(copy), np.repeat(levels[..., np.newaxis], 3, axis=2))


def test_boxes_of_a_large_picture_are_scaled_with_its_copy() -> None:
    read, possible = np.array([[1000, 2000, 1600, 2800]]), np.array([[2000, 2000, 2600, 2800]])
    number = Number("1", "1", 0.9, (), read, np.array([[0.05, 0.95]], np.float32))
    row = Row("1", "1", 0.9, (), read, number.probabilities, (number,))
    result = Result("1", "1", (row,), 0.9, (), read, (4096, 3072), number.probabilities, possible)
    image = Image.new("L", (3072, 4096), 255)
    with Image.open(io.BytesIO(encode_with_boxes(load_colours(image), result, "01"))) as copy:
        assert copy.size == (1536, 2048)
        for colour, left in ((COLOUR, 500), (UNSURE_COLOUR, 1000)):
            assert find_colour(copy, colour)[::2] == (left - 5, left + 305)
            assert find_colour(copy, colour)[3] == 1405


def make_number(text: str, digits: str, names: tuple[str, ...], *labels: int) -> tuple[Number, tuple[str, ...]]:
    probabilities = np.full((len(labels), len(names)), 0.1, np.float32)
    probabilities[range(len(labels)), labels] = 0.8
    return Number(text, digits, 0.5, (), np.zeros((len(labels), 4), np.int64), probabilities), names


def test_each_digit_has_the_separators_after_it_and_the_probability_of_what_was_read() -> None:
    digits = tuple("0123456789")
    for text, pieces in (("12.50", ["1", "2.", "5", "0"]), ("1 25 0", ["1", "2", "5", "0"])):
        listed, probabilities = zip(*list_digits(*make_number(text, "1250", digits, 1, 2, 5, 0)), strict=True)
        assert list(listed) == pieces
        assert probabilities == pytest.approx([0.8] * 4)
    held = list_digits(*make_number("12", "12", digits, 1, 7))  # to a pattern, although the 2 looks like a 7
    assert [text for text, _ in held] == ["1", "2"]
    assert [probability for _, probability in held] == pytest.approx([0.8, 0.1])
    assert [text for text, _ in list_digits(*make_number("", "", digits, 1, 7))] == ["1", "7"]
    named = list_digits(*make_number("Bag Coat", "Bag Coat", ("Coat", "Bag"), 1, 0))
    assert [text for text, _ in named] == ["Bag", "Coat"]
