import numpy as np
import pytest
from PIL import Image

from pipeline.pictures.paper import find_paper
from tests.drawings import Grey, enlarge, on_paper, place, sample_digits


def desk(angle: float = 0) -> Grey:
    """A sheet of level 235 with a digit, surrounded by 60 pixels of a desk of level 50."""
    sheet = on_paper(place(enlarge(sample_digits()[0][0], 6), (380, 380), 100, 100))
    turned = Image.fromarray(np.pad(sheet, 60, constant_values=50)).rotate(angle, fillcolor=50)
    return np.asarray(turned, np.float32)


@pytest.mark.parametrize("angle", [0, -8, 8])
def test_sheet_is_found_without_the_desk(angle: float) -> None:
    found = find_paper(desk(angle))
    assert found is not None
    sheet, left, top = found
    assert min(sheet.shape) >= 370
    assert max(left, top) <= 60
    assert np.median(np.concatenate([sheet[0], sheet[-1], sheet[:, 0], sheet[:, -1]])) == 235
    assert (sheet < 60).sum() == pytest.approx((on_paper(enlarge(sample_digits()[0][0], 6)) < 60).sum(), rel=0.1)


def test_part_is_at_its_offset() -> None:
    picture = np.pad(desk(), ((0, 0), (30, 0)), constant_values=50)
    paper = find_paper(picture)
    assert paper is not None
    part, left, top = paper
    inside = part[100:200, 100:200]
    assert (inside == picture[top + 100 : top + 200, left + 100 : left + 200]).all()
    assert (left, top) == (90, 60)


@pytest.mark.parametrize("label", [1, 2, 4, 7])
def test_large_digit_is_not_a_sheet(label: int) -> None:
    images, labels = sample_digits()
    ink = enlarge(images[labels == label][0], 12)
    assert find_paper(on_paper(place(ink, (400, 400), 30, 30))) is None


def test_blank_paper_and_noise_are_not_sheets() -> None:
    assert find_paper(np.full((300, 300), 200, np.float32)) is None
    assert find_paper(np.random.default_rng(1).uniform(0, 255, (300, 300)).astype(np.float32)) is None
