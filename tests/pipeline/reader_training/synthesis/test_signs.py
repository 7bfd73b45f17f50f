"""Signs and marks in ink."""

import numpy as np
import pytest

from pipeline.data.synthetic.shapes import SIGNS, STYLED_DIGITS, parse_shape
from pipeline.reader_training.synthesis.hands import Hands
from pipeline.reader_training.synthesis.lettering import list_fonts
from pipeline.reader_training.synthesis.marks import MARKS
from pipeline.reader_training.synthesis.signs import Hand, SourceImages, choose_hand, write
from tests.drawings import sample_digits
from tests.pipeline.reader_training.synthesis.common import fonts, source


@pytest.mark.parametrize("shape", [(40, 40), (8, 40), (40, 8)])
@pytest.mark.parametrize("stroke", [-1.0, 0.0, 3.0])
def test_strokes_widen_and_thin_within_the_whole_sign(shape: tuple[int, int], stroke: float) -> None:
    hand = Hand(angle=0.0, shear=0.0, stretch=1.0, stroke=stroke, outline=False)
    ink = write(np.ones(shape, np.float32), 30, hand, np.random.default_rng(1))
    assert abs(max(ink.shape) - 30 - stroke) < 5  # a stroke of two drawn pixels a side is one pixel of the picture
    assert (ink > 0.9).any()


@pytest.mark.parametrize("size", [5, 20, 90])
def test_glyph_is_written_at_its_size(size: float) -> None:
    generator = np.random.default_rng(1)
    sides = [max(write(sample_digits()[0][i] / 255, size, choose_hand(generator), generator).shape) for i in range(40)]
    assert size * 0.75 < np.median(sides) < size * 1.35


def test_piece_of_a_glyph_is_not_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.reader_training.synthesis.signs.SIGN_SHARES", {"piece": 1.0})
    for width in (3, 9, 20):
        images = np.zeros((5, 28, 28), np.uint8)
        images[:, 4:24, 4 : 4 + width] = 200
        few = SourceImages(images, np.zeros(5, int), tuple("0123456789"))
        generator = np.random.default_rng(1)
        signs = [few.draw_sign(generator) for _ in range(30)]
        assert all(sign.shape[1] < width or sign.shape[0] > 28 for sign in signs)  # a part, or a scribble


def test_every_digit_has_shapes_and_every_shape_strokes() -> None:
    assert {name for name, _ in STYLED_DIGITS} == set("0123456789")
    for shape in (*(shape for _, shape in STYLED_DIGITS), *SIGNS):
        strokes = parse_shape(shape)
        assert all(stroke.ndim == 2 and stroke.shape[1] == 2 and len(stroke) > 1 for stroke in strokes)
        assert np.ptp(np.concatenate(strokes), axis=0).max() > 0


@pytest.mark.parametrize("mark", MARKS)
def test_marks_have_their_size_and_their_place_beside_digits(mark: str) -> None:
    (least, most), (high, low), _ = MARKS[mark]
    for seed in range(4):
        hands = Hands(source(), {"script": fonts(), "print": list_fonts("print")}, np.random.default_rng(seed))
        drawn = hands.draw_marks(mark)
        assert 0.6 * least < drawn.size < 1.4 * most
        assert high - 0.1 < drawn.middle + 0.5 < low + 0.1
