from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from pipeline.model import PRETRAINED_READER
from pipeline.model.model import Detector
from pipeline.reader import PRETRAINED, load
from pipeline.reader.pages.reading import read, read_one
from tests.drawings import Grey, Images, enlarge, on_paper, place, sample_digits, write_row
from tests.pipeline.models import make_model

DIGITS = 30  # test images that the tests take


def read_text(model: Detector, grey: Any) -> str:
    return read(model, grey, grey.shape).text


def draw(index: int) -> Images:
    """A test image, seven times enlarged, on a larger sheet."""
    return place(enlarge(sample_digits()[0][index], 7), (320, 300), 70, 40)


def truth(indices: Sequence[int]) -> str:
    return "".join(str(sample_digits()[1][index]) for index in indices)


@pytest.fixture(scope="module")
def clear(detector: Detector) -> list[int]:
    """Indices of test images that are read correctly and with high confidence."""
    results = {index: read(detector, draw(index).astype(np.float32), (320, 300)) for index in range(DIGITS)}
    found = [i for i, each in results.items() if each.text == truth([i]) and each.confidence > 0.9]
    assert len(found) >= 0.8 * DIGITS
    return found


@pytest.mark.slow
def test_light_noise_and_grey_levels_of_either_polarity_hardly_matter(detector: Detector, clear: list[int]) -> None:
    generator, correct = np.random.default_rng(1), []
    y, x = np.meshgrid(np.linspace(-1, 1, 320), np.linspace(-1, 1, 300), indexing="ij")
    for index in clear[:12]:
        down, right = generator.uniform(-0.25, 0.25, 2)
        light = 0.75 + down * y + right * x - generator.uniform(0, 0.15) * (x**2 + y**2)
        pen, paper = generator.choice([(30, 235), (60, 170), (120, 240), (200, 40), (255, 0)])
        grey = on_paper(draw(index), paper, pen) * (light if pen < paper else 1)
        grey = grey + generator.normal(0, generator.choice([0, 1, 4]), grey.shape)
        correct.append(read_text(detector, np.clip(grey, 0, 255)) == truth([index]))
    assert np.mean(correct) > 0.9


@pytest.mark.parametrize("times", [1, 3, 9])
def test_rows_are_read_from_left_to_right_at_any_size(detector: Detector, clear: list[int], times: int) -> None:
    correct = []
    for start in range(0, 12, 4):
        chosen = clear[start : start + 4]
        row = on_paper(enlarge(write_row(list(sample_digits()[0][chosen]), 6, 5), times))
        correct.append(read_text(detector, row) == truth(chosen))
    assert sum(correct) >= 2


def test_rows_are_read_from_top_to_bottom(detector: Detector, clear: list[int]) -> None:
    rows = [write_row(list(sample_digits()[0][clear[part]]), 8)[:, :150] for part in (slice(0, 4), slice(4, 8))]
    width = max(row.shape[1] for row in rows)
    ink = np.concatenate([np.pad(row, ((0, 0), (0, width - row.shape[1]))) for row in rows])
    result = read(detector, on_paper(enlarge(ink, 3)), (180, 450))
    assert [row.text for row in result.rows] == [truth(clear[:4]), truth(clear[4:8])]
    assert (result.text, result.digits) == (f"{truth(clear[:4])}\n{truth(clear[4:8])}", truth(clear[:8]))


def test_small_digits_beside_a_large_one_are_read(detector: Detector, clear: list[int]) -> None:
    """As on a sheet of A4 at 175 dpi with a title: a coarse level hides none of the finer ones."""
    sheet = np.zeros((2048, 1448), np.uint8)
    sheet[100:940, 100:940] = enlarge(sample_digits()[0][clear[0]], 30)
    small = [write_row(list(sample_digits()[0][clear[start : start + 4]]), 6) for start in (4, 8, 12)]
    for top, row in zip((1300, 1400, 1800), small, strict=True):
        sheet[top : top + row.shape[0], 200 : 200 + row.shape[1]] = row
    rows = [row.text for row in read(detector, on_paper(sheet).astype(np.float32), sheet.shape).rows]
    assert rows[0] == truth(clear[:1])
    assert sum(truth(clear[start : start + 4]) in rows for start in (4, 8, 12)) >= 2


@pytest.mark.parametrize(("angle", "gap"), [(-40, 8), (-15, 4), (15, 4), (40, 8)])
def test_tilted_rows_are_followed(detector: Detector, clear: list[int], angle: float, gap: int) -> None:
    row = Image.fromarray(enlarge(np.pad(write_row(list(sample_digits()[0][clear[:6]]), gap), 12), 3))
    turned = np.asarray(row.rotate(angle, Image.Resampling.BICUBIC, expand=True))
    assert read_text(detector, on_paper(turned)) == truth(clear[:6])


def move_away(grey: Grey) -> Grey:
    small = np.asarray(Image.fromarray(grey).resize((75, 80), Image.Resampling.BOX))
    return np.pad(small, ((500, 300), (100, 700)), constant_values=235)


def put_on_a_desk(grey: Grey) -> Grey:
    return np.pad(grey, 60, constant_values=50)


@pytest.mark.parametrize("degrade", [move_away, put_on_a_desk])
def test_degraded_pictures_are_read(degrade: Callable[[Grey], Grey], detector: Detector, clear: list[int]) -> None:
    correct = [read_text(detector, degrade(on_paper(draw(index)))) == truth([index]) for index in clear[:5]]
    assert sum(correct) >= 4


def blanks() -> dict[str, Grey]:
    generator = np.random.default_rng(1)
    y, x = np.mgrid[:300, :300].astype(np.float32)
    return {
        "vignette": 255 - np.hypot(y - 150, x - 150) / 2,
        "noise": generator.uniform(0, 255, (300, 300)).astype(np.float32),
        "two halves": np.where(x < 150, 0, 255).astype(np.float32),
        "blot": np.where(np.hypot(y - 150, x - 150) < 60, 20, 235).astype(np.float32),
        "blank sheet on a desk": np.where((abs(y - 150) < 100) & (abs(x - 150) < 90), 235, 50).astype(np.float32),
    }


@pytest.mark.parametrize("name", list(blanks()))
def test_no_digit_is_read_with_confidence_in_blank_pictures(name: str, detector: Detector) -> None:
    result = read(detector, blanks()[name], (300, 300))
    assert result.text == "" or result.confidence < 0.7


@pytest.mark.parametrize("shape", [(4, 4), (4, 1024), (1024, 4)])
def test_unusual_sizes_raise_nothing(shape: tuple[int, int], detector: Detector) -> None:
    read(detector, np.random.default_rng(1).uniform(0, 255, shape), shape)


@pytest.mark.parametrize("networks", [1, 3])
@pytest.mark.parametrize("shape", [(3, 4), (1, 1), (28, 28), (100, 60)])
def test_one_object_is_fitted_to_the_images_of_any_model(shape: tuple[int, int], networks: int) -> None:
    result = read_one(make_model("6", networks, shape), on_paper(draw(0)), (640, 600))
    assert (result.probabilities.shape, len(result.rows), result.rows[0].text) == ((1, 3), 1, result.text)
    left, top, right, bottom = result.boxes[0] / 2
    inked = np.argwhere(draw(0) >= 128)
    np.testing.assert_allclose([top, left, bottom - 1, right - 1], [*inked.min(axis=0), *inked.max(axis=0)], atol=2)


def test_object_of_no_class_and_empty_paper_are_not_read() -> None:
    model, size = load(PRETRAINED).model, (320, 300)
    found = read_one(model, on_paper(draw(0)), size)
    assert found.text == truth([0])
    assert found.confidence == found.digits_confidence == found.rows[0].numbers[0].probability
    crossed = ndimage.grey_dilation(np.maximum(np.eye(200), np.eye(200)[::-1]), 9) * 255
    for grey in (np.full((50, 50), 200, np.float32), crossed.astype(np.float32)):
        result = read_one(model, grey, size)
        assert (result.text, result.rows, result.confidence, result.boxes.shape) == ("", (), 0, (0, 4))


def test_boxes_surround_the_digits(detector: Detector, clear: list[int]) -> None:
    images = list(sample_digits()[0][clear[:4]])
    row = enlarge(write_row(images, 8), 3)
    boxes = read(detector, on_paper(row), row.shape).boxes
    widths = np.array([np.ptp(np.flatnonzero(image.any(axis=0))) + 1 for image in images])
    lefts = 8 + np.cumsum([0, *(widths[:-1] + 8)])
    np.testing.assert_allclose(boxes[:, [0, 2]].mean(axis=1), 3 * (lefts + widths / 2), atol=18)
    assert ((boxes[:, 3] - boxes[:, 1]) > 35).all()


def test_tight_crops_are_read(detector: Detector, clear: list[int]) -> None:
    correct = []
    for index in clear[:8]:
        image = sample_digits()[0][index]
        rows, columns = (np.flatnonzero((image > 60).any(axis=axis)) for axis in (1, 0))
        cropped = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        correct.append(read_text(detector, on_paper(enlarge(cropped, 5))) == truth([index]))
    assert sum(correct) >= 6


@pytest.mark.slow
def test_nearly_all_digits_are_read_in_pictures() -> None:
    reader, (images, labels) = load(PRETRAINED_READER), sample_digits()
    correct = [reader.read(255 - enlarge(image, 4)).text == str(labels[i]) for i, image in enumerate(images)]
    assert sum(correct) >= 0.97 * len(labels)
