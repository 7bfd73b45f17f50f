from pathlib import Path

import numpy as np
import pytest

from pipeline.composition.composing import compose
from pipeline.composition.signs import Glyphs
from pipeline.data.contrast import local_contrast
from pipeline.engine.errors import UsageError
from pipeline.training.epochs import train_network
from pipeline.training.positions import IGNORED, Pictures, find_centres, label_positions, make_pictures, move
from pipeline.training.recipe import Recipe
from tests.drawings import sample_digits

LAYERS = "conv6,conv12,conv12x3/1,conv12x3/1,conv12x3/1"
SMALL = Recipe(layers=LAYERS, learning_rate=0.01, batch_size=8, epochs=2)


def one_digit(y: float, x: float, size: float = 20, visible: float = 1) -> np.ndarray:
    return np.array([[3, y, x, size, visible], [-1, 0, 0, 0, 0]], np.float32)


def test_positions_near_a_centre_have_its_class() -> None:
    y, x = find_centres(LAYERS, (96, 160))
    assert (y.ravel().tolist(), x.tolist()) == (list(range(18, 75, 4)), list(range(18, 139, 4)))
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
    labels = label_positions(one_digit(50, 70, size, visible), find_centres(LAYERS, (96, 160)), 10)
    assert set(labels.reshape(-1).tolist()) == expected


def test_neighbours_keep_their_own_positions() -> None:
    digits = np.array([[1, 50, 70, 20, 1], [2, 50, 74, 20, 1]], np.float32)
    labels = label_positions(digits, find_centres(LAYERS, (96, 160)), 10)
    assert labels[8, 12:16].tolist() == [IGNORED, 1, 2, IGNORED]


def test_layers_that_cannot_slide_are_refused() -> None:
    with pytest.raises(UsageError, match="128"):
        find_centres("conv16,128", (96, 160))
    with pytest.raises(UsageError):
        find_centres("conv16x90/1,conv16x90/1", (96, 160))


def compose_pictures(count: int, seed: int = 0) -> Pictures:
    images, labels = sample_digits()
    glyphs = Glyphs(images, labels, tuple("0123456789"))
    made = [compose(glyphs, np.random.default_rng((seed, i))) for i in range(count)]
    return make_pictures(np.array([one for one, _ in made]), np.array([digits for _, digits in made]), LAYERS, 10)


def test_training_on_pictures_lowers_the_loss(tmp_path: Path) -> None:
    pictures = compose_pictures(24)
    first, second = train_network(SMALL, pictures, pictures, 11, tmp_path / "one.npz").history
    assert second.loss < first.loss


def test_input_is_the_local_contrast_of_either_sign() -> None:
    images = np.full((20, 96, 160), 200, np.uint8)
    images[:, 30:50, 90:110] = 0
    pictures = make_pictures(images, np.repeat([one_digit(40, 100)], 20, axis=0), LAYERS, 10)
    out = np.empty(images.shape, np.float32)
    labels = pictures.take(np.arange(20), out, np.random.default_rng(1))
    assert labels.shape == pictures.labels.shape
    assert set(np.sign(out[:, 36:44, 96:104].mean(axis=(1, 2)))) == {-1, 1}
    assert np.array_equal(pictures.slice(2, 4), local_contrast(images[2:4]))


@pytest.mark.parametrize("seed", range(5))
def test_digits_move_with_their_picture(seed: int) -> None:
    picture = np.full((96, 160), 200, np.uint8)
    picture[38:42, 98:102] = 0
    moved, digits = move(picture, one_digit(40, 100), np.random.default_rng(seed))
    y, x = np.argwhere(moved < 100).mean(axis=0) + 0.5
    np.testing.assert_allclose(digits[0, 1:3], [y, x], atol=0.8)
    assert digits[0, 3] != 20
    assert (digits[1] == np.array([-1, 0, 0, 0, 0])).sum() >= 1
