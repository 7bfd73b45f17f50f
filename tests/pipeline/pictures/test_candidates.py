"""Candidates of composed pictures, with which the second network is trained."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.composition.composing import compose_sheet
from pipeline.composition.signs import Glyphs
from pipeline.data.parts import MAX_CLASSES
from pipeline.pictures.candidates import STEPS, WINDOW, Windows, collect, label_candidates
from pipeline.pictures.detections import Detections
from pipeline.reader import PRETRAINED_READER, load
from pipeline.scheduling.backends import SYNC
from pipeline.training.positions import IGNORED
from tests.drawings import sample_digits


def detections(*rows: tuple[float, float, float]) -> Detections:
    """Detections from rows of y, x and size."""
    y, x, size = np.array(rows, np.float32).reshape(-1, 3).T
    return Detections(y, x, size, np.full((len(y), 11), 1 / 11, np.float32))


def digits(*rows: tuple[float, float, float, float, float]) -> np.ndarray:
    """Digits as `compose` writes them, with unused rows."""
    return np.array([*rows, (-1,) * 5, (-1,) * 5], np.float32)


@pytest.mark.parametrize(
    ("candidate", "expected"),
    [
        ((50, 60, 20), 7),
        ((52, 63, 22), 7),
        ((50, 60, 14), IGNORED),
        ((50, 60, 30), IGNORED),
        ((50, 66, 20), IGNORED),
        ((50, 60, 8), 10),
        ((50, 60, 60), 10),
        ((70, 60, 20), 10),
        ((50, 100, 20), 3),
        ((50, 140, 20), IGNORED),
    ],
)
def test_candidate_has_the_class_of_the_digit_with_its_place_and_size(
    candidate: tuple[float, float, float], expected: int
) -> None:
    known = digits((7, 50, 60, 20, 1), (3, 51, 101, 19, 1), (4, 50, 140, 20, 0.5))
    assert label_candidates(detections(candidate), known, 10).tolist() == [expected]


def test_nearer_of_two_digits_counts_and_without_digits_all_is_nothing() -> None:
    known = digits((7, 50, 60, 20, 1), (3, 50, 64, 20, 1))
    assert label_candidates(detections((50, 63.5, 20), (50, 60.5, 20)), known, 10).tolist() == [3, 7]
    assert label_candidates(detections((50, 60, 20)), digits(), 10).tolist() == [10]


def test_digits_of_composed_sheets_lie_in_the_middle_of_their_windows(tmp_path: Path) -> None:
    model, glyphs = load(PRETRAINED_READER).finder, Glyphs(*sample_digits(), tuple("0123456789"))
    assert model
    sheets = [compose_sheet(glyphs, np.random.default_rng(seed)) for seed in range(6)]
    for name, arrays in zip(("pictures", "digits"), zip(*sheets, strict=True), strict=True):
        np.save(tmp_path / f"train-{name}.npy", np.array(arrays))
    windows = collect(model, tmp_path, {"train": 4}, SYNC)["train"]
    known = np.concatenate([digits[digits[:, 0] >= 0, 0] for _, digits in sheets[:4]])
    found = windows.labels[windows.labels < 10]
    assert set(found.tolist()) == set(known.tolist())
    assert 0.8 * len(known) < len(found) < 3 * len(known)  # other levels may show a digit, too
    assert np.iinfo(windows.labels.dtype).max >= MAX_CLASSES  # the label of nothing
    assert (windows.images.shape, windows.images.dtype) == ((len(windows.labels), *WINDOW), np.dtype(np.int8))
    height, width = WINDOW
    middles = windows.images[windows.labels < 10, height // 4 : -height // 4, width // 2 - 10 : width // 2 + 10]
    assert (np.abs(middles.astype(int)).max(axis=(1, 2)) > STEPS).all()  # there is ink


def test_windows_are_shown_in_both_polarities_and_validated_as_they_are() -> None:
    images = np.random.default_rng(0).integers(-127, 128, (200, *WINDOW)).astype(np.int8)
    windows = Windows(images, np.zeros(200, np.uint8))
    out = np.empty(images.shape, np.float32)
    windows.take(np.arange(200), out, np.random.default_rng(1))
    same = (out * STEPS == images).all(axis=(1, 2))
    assert (out[~same] * STEPS == -images[~same].astype(int)).all()
    assert 60 < same.sum() < 140
    assert np.array_equal(windows.slice(3, 5) * STEPS, images[3:5])
