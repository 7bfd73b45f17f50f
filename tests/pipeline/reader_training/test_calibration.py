import numpy as np
import pytest

from pipeline.reader.rows.labels import LINE_IMAGE_HEIGHT, LINE_IMAGE_WIDTH, LINE_MARGIN, MAX_LABELS, NO_LABEL, SIDE
from pipeline.reader.rows.spans import Span
from pipeline.reader_training.calibration import Quality, calibrate, is_correct, join_read_digits, list_numbers
from pipeline.reader_training.columns import LineImages
from tests.pipeline.models import make_recogniser

CLASSES, SPACE, OTHER, POINT = 10, 10, 11, 12
MODEL = make_recogniser("conv3x3/2p1", (LINE_IMAGE_HEIGHT, 64), class_names=tuple("0123456789"))


def show(label: int, chance: float) -> Span:
    """A digit in the middle of column 0, with this probability; otherwise there is nothing."""
    p = np.full((19, 1), 1e-9)
    p[[label, -1], 0] = chance, 1 - chance
    return Span((label,), np.array([10.0]), p[:10].T, np.log(p).astype(np.float32), chance)


def make_line_images(*texts: list[int]) -> LineImages:
    """Line images that say these symbols, 20 pixels apart."""
    labels = np.full((len(texts), MAX_LABELS, 3), NO_LABEL)
    for each, text in zip(labels, texts, strict=True):
        for i, symbol in enumerate(text):
            each[i] = symbol, SIDE + 20 * i, SIDE + 20 * i + 20
    images = np.zeros((len(texts), LINE_IMAGE_HEIGHT + 2 * LINE_MARGIN, LINE_IMAGE_WIDTH + 2 * SIDE), np.uint8)
    return LineImages(images, labels.astype(np.float32))


@pytest.mark.parametrize(("claimed", "colder"), [(0.99, False), (0.6, True)])
def test_temperature_makes_the_probability_the_share_of_correct_numbers(
    claimed: float, colder: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight of ten readings are correct, whatever their probability was before."""
    monkeypatch.setattr(
        "pipeline.reader_training.calibration.read_spans", lambda model, line_images, run: [[show(0, claimed)]] * 10
    )
    calibrated, quality = calibrate(MODEL, make_line_images(*[[0]] * 8, [1], [0, 1]))
    assert (calibrated.temperature < 1) == colder
    assert (quality.numbers, quality.recall, quality.precision) == (10, 0.8, 0.8)
    assert max(quality.expected_calibration_error, quality.digits_calibration_error) < 0.02


def test_network_that_reads_nothing_keeps_its_temperature() -> None:
    model, quality = calibrate(MODEL, make_line_images([], []))
    assert model == MODEL
    assert quality == Quality(0, 0, 0, 0, 0)


def test_numbers_are_parted_by_spaces_and_other_writing() -> None:
    _, (labels,) = make_line_images([OTHER, 7, 3, SPACE, 1, OTHER, 5]).slice(0, 1)
    assert list_numbers(labels, CLASSES) == [((7, 3), 30, 50), ((1,), 90, 90), ((5,), 130, 130)]
    _, (amount,) = make_line_images([7, POINT, 3, SPACE, 1]).slice(0, 1)
    assert [labels for labels, *_ in list_numbers(amount, CLASSES)] == [(7, POINT, 3), (1,)]


@pytest.mark.parametrize(
    ("labels", "places", "correct"),
    [((7, 3), [32, 47], True), ((7,), [30], False), ((3, 7), [30, 50], False), ((7, 3), [90, 110], False)],
)
def test_number_is_correct_where_it_is_written(labels: tuple[int, ...], places: list[float], correct: bool) -> None:
    assert is_correct(labels, np.array(places), [((7, 3), 30.0, 50.0), ((1,), 90.0, 90.0)]) is correct


def test_digits_are_correct_however_they_are_grouped() -> None:
    joined = join_read_digits([((7, POINT, 3), 30.0, 50.0), ((1,), 90.0, 90.0)], CLASSES)
    assert joined == [((7, 3), 30.0, 50.0), ((7, 3, 1), 30.0, 90.0), ((1,), 90.0, 90.0)]
