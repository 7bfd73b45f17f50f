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
    assert min(found.shape) >= 370
    assert np.median(np.concatenate([found[0], found[-1], found[:, 0], found[:, -1]])) == 235
    assert (found < 60).sum() == pytest.approx((on_paper(enlarge(sample_digits()[0][0], 6)) < 60).sum(), rel=0.1)


def test_inside_of_a_frame_is_found() -> None:
    page = np.full((300, 300), 235, np.float32)
    page[40:260, 30:270] = 40
    page[44:256, 34:266] = 235
    page[100:200, 140:150] = 40
    found = find_paper(page)
    assert found is not None
    assert (found == 40).sum() == 1000


@pytest.mark.parametrize("label", [1, 2, 4, 7])
def test_large_digit_is_not_a_sheet(label: int) -> None:
    images, labels = sample_digits()
    ink = enlarge(images[labels == label][0], 12)
    assert find_paper(on_paper(place(ink, (400, 400), 30, 30))) is None


def test_blank_paper_and_noise_are_not_sheets() -> None:
    assert find_paper(np.full((300, 300), 200, np.float32)) is None
    assert find_paper(np.random.default_rng(1).uniform(0, 255, (300, 300)).astype(np.float32)) is None
