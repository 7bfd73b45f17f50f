from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.engine.errors import UsageError
from pipeline.network.losses import LOSSES, cross_entropy
from pipeline.reader.rows.labels import CONTRAST_STEPS, SHEET, ZERO, decode_contrast
from pipeline.reader_training.positions import (
    CROP,
    IGNORED,
    OTHER_SCALES,
    PER_LABEL,
    PER_PICTURE,
    Crops,
    at_positions,
    augment_crop,
    build_detector_task,
    find_centres,
    label_positions,
)
from pipeline.reader_training.synthesis.lettering import list_fonts
from pipeline.reader_training.synthesis.line_images import synthesise_line
from pipeline.reader_training.synthesis.signs import SourceImages
from pipeline.training.epochs import train_network
from pipeline.training.recipe import Recipe
from tests.drawings import sample_digits
from tests.pipeline.models import make_detector, make_recogniser

LAYERS = "conv6,conv12,conv12x3/1,conv12x3/1,conv12x3/1"
SMALL = Recipe(layers=LAYERS, learning_rate=0.01, batch_size=8, epochs=2)


def one_digit(y: float, x: float, size: float = 20, visible: float = 1) -> np.ndarray:
    return np.array([[3, y, x, size, visible], [-1, 0, 0, 0, 0]], np.float32)


def test_positions_near_a_centre_have_its_class() -> None:
    y, x = find_centres(LAYERS)
    assert (y.ravel().tolist(), x.tolist()) == (list(range(18, 51, 4)), list(range(18, 107, 4)))
    labels = label_positions(one_digit(18 + 4 * 5, 18 + 4 * 7), (y, x), 10)
    assert labels[5, 7] == 3
    assert (labels == 3).sum() == 1
    assert labels[5, 8] == labels[4, 7] == IGNORED
    assert labels[5, 9] == labels[3, 7] == 10


@pytest.mark.parametrize(
    ("size", "visible", "expected"),
    [
        (20, 1, {3, IGNORED, 10}),
        (15, 1, {IGNORED, 10}),
        (27, 1, {IGNORED, 10}),
        (10, 1, {10}),
        (40, 1, {10}),
        (20, 0.7, {IGNORED, 10}),
        (20, 0.3, {10}),
    ],
)
def test_other_sizes_and_cut_digits_are_nothing(size: float, visible: float, expected: set[int]) -> None:
    labels = label_positions(one_digit(50, 70, size, visible), find_centres(LAYERS), 10)
    assert set(labels.reshape(-1).tolist()) == expected


def test_neighbours_keep_their_own_positions() -> None:
    digits = np.array([[1, 50, 70, 20, 1], [2, 50, 74, 20, 1]], np.float32)
    labels = label_positions(digits, find_centres(LAYERS), 10)
    assert labels[8, 12:16].tolist() == [IGNORED, 1, 2, IGNORED]


def test_layers_that_cannot_slide_are_refused() -> None:
    with pytest.raises(UsageError, match="128"):
        find_centres("conv16,128")
    with pytest.raises(UsageError):
        find_centres("conv16x90/1,conv16x90/1")


def make_crops(line_images: np.ndarray, digits: np.ndarray) -> Crops:
    return Crops(line_images, digits, find_centres(LAYERS), classes=10)


def synthesise_parts(count: int) -> Crops:
    source, fonts = SourceImages(*sample_digits(), tuple("0123456789")), list_fonts("script")
    made = [synthesise_line(source, fonts, np.random.default_rng(i)) for i in range(count)]
    line_images, _, digits = map(np.array, zip(*made, strict=True))
    return make_crops(line_images, digits)


def test_training_on_parts_lowers_the_loss(tmp_path: Path) -> None:
    parts, row = synthesise_parts(24), make_recogniser(class_names=tuple("0123456789"))
    task = build_detector_task(make_detector(LAYERS, row).header, SMALL, parts, parts, row)
    first, second = train_network(task, SMALL, tmp_path / "one.npz").history
    assert second.loss < first.loss


def test_validation_is_on_the_middle_of_the_lines() -> None:
    line_images = np.random.default_rng(1).integers(0, 256, (3, *SHEET), np.uint8)
    digits = np.array([one_digit(8 + 38, 84 + 46 + along) for along in (0, 20, 0)])
    contrast, labels = make_crops(line_images, digits).slice(1, 3)
    assert labels[1, 5, 7] == 3
    assert (labels == 3).sum(axis=(1, 2)).tolist() == [1, 1]
    assert np.array_equal(labels, np.flip(make_crops(line_images, digits).slice(0, 2)[1], axis=0))
    assert np.array_equal(contrast, decode_contrast(line_images[1:, 8:80, 84:212]))


def test_input_is_the_local_contrast_of_either_sign() -> None:
    dark = np.full((20, *SHEET), ZERO - CONTRAST_STEPS, np.uint8)
    parts = make_crops(dark, np.repeat([one_digit(44, 148)], 20, axis=0))
    out = np.empty((20, *CROP), np.float32)
    labels = parts.take(np.arange(20), out, np.random.default_rng(1))
    assert labels.shape == parts.slice(0, 20)[1].shape
    assert set(np.sign(out.mean(axis=(1, 2)))) == {-1, 1}


@pytest.mark.parametrize(
    ("shares", "side", "low", "high"),
    [
        ((0, 0, 0), 6, 0.8, 1.25),
        ((1, 0, 0), 20, *OTHER_SCALES[0]),
        ((0, 1, 0), 6, *OTHER_SCALES[1]),
        ((0, 0, 1), 3, *OTHER_SCALES[2]),
    ],
)
def test_digits_move_and_grow_with_their_line(
    shares: tuple[float, ...], side: int, low: float, high: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.reader_training.positions.OTHER_SCALE_SHARES", shares)
    line_image, seen = np.full((30, 60), ZERO, np.uint8), 0
    line_image[5 : 5 + side, 20 : 20 + side] = 20
    for seed in range(40):
        contrast, digits = augment_crop(line_image, one_digit(5 + side / 2, 20 + side / 2), np.random.default_rng(seed))
        _, y, x, size, _ = digits[0]
        assert contrast.shape == CROP
        assert low <= size / 20 <= high
        reach = 0.75 * side * size / 20 + 2
        if reach < y < CROP[0] - reach and reach < x < CROP[1] - reach:
            found = np.argwhere(contrast < contrast.min() / 2).mean(axis=0) + 0.5
            np.testing.assert_allclose(found, [y, x], atol=0.8)
            seen += 1
    assert seen > 5


def make_positions(seed: int = 0) -> tuple[Any, Any]:
    generator = np.random.default_rng(seed)
    labels = np.full((6, 7, 3), 3)
    labels[2, 3], labels[4, 1, 0], labels[0] = 1, 0, -1
    return generator.normal(size=(4, 6, 7, 3)), labels


@pytest.mark.parametrize("name", LOSSES)
def test_gradient_at_positions_is_that_of_the_loss(name: str) -> None:
    logits, labels = make_positions()
    value, gradient = at_positions(LOSSES[name].function, logits, labels, 3)
    for index in [(1, 2, 3, 0), (0, 4, 1, 0), (3, 2, 3, 1), *np.argwhere(gradient != 0)[::17].tolist()]:
        shifted = np.zeros_like(logits)
        shifted[tuple(index)] = 1e-6
        above, below = (at_positions(LOSSES[name].function, logits + sign * shifted, labels, 3)[0] for sign in (1, -1))
        assert gradient[tuple(index)] == pytest.approx((above - below) / 2e-6, abs=1e-5)
    assert value > 0


def test_ignored_positions_do_not_count() -> None:
    logits, labels = make_positions()
    value, gradient = at_positions(cross_entropy, logits, labels, 3)
    assert (gradient[:, 0] == 0).all()
    logits[:, 0] = 1e3
    assert at_positions(cross_entropy, logits, labels, 3)[0] == value


def test_hardest_positions_with_nothing_count() -> None:
    labels = np.full((20, 20, 1), 3)
    labels[5, 5] = 0
    logits = np.zeros((4, 20, 20, 1))
    logits[3] = np.arange(400).reshape(20, 20, 1)
    _, gradient = at_positions(cross_entropy, logits, labels, 3)
    counted = np.flatnonzero((gradient != 0).any(axis=0).reshape(-1))
    assert counted.tolist() == [*range(PER_LABEL + PER_PICTURE), 105]
