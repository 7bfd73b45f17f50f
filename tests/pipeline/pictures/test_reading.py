import io
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from scipy import ndimage

from pipeline.data.ink import InkStatistics
from pipeline.model.files import Model
from pipeline.model.prediction import predict
from pipeline.network.network import view_parameters
from pipeline.pictures import reading
from pipeline.pictures.files import load_picture
from pipeline.pictures.reading import MIN_PROBABILITY, Reading, find_alternatives, format_digits, read
from pipeline.reader import PRETRAINED, load
from tests.drawings import Grey, Images, enlarge, on_paper, place, sample_digits, write_row
from tests.pipeline.models import make_model
from tests.pipeline.pictures.common import join_row

fuzzed = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read_text(model: Model, grey: Any) -> str:
    return format_digits(read(model, grey).labels, model.class_names)


@pytest.fixture(scope="module")
def clear(reader: Model) -> list[int]:
    """Indices of test images that the model classifies correctly and with high confidence."""
    images, labels = (each[:150] for each in sample_digits())
    probabilities = predict(reader, images)
    sure = (probabilities.max(axis=1) > 0.99) & (probabilities.argmax(axis=1) == labels)
    sure &= [len(read(reader, image).labels) == 1 for image in images]
    return np.flatnonzero(sure).tolist()


def sheet(index: int) -> Images:
    """A test image, seven times enlarged, on a sheet."""
    return place(enlarge(sample_digits()[0][index], 7), (320, 300), 70, 40)


@fuzzed
@given(data=st.data())
def test_light_noise_and_grey_levels_do_not_matter(reader: Model, clear: list[int], data: st.DataObject) -> None:
    index = data.draw(st.sampled_from(clear))
    slope = st.floats(-0.25, 0.25)
    y, x = np.meshgrid(np.linspace(-1, 1, 320), np.linspace(-1, 1, 300), indexing="ij")
    light = 0.75 + data.draw(slope) * y + data.draw(slope) * x - data.draw(st.floats(0, 0.15)) * (x**2 + y**2)
    pen, paper = data.draw(st.sampled_from([(30, 235), (60, 170), (120, 240), (200, 40), (255, 0)]))
    grey = on_paper(sheet(index), paper, pen)
    if pen < paper:
        grey = (grey * light).astype(np.float32)
    noise = data.draw(st.sampled_from([0, 1, 4]))
    grey = grey + np.random.default_rng(index).normal(0, noise, grey.shape).astype(np.float32)
    assert read_text(reader, np.clip(grey, 0, 255)) == str(sample_digits()[1][index])


@fuzzed
@given(data=st.data())
def test_drawing_and_negative_are_read_alike(reader: Model, clear: list[int], data: st.DataObject) -> None:
    drawing = sheet(data.draw(st.sampled_from(clear)))
    assert read_text(reader, drawing) == read_text(reader, 255 - drawing) != ""


@fuzzed
@given(data=st.data())
def test_row_is_read_from_left_to_right(reader: Model, clear: list[int], data: st.DataObject) -> None:
    indices = data.draw(st.lists(st.sampled_from(clear), min_size=2, max_size=7))
    images, labels = (each[indices] for each in sample_digits())
    tall = np.array([np.ptp(np.flatnonzero(image.max(axis=1) > 127)) for image in images]) >= 15
    row = on_paper(enlarge(write_row(list(images[tall]), 6, 5), 2)) if tall.any() else np.zeros((9, 9), np.float32)
    assert read_text(reader, row) == "".join(map(str, labels[tall]))


def test_lines_are_read_from_top_to_bottom(reader: Model, clear: list[int]) -> None:
    images, labels = (each[clear[:8]] for each in sample_digits())
    above, below = (write_row(list(images[part]), 8)[:, :150] for part in (slice(0, 4), slice(4, 8)))
    width = max(above.shape[1], below.shape[1])
    page = np.concatenate([np.pad(line, ((0, 0), (0, width - line.shape[1]))) for line in (above, below)])
    assert read_text(reader, on_paper(enlarge(page, 3))) == "".join(map(str, labels))


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
def test_degraded_pictures_are_read(degrade: Any, reader: Model, clear: list[int]) -> None:
    chosen = clear[:20]
    correct = [read_text(reader, degrade(on_paper(sheet(index)))) == str(sample_digits()[1][index]) for index in chosen]
    assert sum(correct) >= 18


@pytest.mark.parametrize("pen", [1, 2, 8, 24])
def test_every_stroke_width_is_read(reader: Model, pen: int) -> None:
    page = Image.new("L", (300, 300), 240)
    ImageDraw.Draw(page).line([(80, 60), (210, 60), (130, 250)], fill=20, width=pen, joint="curve")
    assert read_text(reader, np.asarray(page, np.float32)) == "7"


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
def test_no_digit_is_read_in_blank_pictures(name: str) -> None:
    reading = read(load(PRETRAINED).model, blanks()[name])
    assert reading.labels == ()
    assert reading.images.shape == (0, 28, 28)
    assert reading.boxes.shape == (0, 4)
    assert find_alternatives(reading, 3) == []


@pytest.mark.parametrize("shape", [(4, 4), (4, 1024), (1024, 4), (5, 7)])
def test_unusual_sizes_raise_nothing(shape: tuple[int, int], reader: Model) -> None:
    generator = np.random.default_rng(1)
    for levels in (generator.uniform(0, 255, shape), generator.choice([0, 255], shape), np.eye(*shape) * 255):
        read(reader, levels)


@pytest.mark.parametrize("networks", [1, 3])
@pytest.mark.parametrize("shape", [(3, 4), (1, 1), (28, 28), (100, 60)])
def test_digits_are_fitted_to_the_image_shape_of_the_model(shape: tuple[int, int], networks: int) -> None:
    model = make_model("6", networks, shape, temperature=0.1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        reading = read(model, on_paper(sheet(0)))
    assert len(reading.labels) == 1
    assert reading.images.shape == (1, *shape)
    assert reading.images.max() >= 250
    np.testing.assert_array_equal(reading.probabilities, predict(model, reading.images))


def test_improbable_digit_is_not_read(reader: Model, clear: list[int]) -> None:
    grey = on_paper(sheet(clear[0]))
    assert read(reader, grey).labels
    assert read(replace(reader, temperature=99), grey).labels == ()
    assert read(reader, grey).probabilities.max() >= MIN_PROBABILITY


def with_negative_bias(model: Model, bias: float) -> Model:
    """Return the model with another bias of the negative class."""
    parameters = view_parameters(model.networks[0].layers, model.parameters[0].flat.copy())
    parameters.layers[-1][1][-1] = bias
    return replace(model, parameters=(parameters,))


def test_component_of_no_class_is_not_read(reader: Model, clear: list[int]) -> None:
    grey = on_paper(sheet(clear[0]))
    assert read(with_negative_bias(reader, 1000), grey).labels == ()
    assert read(with_negative_bias(reader, -1000), grey).confidence >= read(reader, grey).confidence


@pytest.mark.parametrize(("signs", "count"), [("|X", 0), ("|||||||X", 7), ("|XX|", 0), ("X", 0)])
def test_line_that_is_mostly_of_no_class_is_not_read(signs: str, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse_crosses(model: Model, images: Images) -> Any:
        wide = (images.max(axis=1) > 127).sum(axis=1) > 12
        return np.where(wide[:, np.newaxis], [0, 0, 0, 1], [1, 0, 0, 0])

    monkeypatch.setattr(reading, "predict_with_negative", refuse_crosses)
    model = make_model("6", 1, (28, 28), ink_statistics=InkStatistics(box=20))
    page = Image.new("L", (60 * len(signs) + 60, 140), 235)
    for number, sign in enumerate(signs):
        left, right = 60 * number + 40, 60 * number + 80
        lines = [(left, left)] if sign == "|" else [(left, right), (right, left)]
        for top, bottom in lines:
            ImageDraw.Draw(page).line([(top, 50), (bottom, 90)], fill=30, width=5)
    assert len(read(model, np.asarray(page, np.float32)).labels) == count


def find_box(ink: Images) -> list[int]:
    rows, columns = (np.flatnonzero((ink > 127).any(axis=axis)) for axis in (1, 0))
    return [int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1]


def test_boxes_enclose_the_digits(reader: Model, clear: list[int]) -> None:
    images = list(sample_digits()[0][clear[:4]])
    row = enlarge(write_row(images), 3)
    boxes = read(reader, on_paper(row)).boxes
    left, _, right, _ = find_box(row)
    np.testing.assert_allclose([boxes[0, 0], boxes[-1, 2]], [left, right], atol=4)
    assert (boxes[1:, 0] > boxes[:-1, 2]).all()
    for page, margin in ((on_paper(sheet(clear[0])), 0), (on_desk(on_paper(sheet(clear[0]))), 60)):
        boxes = read(reader, page).boxes
        np.testing.assert_allclose(boxes, [np.array(find_box(sheet(clear[0]))) + margin], atol=4)


@pytest.mark.parametrize(("overlap", "least"), [(0, 0.7), (2, 0.5)])
def test_touching_digits_are_read(reader: Model, clear: list[int], overlap: int, least: float) -> None:
    images, labels = (each[clear] for each in sample_digits())
    correct = []
    for start in range(0, 60, 3):
        row = on_paper(enlarge(join_row(list(images[start : start + 3]), overlap), 3))
        correct.append(read_text(reader, row) == "".join(map(str, labels[start : start + 3])))
    assert np.mean(correct) >= least


def make_reading(*probabilities: list[float]) -> Reading:
    count = len(probabilities)
    return Reading(
        np.zeros((count, 2, 2), np.uint8), np.array(probabilities, np.float32), np.zeros((count, 4), np.int64)
    )


def test_confidence_and_alternatives() -> None:
    reading = make_reading([0.7, 0.2, 0.1], [0.05, 0.15, 0.8])
    assert reading.labels == (0, 2)
    assert reading.confidence == pytest.approx(0.56)
    alternatives = find_alternatives(reading, 9)
    assert [labels for labels, _ in alternatives] == [(1, 2), (0, 1), (2, 2), (0, 0)]
    assert [probability for _, probability in alternatives] == pytest.approx([0.16, 0.105, 0.08, 0.035])
    assert find_alternatives(reading, 2) == alternatives[:2]


def test_single_class_has_no_alternative() -> None:
    assert find_alternatives(make_reading([1.0]), 1) == []


def test_long_class_names_are_separated_by_spaces() -> None:
    assert format_digits((1, 0, 1), ("a", "ö")) == "öaö"
    assert format_digits((1, 0, 1), ("T-shirt/top", "Bag")) == "Bag T-shirt/top Bag"
    assert format_digits((0,), ("T-shirt/top", "Bag")) == "T-shirt/top"
    assert format_digits((), ("a", "b")) == ""


def test_touching_digits_count_as_digits_of_the_picture(reader: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    grey = on_paper(enlarge(join_row(list(sample_digits()[0][9:12])), 3))
    for limit, text in ((3, "906"), (2, "")):
        monkeypatch.setattr(reading, "MAX_DIGITS", limit)
        assert read_text(reader, grey) == text


def test_tight_crops_are_read() -> None:
    images, labels = (each[:60] for each in sample_digits())
    model, crops = load(PRETRAINED).model, []
    for image in images:
        large = enlarge(image, 6)
        inked = large >= 128
        crops.append(on_paper(large[np.ix_(inked.any(axis=1), inked.any(axis=0))]))
    correct = [read(model, crop).labels == (label,) for crop, label in zip(crops, labels, strict=True)]
    assert np.mean(correct) >= 0.9


@pytest.mark.parametrize(("count", "text"), [(4, "1111"), (9, "")])
def test_many_equal_strokes_are_a_pattern(count: int, text: str) -> None:
    strokes = np.zeros((120, 40 + 30 * count), np.uint8)
    for left in range(30, 30 + 30 * count, 30):
        strokes[20:100, left : left + 6] = 255
    assert read_text(load(PRETRAINED).model, on_paper(strokes)) == text
