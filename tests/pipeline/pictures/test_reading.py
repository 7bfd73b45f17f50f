import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy import ndimage

from pipeline.model.model import Model
from pipeline.pictures.detections import Detections
from pipeline.pictures.files import load_picture
from pipeline.pictures.reading import Reading, arrange, find_alternatives, format_digits, format_spaced, read, read_one
from pipeline.reader import PRETRAINED, PRETRAINED_READER, load
from tests.drawings import Grey, Images, enlarge, on_paper, place, sample_digits, write_row
from tests.pipeline.models import make_model
from tests.pipeline.pictures.common import join_row

DIGITS = 30  # test images that the tests take


def read_text(model: Model, grey: Any) -> str:
    return format_digits(read(model, grey).labels, model.class_names)


@pytest.fixture(scope="session")
def finder() -> Model:
    found = load(PRETRAINED_READER).finder
    assert found is not None
    return found


def sheet(index: int) -> Images:
    """A test image, seven times enlarged, on a sheet."""
    return place(enlarge(sample_digits()[0][index], 7), (320, 300), 70, 40)


@pytest.fixture(scope="session")
def clear(finder: Model) -> list[int]:
    """Indices of test images that are read correctly and with high confidence."""
    labels = sample_digits()[1]
    readings = {index: read(finder, sheet(index).astype(np.float32)) for index in range(DIGITS)}
    return [i for i, each in readings.items() if each.labels == (labels[i],) and each.confidence > 0.9]


def test_nearly_all_digits_are_clear(clear: list[int]) -> None:
    assert len(clear) >= 0.8 * DIGITS


def test_light_noise_and_grey_levels_hardly_matter(finder: Model, clear: list[int]) -> None:
    generator, correct = np.random.default_rng(1), []
    y, x = np.meshgrid(np.linspace(-1, 1, 320), np.linspace(-1, 1, 300), indexing="ij")
    for index in clear[:12]:
        down, right = generator.uniform(-0.25, 0.25, 2)
        light = 0.75 + down * y + right * x - generator.uniform(0, 0.15) * (x**2 + y**2)
        pen, paper = generator.choice([(30, 235), (60, 170), (120, 240), (200, 40), (255, 0)])
        grey = on_paper(sheet(index), paper, pen) * (light if pen < paper else 1)
        grey = grey + generator.normal(0, generator.choice([0, 1, 4]), grey.shape)
        correct.append(read_text(finder, np.clip(grey, 0, 255)) == str(sample_digits()[1][index]))
    assert np.mean(correct) > 0.9


def test_drawing_and_negative_are_read_alike(finder: Model, clear: list[int]) -> None:
    for index in clear[:8]:
        drawing = sheet(index)
        assert read_text(finder, drawing) == read_text(finder, 255 - drawing) != ""


@pytest.mark.parametrize("times", [1, 3, 9])
def test_rows_are_read_from_left_to_right_at_any_size(finder: Model, clear: list[int], times: int) -> None:
    correct = []
    for start in range(0, 12, 4):
        images, labels = (each[clear[start : start + 4]] for each in sample_digits())
        row = on_paper(enlarge(write_row(list(images), 6, 5), times))
        correct.append(read_text(finder, row) == "".join(map(str, labels)))
    assert sum(correct) >= 2


def test_rows_are_read_from_top_to_bottom(finder: Model, clear: list[int]) -> None:
    images, labels = (each[clear[:8]] for each in sample_digits())
    above, below = (write_row(list(images[part]), 8)[:, :150] for part in (slice(0, 4), slice(4, 8)))
    width = max(above.shape[1], below.shape[1])
    page = np.concatenate([np.pad(line, ((0, 0), (0, width - line.shape[1]))) for line in (above, below)])
    reading = read(finder, on_paper(enlarge(page, 3)))
    assert reading.labels == tuple(labels)
    assert [len(row.labels) for row in reading.split()] == [4, 4]


@pytest.mark.parametrize("angle", [-15, 15])
def test_tilted_rows_are_followed(finder: Model, clear: list[int], angle: float) -> None:
    images, labels = (each[clear[:6]] for each in sample_digits())
    row = Image.fromarray(enlarge(np.pad(write_row(list(images), 4), 12), 3))
    turned = np.asarray(row.rotate(angle, Image.Resampling.BICUBIC, expand=True))
    assert read_text(finder, on_paper(turned)) == "".join(map(str, labels))


def ruled(page: Grey) -> Grey:
    lines = np.full_like(page, 235)
    lines[15::40] = 195
    return np.minimum(page, lines)


def squared(page: Grey) -> Grey:
    lines = np.full_like(page, 235)
    lines[10::25] = lines[:, 12::25] = 200
    return np.minimum(page, lines)


def on_desk(page: Grey) -> Grey:
    return np.pad(page, 60, constant_values=50)


def framed(page: Grey) -> Grey:
    page = page.copy()
    page[6:-6, 6:9] = page[6:-6, -9:-6] = page[6:9, 6:-6] = page[-9:-6, 6:-6] = 30
    return page


def with_specks(page: Grey) -> Grey:
    page = page.copy()
    for y, x in np.random.default_rng(1).integers(0, 290, (20, 2)):
        page[y : y + 4, x : x + 4] = 40
    return page


def saved_badly(page: Grey) -> Grey:
    file = io.BytesIO()
    Image.fromarray(page.astype(np.uint8)).save(file, "JPEG", quality=10)
    file.seek(0)
    return load_picture(file, "file")[0]


def blurred(page: Grey) -> Grey:
    return np.asarray(ndimage.gaussian_filter(page, 3), np.float32)


def far_away(page: Grey) -> Grey:
    small = np.asarray(Image.fromarray(page).resize((75, 80), Image.Resampling.BOX))
    return np.pad(small, ((500, 300), (100, 700)), constant_values=235)


@pytest.mark.parametrize("degrade", [ruled, squared, on_desk, framed, with_specks, saved_badly, blurred, far_away])
def test_degraded_pictures_are_read(degrade: Any, finder: Model, clear: list[int]) -> None:
    chosen = clear[:5]
    correct = [read_text(finder, degrade(on_paper(sheet(index)))) == str(sample_digits()[1][index]) for index in chosen]
    assert sum(correct) >= 4


@pytest.mark.parametrize("pen", [1, 2, 8, 24])
def test_every_stroke_width_is_read(finder: Model, pen: int) -> None:
    page = Image.new("L", (300, 300), 240)
    ImageDraw.Draw(page).line([(80, 60), (210, 60), (130, 250)], fill=20, width=pen, joint="curve")
    assert read_text(finder, np.asarray(page, np.float32)) == "7"


def blanks() -> dict[str, Grey]:
    generator = np.random.default_rng(1)
    y, x = np.mgrid[:300, :300].astype(np.float32)
    clouds = ndimage.gaussian_filter(generator.normal(size=(300, 300)), 12)
    return {
        "black": np.zeros((300, 300), np.float32),
        "white": np.full((300, 300), 255, np.float32),
        "gradient": x / 2 + y / 3,
        "vignette": 255 - np.hypot(y - 150, x - 150) / 2,
        "noise": generator.uniform(0, 255, (300, 300)).astype(np.float32),
        "weak noise": generator.normal(200, 8, (300, 300)).astype(np.float32),
        "salt": np.where(generator.random((300, 300)) < 0.02, 0, 255).astype(np.float32),
        "clouds": (128 + 60 * clouds / clouds.std()).astype(np.float32),
        "two halves": np.where(x < 150, 0, 255).astype(np.float32),
        "blot": np.where(np.hypot(y - 150, x - 150) < 60, 20, 235).astype(np.float32),
        "line": np.where((abs(y - 150) < 3) & (x > 20) & (x < 280), 20, 235).astype(np.float32),
        "blank sheet on a desk": np.where((abs(y - 150) < 100) & (abs(x - 150) < 90), 235, 50).astype(np.float32),
    }


@pytest.mark.parametrize("name", list(blanks()))
def test_no_digit_is_read_with_confidence_in_blank_pictures(name: str, finder: Model) -> None:
    reading = read(finder, blanks()[name])
    assert reading.labels == () or reading.confidence < 0.7
    assert reading.boxes.shape == (len(reading.labels), 4)


@pytest.mark.parametrize("shape", [(4, 4), (4, 1024), (1024, 4), (5, 7)])
def test_unusual_sizes_raise_nothing(shape: tuple[int, int], finder: Model) -> None:
    generator = np.random.default_rng(1)
    for levels in (generator.uniform(0, 255, shape), generator.choice([0, 255], shape), np.eye(*shape) * 255):
        read(finder, levels)


@pytest.mark.parametrize("networks", [1, 3])
@pytest.mark.parametrize("shape", [(3, 4), (1, 1), (28, 28), (100, 60)])
def test_one_object_is_fitted_to_the_images_of_any_model(shape: tuple[int, int], networks: int) -> None:
    reading = read_one(make_model("6", networks, shape), on_paper(sheet(0)))
    assert (reading.probabilities.shape, reading.boxes.shape, reading.rows) == ((1, 3), (1, 4), ((1,),))
    left, top, right, bottom = reading.boxes[0]
    inked = np.argwhere(sheet(0) >= 128)
    np.testing.assert_allclose([top, left, bottom - 1, right - 1], [*inked.min(axis=0), *inked.max(axis=0)], atol=2)


def test_object_of_no_class_and_empty_paper_are_not_read() -> None:
    model = load(PRETRAINED).model
    assert read_one(model, on_paper(sheet(0))).labels == (sample_digits()[1][0],)
    assert read_one(model, np.full((50, 50), 200, np.float32)).labels == ()
    cross = np.maximum(np.eye(200), np.eye(200)[::-1])
    crossed = ndimage.grey_dilation(cross, 9) * 255
    assert read_one(model, crossed.astype(np.float32)).labels == ()


def test_boxes_surround_the_digits(finder: Model, clear: list[int]) -> None:
    images = list(sample_digits()[0][clear[:4]])
    row = enlarge(write_row(images, 8), 3)
    boxes = read(finder, on_paper(row)).boxes
    inked = [np.flatnonzero(image.any(axis=0)) for image in images]
    widths = [columns[-1] - columns[0] + 1 for columns in inked]
    lefts = 8 + np.cumsum([0, *(width + 8 for width in widths[:-1])])
    centres = 3 * (lefts + np.array(widths) / 2)
    np.testing.assert_allclose(boxes[:, [0, 2]].mean(axis=1), centres, atol=8)
    assert ((boxes[:, 3] - boxes[:, 1]) > 35).all()


@pytest.mark.parametrize(("overlap", "least"), [(0, 0.7), (2, 0.5)])
def test_touching_digits_are_read(finder: Model, clear: list[int], overlap: int, least: float) -> None:
    images, labels = (each[clear] for each in sample_digits())
    correct = []
    for start in range(0, 12, 3):
        row = on_paper(enlarge(join_row(list(images[start : start + 3]), overlap), 3))
        correct.append(read_text(finder, row) == "".join(map(str, labels[start : start + 3])))
    assert np.mean(correct) >= least


def test_tight_crops_are_read(finder: Model, clear: list[int]) -> None:
    correct = []
    for index in clear[:8]:
        image = sample_digits()[0][index]
        rows, columns = (np.flatnonzero((image > 60).any(axis=axis)) for axis in (1, 0))
        cropped = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        correct.append(read_text(finder, on_paper(enlarge(cropped, 5))) == str(sample_digits()[1][index]))
    assert sum(correct) >= 6


def make_reading(*probabilities: list[float], rows: tuple[tuple[int, ...], ...] = (), doubt: float = 0) -> Reading:
    boxes = np.zeros((len(probabilities), 4), np.int64)
    return Reading(np.array(probabilities, np.float32), boxes, rows, doubt, (doubt,) * len(rows))


def test_confidence_and_alternatives() -> None:
    reading = make_reading([0.7, 0.2, 0.1], [0.05, 0.15, 0.8])
    assert reading.labels == (0, 2)
    assert reading.confidence == pytest.approx(0.56)
    alternatives = find_alternatives(reading, 9)
    assert [labels for labels, _ in alternatives] == [(1, 2), (0, 1), (2, 2), (0, 0)]
    assert [probability for _, probability in alternatives] == pytest.approx([0.16, 0.105, 0.08, 0.035])
    assert find_alternatives(reading, 2) == alternatives[:2]


def test_possible_digits_that_are_not_reported_lower_the_confidence() -> None:
    assert make_reading([0.8, 0.2], doubt=0.25).confidence == pytest.approx(0.6)
    y = np.zeros(3, np.float32)
    x, size = np.array([0, 30, 60], np.float32), np.full(3, 20, np.float32)
    found = Detections(y, x, size, np.array([[0.9, 0, 0.1], [0.3, 0, 0.7], [0, 0.8, 0.2]], np.float32))
    reading = arrange(found, (20, 80), temperature=1)
    assert reading.labels == (0, 1)
    assert reading.confidence == pytest.approx(0.9 * 0.8 * 0.7)
    assert arrange(found, (20, 80), temperature=2).confidence < reading.confidence


def test_boxes_of_likely_digits_that_are_not_reported_are_returned() -> None:
    x, size = np.array([20, 50, 80], np.float32), np.full(3, 20, np.float32)
    nothing = np.array([0.2, 0.85, 0.98], np.float32)
    found = Detections(np.full(3, 20, np.float32), x, size, np.stack([1 - nothing, nothing], axis=1))
    reading = arrange(found, (40, 100), temperature=1)
    assert reading.boxes.tolist() == [[10, 10, 30, 30]]
    assert reading.possible.tolist() == [[40, 10, 60, 30]]


def test_single_class_has_no_alternative() -> None:
    assert find_alternatives(make_reading([1.0]), 1) == []


def test_long_class_names_are_separated_by_spaces() -> None:
    assert format_digits((1, 0, 1), ("a", "ö")) == "öaö"
    assert format_digits((1, 0, 1), ("T-shirt/top", "Bag")) == "Bag T-shirt/top Bag"
    assert format_digits((0,), ("T-shirt/top", "Bag")) == "T-shirt/top"
    assert format_digits((), ("a", "b")) == ""


def test_rows_are_told_apart() -> None:
    reading = make_reading([1, 0], [0, 1], [0, 1], [1, 0], rows=((1, 2), (1,)))
    assert [format_spaced(row, ("a", "b")) for row in reading.split()] == ["a bb", "a"]


def test_confidence_of_a_row_depends_on_what_may_be_a_digit_in_it() -> None:
    y, x = np.array([0, 0, 40, 40, 0, 42, 90], np.float32), np.array([0, 30, 0, 30, 60, 60, 0], np.float32)
    sure = [[0.9, 0, 0.1], [0, 0.8, 0.2], [0.7, 0, 0.3], [0.6, 0, 0.4]]
    possible = [[0.3, 0, 0.7], [0.2, 0, 0.8], [0.1, 0, 0.9]]  # in the first row, in the second, and below it
    found = Detections(y, x, np.full(7, 20, np.float32), np.array([*sure, *possible], np.float32))
    reading = arrange(found, (100, 100), temperature=1)
    first, second = reading.split()
    assert (first.labels, second.labels) == ((0, 1), (0, 0))
    assert first.confidence == pytest.approx(0.9 * 0.8 * 0.7)
    assert second.confidence == pytest.approx(0.7 * 0.6 * 0.8 * 0.9)
    assert reading.confidence == pytest.approx(first.confidence * second.confidence)
    assert (first.boxes.tolist(), second.boxes.tolist()) == (reading.boxes[:2].tolist(), reading.boxes[2:].tolist())
