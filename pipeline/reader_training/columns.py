"""Line images: the target is a text, and in the first part of a run a symbol for each column."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.dataset import load_description
from pipeline.data.scaling import Scaling
from pipeline.engine.float_arrays import Array
from pipeline.model.header import EXTRA, Header
from pipeline.model.model import Recogniser
from pipeline.network.gradient_descent import Indices
from pipeline.network.losses import Labels, log_softmax
from pipeline.reader.rows.ctc import ctc, read_greedily
from pipeline.reader.rows.labels import (
    LINE_IMAGE_HEIGHT,
    LINE_IMAGE_WIDTH,
    LINE_MARGIN,
    NO_LABEL,
    OTHER_WRITING,
    OUTER,
    SPACE,
    decode_contrast,
    load_line_part,
)
from pipeline.training.recipe import Recipe
from pipeline.training.task import Task, make_header

BY_COLUMN = 0.25  # part of a run that begins with random weights in which each column has a label
AROUND_CENTRE = 7  # pixels from the centre of a digit or a space in which only the column at the centre has a weight
SPACE_WEIGHT, OTHER_WEIGHT, BLANK_WEIGHT = 0.5, 0.3, 0.5  # of a column in the loss; that of a class is 1
VISIBLE_WIDTH = (
    12  # pixels: what is cut by an edge belongs to the text if as much of it, or half, is within the line image
)
# How line images are changed each time they are shown: largest stretch and shrinkage along the row, and the largest
# standard deviation of the noise, in units of local contrast.
STRETCHED_LENGTHS, CONTRAST_NOISE = (0.88, 1.14), 0.15


@dataclass(frozen=True, eq=False)
class LineImages:
    """Line images with their labels: `Examples` of a recogniser.

    images: uint8 (n, LINE_IMAGE_HEIGHT + 2 LINE_MARGIN, LINE_IMAGE_WIDTH or more), the inner rows of line images from
    the stage `lines`. labels: float32 (n, MAX_LABELS, 3); see `pipeline.reader.rows.labels`. `move_labels` derives from
    them the labels of what the network sees.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: Indices, out: Array, generator: np.random.Generator) -> Labels:
        """Write the local contrast of the line images with these indices to `out`; return their labels.

        Each is moved up or down and stretched along the row, gets some noise, and dark ink becomes light ink in
        half of them.
        """
        labels = []
        for i, index in enumerate(indices.tolist()):
            top, factor = generator.integers(2 * LINE_MARGIN + 1), np.exp(generator.uniform(*np.log(STRETCHED_LENGTHS)))
            out[i] = stretch(self.images[index, top : top + LINE_IMAGE_HEIGHT], factor)
            labels.append(move_labels(self.labels[index], self.images.shape[2], factor))
        out *= generator.choice([-1, 1], (len(indices), 1, 1))
        out += generator.uniform(0, CONTRAST_NOISE, (len(indices), 1, 1)) * generator.standard_normal(
            out.shape, np.float32
        )
        return np.array(labels)

    def slice(self, start: int, stop: int) -> tuple[Array, Labels]:
        """Return the local contrast of the line images from `start` to `stop`, unchanged, and their labels."""
        width = self.images.shape[2]
        side = (width - LINE_IMAGE_WIDTH) // 2
        contrast = decode_contrast(
            self.images[start:stop, LINE_MARGIN : LINE_MARGIN + LINE_IMAGE_HEIGHT, side : side + LINE_IMAGE_WIDTH]
        )
        return contrast, np.array([move_labels(each, width, 1.0) for each in self.labels[start:stop]])


def make_recogniser_task(lines: Path, recipe: Recipe, begun: Recogniser | None = None) -> Task[Recogniser]:
    """Return the task to read rows: the line images of an artifact of `lines`, whose texts are compared.

    begun: a network to go on from; without one, each column has a label in the first part of the run. Raises
    PipelineError if a file is missing or damaged.
    """
    description = load_description(lines)
    header = make_header(
        recipe,
        description,
        scaling=Scaling(0.0, 1.0),
        image_shape=(LINE_IMAGE_HEIGHT, LINE_IMAGE_WIDTH),
        by_column=True,
    )
    training, validation = (load_lines(lines, part) for part in ("train", "validation"))
    return build_recogniser_task(
        header, training, validation, 0.0 if begun else BY_COLUMN, begun.parameters[0] if begun else None
    )


def build_recogniser_task(
    header: Header, training: LineImages, validation: LineImages, by_column: float, initial: Array | None = None
) -> Task[Recogniser]:
    """Return the task to read line images. by_column: the first part of the run, in which each column has a label."""
    return Task(
        header=header,
        layers=header.make_layers(),
        training=training,
        validation=validation,
        loss=lambda progress: column_loss if progress < by_column else text_loss,
        count_correct=count_texts,
        counted=header.outputs,
        build=Recogniser.of,
        initial=initial,
    )


def load_lines(folder: Path, part: str) -> LineImages:
    """Return line images that the stage `lines` has written. Raises PipelineError if a file is missing or damaged."""
    images, labels = load_line_part(folder, part, "labels")
    return LineImages(images[:, OUTER:-OUTER], labels)


def count_texts(logits: Array, labels: Labels) -> int:
    """Return the number of line images whose text is read greedily. labels: (MAX_LABELS, 3, n)."""
    texts = [tuple(read_labels(each).tolist()) for each in np.moveaxis(labels, -1, 0)]
    return sum(found.text == text for found, text in zip(read_greedily(logits[:, 0]), texts, strict=True))


def read_labels(labels: NDArray[Any]) -> NDArray[np.intp]:
    """Return the text of a line image: the symbols of its labels, (MAX_LABELS, 3), in order."""
    return np.asarray(labels[labels[:, 0] != NO_LABEL, 0], np.intp)


def stretch(line_image: NDArray[np.uint8], factor: float) -> NDArray[np.float32]:
    """Return the contrast of a line image, (LINE_IMAGE_HEIGHT, LINE_IMAGE_WIDTH), stretched about its centre."""
    width = line_image.shape[1]
    x = np.clip((np.arange(LINE_IMAGE_WIDTH) + 0.5 - LINE_IMAGE_WIDTH / 2) / factor + width / 2 - 0.5, 0, width - 1.001)
    left = x.astype(np.intp)
    contrast, right = decode_contrast(line_image), (x - left).astype(np.float32)
    return np.asarray(contrast[:, left] * (1 - right) + contrast[:, left + 1] * right)


def move_labels(labels: NDArray[np.float32], width: int, factor: float) -> NDArray[np.int16]:
    """Return the labels of a line image, (MAX_LABELS, 3), after `stretch`, without those that are cut off.

    width: of the line image before it is stretched.
    """
    used = labels[labels[:, 0] != NO_LABEL]
    edges = LINE_IMAGE_WIDTH / 2 + factor * (used[:, 1:] - width / 2)
    visible = np.minimum(edges[:, 1], LINE_IMAGE_WIDTH) - np.maximum(edges[:, 0], 0)
    kept = visible >= np.minimum(VISIBLE_WIDTH, np.ptp(edges, axis=1) / 2)
    moved = np.full(labels.shape, NO_LABEL, np.int16)
    moved[: np.count_nonzero(kept)] = np.rint(np.column_stack([used[kept, 0], edges[kept]]))
    return moved


def text_loss(logits: Array, labels: Labels, count: int) -> tuple[float, Array]:
    """Return the loss of CTC, divided by `count` line images, and its gradient.

    logits: (outputs, 1, columns, n). labels: (MAX_LABELS, 3, n).
    """
    longest = np.count_nonzero((labels[:, 0] != NO_LABEL).any(axis=1))
    value, gradient = ctc(logits[:, 0], labels[:longest, 0], count)
    return value, gradient[:, np.newaxis]


def column_loss(logits: Array, labels: Labels, count: int) -> tuple[float, Array]:
    """Return the summed cross-entropy of the labelled columns, divided by `count` line images, and its gradient.

    logits: (outputs, 1, columns, n). labels: (MAX_LABELS, 3, n).
    """
    z = logits[:, 0]
    targets, weights = label_columns(labels, z.shape[1], len(z))
    log_p = log_softmax(z)
    is_label = np.arange(len(z))[:, np.newaxis, np.newaxis] == targets
    weights = (weights / count).astype(z.dtype)
    value = -np.vdot(weights, log_p.max(axis=0, where=is_label, initial=-np.inf))
    return float(value), ((np.exp(log_p) - is_label) * weights)[:, np.newaxis]


def label_columns(labels: Labels, columns: int, outputs: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the label of each column and its weight in the loss, both (columns, n).

    A digit or a space labels only the column at its centre, and the columns beside it have weight 0. Other writing
    labels every column that it covers.
    """
    blank, classes = outputs - 1, outputs - EXTRA
    x = (np.arange(columns)[:, np.newaxis] + 0.5) * (LINE_IMAGE_WIDTH / columns)
    targets = np.full((columns, labels.shape[-1]), blank, np.intp)
    weights = np.full(targets.shape, BLANK_WEIGHT)
    signs = [
        (symbol, left, right, symbol == classes + OTHER_WRITING) for symbol, left, right in labels if symbol.max() >= 0
    ]
    for symbol, left, right, is_other in signs:
        inside = is_other & (left <= x) & (x < right)
        targets[:] = np.where(inside, symbol, targets)
        weights[inside] = OTHER_WEIGHT
        weights[(symbol >= 0) & ~is_other & (np.abs(x - (left + right) / 2) < AROUND_CENTRE)] = 0
    for symbol, left, right, is_other in signs:
        (line_images,) = np.nonzero((symbol >= 0) & ~is_other)
        middles = (left[line_images].astype(np.intp) + right[line_images]) / 2
        centres = np.clip(middles * columns // LINE_IMAGE_WIDTH, 0, columns - 1).astype(np.intp)
        targets[centres, line_images] = symbol[line_images]
        weights[centres, line_images] = np.where(symbol[line_images] == classes + SPACE, SPACE_WEIGHT, 1.0)
    return targets, weights
