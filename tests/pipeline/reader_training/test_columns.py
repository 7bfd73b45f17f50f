from pathlib import Path

import numpy as np
import pytest

from pipeline.engine.errors import PipelineError
from pipeline.model.header import EXTRA
from pipeline.model.model import Recogniser
from pipeline.network.losses import LossFunction
from pipeline.reader.rows.labels import (
    LINE_IMAGE_HEIGHT,
    LINE_IMAGE_WIDTH,
    LINE_MARGIN,
    MAX_LABELS,
    NO_LABEL,
    OUTER,
    SEPARATORS,
    SHEET,
    SIDE,
    encode_contrast,
)
from pipeline.reader_training.columns import (
    LineImages,
    build_recogniser_task,
    column_loss,
    count_texts,
    label_columns,
    load_lines,
    move_labels,
    stretch,
    text_loss,
)
from pipeline.training.epochs import train_network
from pipeline.training.recipe import Recipe
from pipeline.training.task import Task
from tests.pipeline.models import make_recogniser

CLASSES, SPACE, OTHER = 10, 10, 11
BLANK = CLASSES + EXTRA - 1
COLUMNS, LONG = LINE_IMAGE_WIDTH // 2, LINE_IMAGE_WIDTH + 2 * SIDE
SMALL = Recipe(layers="conv4x5/8x2p2,conv8x5x3/1p0x1", batch_size=4, epochs=4, learning_rate=0.01)


def make_labels(*signs: tuple[int, float, float]) -> np.ndarray:
    labels = np.full((MAX_LABELS, 3), NO_LABEL, np.float32)
    labels[: len(signs)] = np.reshape(signs, (-1, 3))
    return labels


def in_batch(*signs: tuple[int, float, float]) -> np.ndarray:
    """The labels of one line image, as the losses take them."""
    return make_labels(*signs).astype(np.int16)[:, :, np.newaxis]


def test_the_outputs_besides_the_classes_are_the_symbols_and_the_blank() -> None:
    assert sorted([BLANK - CLASSES, SPACE - CLASSES, OTHER - CLASSES, *SEPARATORS.values()]) == list(range(EXTRA))


@pytest.mark.parametrize("centre", [20, 100, 236])
def test_a_digit_labels_the_column_at_its_centre_and_those_beside_it_have_no_weight(centre: int) -> None:
    labels, weights = label_columns(in_batch((7, centre - 10, centre + 10)), COLUMNS, CLASSES + EXTRA)
    column = centre // 2
    assert np.flatnonzero(labels[:, 0] != BLANK).tolist() == [column]
    assert (labels[column, 0], weights[column, 0]) == (7, 1)
    assert set(np.flatnonzero(weights[:, 0] == 0)) == set(range(column - 3, column + 3)) - {column}
    assert 0 < weights[60, 0] < 1


def test_neighbours_that_touch_keep_their_columns() -> None:
    labels, weights = label_columns(in_batch((1, 90, 98), (2, 98, 106)), COLUMNS, CLASSES + EXTRA)
    assert [labels[47, 0], labels[51, 0]] == [1, 2]
    assert weights[47, 0] == weights[51, 0] == 1


def test_a_space_has_the_middle_of_the_gap_and_other_writing_all_of_its_columns() -> None:
    labels = in_batch((1, 10, 20), (SPACE, 20, 60), (2, 60, 70), (OTHER, 100, 160))
    labels, weights = label_columns(labels, COLUMNS, CLASSES + EXTRA)
    assert np.flatnonzero(labels[:, 0] == SPACE).tolist() == [20]
    assert np.flatnonzero(labels[:, 0] == OTHER).tolist() == list(range(50, 80))
    assert (weights[50:80] > 0).all()


def test_line_images_of_a_batch_have_labels_of_their_own() -> None:
    one, other = in_batch((3, 50, 60)), in_batch((OTHER, 0, 40), (5, 70, 90))
    together = label_columns(np.concatenate([one, other], axis=-1), COLUMNS, CLASSES + EXTRA)
    for i, labels in enumerate((one, other)):
        alone = label_columns(labels, COLUMNS, CLASSES + EXTRA)
        assert all(np.array_equal(a[:, [i]], b) for a, b in zip(together, alone, strict=True))


@pytest.mark.parametrize("loss", [column_loss, text_loss])
def test_gradient_is_that_of_the_loss_and_parts_add_up(loss: LossFunction) -> None:
    generator = np.random.default_rng(1)
    logits = generator.standard_normal((CLASSES + EXTRA, 1, COLUMNS, 2))
    labels = np.concatenate([in_batch((3, 50, 60), (SPACE, 60, 99), (3, 99, 120)), in_batch((OTHER, 0, 40))], axis=-1)
    value, gradient = loss(logits, labels, 2)
    direction = generator.standard_normal(logits.shape)
    nearby = [loss(logits + step * direction, labels, 2)[0] for step in (1e-5, -1e-5)]
    assert np.vdot(gradient, direction) == pytest.approx((nearby[0] - nearby[1]) / 2e-5, rel=1e-6)
    parts = [loss(logits[..., [i]], labels[..., [i]], 2) for i in range(2)]
    assert sum(part[0] for part in parts) == pytest.approx(value)
    np.testing.assert_allclose(np.concatenate([part[1] for part in parts], axis=-1), gradient)


def test_validation_lines_have_their_own_labels_and_files_of_other_lengths_are_refused(tmp_path: Path) -> None:
    line_images = np.random.default_rng(1).integers(0, 256, (3, *SHEET), np.uint8)
    labels = np.array([make_labels((symbol, 180, 200)) for symbol in (4, 5, 6)])
    np.save(tmp_path / "one-lines.npy", line_images)
    np.save(tmp_path / "one-labels.npy", labels)
    contrast, found = load_lines(tmp_path, "one").slice(1, 3)
    inside = line_images[
        1:, OUTER + LINE_MARGIN : OUTER + LINE_MARGIN + LINE_IMAGE_HEIGHT, SIDE : SIDE + LINE_IMAGE_WIDTH
    ]
    assert np.array_equal(encode_contrast(contrast), inside)
    assert found[:, 0, 0].tolist() == [5, 6]
    np.save(tmp_path / "one-labels.npy", labels[:2])
    with pytest.raises(PipelineError):
        load_lines(tmp_path, "one")


def test_stretch_moves_ink_and_labels_alike() -> None:
    line_image = np.full((LINE_IMAGE_HEIGHT, LONG), 128, np.uint8)
    line_image[:, 180:200] = 200
    labels = make_labels((4, 180, 200))
    for factor in (0.88, 1.0, 1.14):
        (symbol, left, right), *_ = move_labels(labels, LONG, factor).tolist()
        inked = np.flatnonzero(stretch(line_image, factor)[0] > 1)
        assert symbol == 4
        assert abs(inked[0] - left) <= 1
        assert abs(inked[-1] + 1 - right) <= 1


def test_what_is_cut_off_is_no_part_of_the_text() -> None:
    labels = make_labels((OTHER, 0, SIDE + 8), (1, 100, 110), (OTHER, 250, LONG))
    assert move_labels(labels, LONG, 1.0)[:, 0].tolist()[:3] == [1, OTHER, NO_LABEL]


def test_texts_are_counted_that_are_read_without_an_error() -> None:
    logits = np.zeros((CLASSES + EXTRA, 1, COLUMNS, 2))
    logits[BLANK] = 1
    logits[7, 0, 10:12, 0] = 5
    labels = np.concatenate([in_batch((7, 20, 30)), in_batch((7, 20, 30))], axis=-1)
    assert count_texts(logits, labels) == 1


def make_bars(by_column: float, initial: np.ndarray | None = None) -> Task[Recogniser]:
    """Bars at four heights, from which a small network can learn in seconds."""
    generator = np.random.default_rng(1)
    contrast = 0.3 * generator.standard_normal((32, LINE_IMAGE_HEIGHT + 2 * LINE_MARGIN, LONG))
    labels = []
    for line_image in contrast:
        left = generator.integers(60, 80)
        signs = [(int(generator.integers(4)), x, x + 12) for x in range(left, 220, 40)]
        for symbol, start, end in signs:
            line_image[8 * symbol + 4 : 8 * symbol + 12, start:end] += 4
        labels.append(make_labels(*signs))
    line_images = LineImages(encode_contrast(contrast), np.array(labels))
    row = make_recogniser(SMALL.layers, (LINE_IMAGE_HEIGHT, LINE_IMAGE_WIDTH), class_names=tuple("0123456789"))
    return build_recogniser_task(row.header, line_images, line_images, by_column, initial)


def test_both_parts_of_a_run_resume_to_the_bit(tmp_path: Path) -> None:
    task = make_bars(by_column=0.5)

    def train(file: str, stop_after: int | None = None) -> np.ndarray:
        def stop(progress: object) -> None:
            if stop_after and (epoch := getattr(progress, "epoch", None)) and epoch.number == stop_after:
                raise KeyboardInterrupt

        return train_network(task, SMALL, tmp_path / file, stop).flat

    whole = train("whole.npz")
    for after in (1, 3):  # in each part
        with pytest.raises(KeyboardInterrupt):
            train(f"{after}.npz", after)
        assert np.array_equal(train(f"{after}.npz"), whole)


def test_a_run_goes_on_from_given_parameters(tmp_path: Path) -> None:
    first = train_network(make_bars(by_column=0.25), SMALL, tmp_path / "first.npz")
    second = train_network(make_bars(by_column=0.0, initial=first.flat), SMALL, tmp_path / "second.npz")
    assert second.history[-1].loss < first.history[-1].loss
