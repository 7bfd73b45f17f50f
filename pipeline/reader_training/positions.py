"""Crops of line images over which a network is slid, with a label for each of its positions.

A position has the class of the digit that is centred there, the label after the last class if nothing is, or IGNORED
near a centre and for digits whose size is at the limit, where both would be right.
"""

import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.data.dataset import load_description
from pipeline.data.scaling import Scaling
from pipeline.engine.errors import UsageError
from pipeline.engine.float_arrays import Array
from pipeline.model.header import Header
from pipeline.model.model import Detector, Recogniser
from pipeline.network.architecture import build_layers, find_window, slide
from pipeline.network.gradient_descent import Indices
from pipeline.network.losses import LOSSES, Labels, LossFunction, count_correct
from pipeline.pictures.contrast import BOX, READ_SIZES, local_contrast
from pipeline.reader.rows.labels import ZERO, decode_contrast, load_line_part
from pipeline.training.recipe import Recipe
from pipeline.training.task import Task, make_header

IGNORED = -1
LABELLED, EMPTY = 2.9, 5.0  # pixels from a centre: within which it has the class, and beyond which there is nothing
DIGIT_SIZES = (0.68, 1.5)  # beyond which a digit is nothing, since another level of the pyramid shows it
VISIBLE_SHARES = (0.6, 0.85)  # part of a digit within the picture: below it is nothing, above it has its class
CROP = 72, 128  # pixels of a part
# How parts of line images are changed each time they are shown: standard deviations of the angle in radians, of the
# logarithms of the scale and of width by height, and of the shear in x per y; largest noise in units of local contrast.
ANGLE, CROP_SCALE, CROP_STRETCH, SHEAR, CONTRAST_NOISE = 0.05, 0.07, 0.05, 0.06, 0.15
# Ranges of the scales of parts as on other levels of the pyramid, their shares, and by what factors a picture at that
# scale is sharper than a line image that is enlarged.
OTHER_SCALES, OTHER_SCALE_SHARES, SHARPER = ((0.15, 0.6), (1.6, 3.2), (3.2, 8)), (0.08, 0.1, 0.06), (1, 8)
PER_LABEL, PER_PICTURE = 3, 8  # positions with nothing that count in the loss

# Centres of the windows of all positions: y (rows, 1) and x (columns,).
Centres = tuple[NDArray[np.floating[Any]], NDArray[np.floating[Any]]]


def find_centres(layers: str) -> Centres:
    """Return the centres of the windows that a network classifies in a part of a line image: y (rows, 1), x (columns,).

    layers: the notation of its hidden layers. Raises UsageError if a layer cannot slide, or if the window is larger
    than the part.
    """
    window = find_window(layers)
    moved = slide(build_layers(layers, "relu", window, 1), CROP)
    sizes, step = moved[-1].output_shape[1:], math.prod(layer.stride[0] for layer in moved)
    if min(sizes) < 1:
        raise UsageError(
            f"the window of {layers} is {window[0]} pixels a side, larger than the {CROP[0]}-pixel parts of lines: "
            "use fewer or smaller layers"
        )
    y, x = ((window[0] - 1) / 2 + step * np.arange(size) for size in sizes)
    return y[:, np.newaxis], x


@dataclass(frozen=True, eq=False)
class Crops:
    """Parts of line images with their digits: `Examples` of a network that is slid over pictures.

    images: line images from the stage `lines`, uint8 (n, *SHEET); a random part is drawn each time that one is shown.
    labels: the digits of the line images, float32 (n, MAX_DIGITS, 5), from which the labels of positions, (n, rows,
    columns), follow. centres: the centres of the positions. classes: their number.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.float32]
    centres: Centres
    classes: int

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: Indices, out: Array, generator: np.random.Generator) -> Labels:
        """Write the local contrast of parts of the line images with these indices to `out`; return the labels.

        Each part is turned, scaled and sheared a little, a few are scaled a lot, some noise is added, and dark ink
        becomes light ink in half of them.
        """
        labels = []
        for i, index in enumerate(indices.tolist()):
            out[i], digits = augment_crop(self.images[index], self.labels[index], generator)
            labels.append(label_positions(digits, self.centres, self.classes))
        out += generator.uniform(0, CONTRAST_NOISE, (len(indices), 1, 1)) * generator.standard_normal(
            out.shape, np.float32
        )
        out *= generator.choice([-1, 1], (len(indices), 1, 1))
        return np.array(labels)

    def slice(self, start: int, stop: int) -> tuple[Array, Labels]:
        """Return the local contrast in the middle of line images `start` to `stop`, unchanged, and its labels."""
        top, left = np.subtract(self.images.shape[1:], CROP) // 2
        contrast = decode_contrast(self.images[start:stop, top : top + CROP[0], left : left + CROP[1]])
        digits = self.labels[start:stop] - np.array([0, top, left, 0, 0], np.float32)
        return contrast, np.array([label_positions(each, self.centres, self.classes) for each in digits])


def make_detector_task(lines: Path, recipe: Recipe, row: Recogniser) -> Task[Detector]:
    """Return the task to find digits: the line images of an artifact of `lines`, with a label for each position.

    row: the recogniser, with which the trained one is joined. Raises PipelineError if a file is missing or
    damaged, UsageError as `find_centres` does.
    """
    description, centres = load_description(lines), find_centres(recipe.layers)
    header = make_header(
        recipe,
        description,
        scaling=Scaling(0.0, 1.0),
        image_shape=find_window(recipe.layers),
        negative_class=True,
        row=row.header,
    )
    classes = len(description.class_names)
    training, validation = (
        Crops(*load_line_part(lines, part, "digits"), centres, classes) for part in ("train", "validation")
    )
    return build_detector_task(header, recipe, training, validation, row)


def build_detector_task(
    header: Header, recipe: Recipe, training: Crops, validation: Crops, row: Recogniser
) -> Task[Detector]:
    """Return the task to find digits in parts of line images, over which the layers of the header are slid."""
    loss = partial(at_positions, partial(LOSSES[recipe.loss].function, label_smoothing=recipe.label_smoothing))
    return Task(
        header=header,
        layers=slide(header.make_layers(), CROP),
        training=training,
        validation=validation,
        loss=lambda progress: loss,
        count_correct=count_correct,
        counted=header.outputs,
        build=partial(Detector.of, row=row),
    )


def augment_crop(
    line_image: NDArray[np.uint8], digits: NDArray[np.float32], generator: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the local contrast of a part of a line image, changed at random, and its digits, (m, 5).

    The part is turned, scaled, stretched and sheared. Beyond the line image there is no contrast.
    """
    angle, scale = generator.normal(0, ANGLE), math.exp(np.clip(generator.normal(0, CROP_SCALE), -0.2, 0.2))
    kind = int(np.searchsorted(np.cumsum(OTHER_SCALE_SHARES), generator.random(), side="right"))
    if kind < len(OTHER_SCALE_SHARES):
        scale = math.exp(generator.uniform(*np.log(OTHER_SCALES[kind])))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])  # of (x, y)
    stretch = math.exp(generator.normal(0, CROP_STRETCH) / 2)
    turned = scale * turn @ np.array([[stretch, generator.normal(0, SHEAR)], [0, 1 / stretch]])
    size, target = np.array(line_image.shape[::-1]), np.array(CROP[::-1]) / 2
    room = np.maximum(size - np.array(CROP[::-1]) / scale, (4, 8)) / 2
    centre = size / 2 + generator.uniform(-room, room)
    inverse = np.linalg.inv(turned)
    offset = centre - inverse @ target
    moved = Image.fromarray(line_image).transform(
        CROP[::-1],
        Image.Transform.AFFINE,
        (*inverse[0], offset[0], *inverse[1], offset[1]),
        Image.Resampling.BILINEAR,
        fillcolor=ZERO,
    )
    contrast = decode_contrast(np.asarray(moved))
    if kind < len(OTHER_SCALE_SHARES):
        contrast = local_contrast(100 * np.tanh(generator.uniform(*SHARPER) * contrast / 2))
    changed = digits.copy()
    changed[:, [2, 1]] = (digits[:, [2, 1]] - centre) @ turned.T + target
    changed[:, 3] *= scale
    return contrast, changed


def label_positions(digits: NDArray[np.float32], centres: Centres, classes: int) -> NDArray[np.int16]:
    """Return the label of each position, (rows, columns).

    digits: (m, 5) with label, centre y and x, longer side and visible part of each; rows with a negative label are
    unused.
    """
    y, x = centres
    labels = np.full((len(y), len(x)), classes, np.int16)
    nearest = np.full(labels.shape, np.inf)
    for label, centre_y, centre_x, size, visible in digits[digits[:, 0] >= 0].astype(float).tolist():
        if visible < VISIBLE_SHARES[0] or not DIGIT_SIZES[0] <= size / BOX <= DIGIT_SIZES[1]:
            continue
        away = np.hypot(y - centre_y, x - centre_x)
        is_read = READ_SIZES[0] <= size / BOX <= READ_SIZES[1] and visible >= VISIBLE_SHARES[1]
        closer = away < np.minimum(nearest, EMPTY)
        labels[closer] = np.where(away[closer] < LABELLED, label, IGNORED) if is_read else IGNORED
        nearest = np.minimum(nearest, away)
    return labels


def at_positions(loss: LossFunction, logits: Array, labels: Labels, count: int) -> tuple[float, Array]:
    """Return a loss, summed over some positions of each picture and divided by `count` pictures, and its gradient.

    logits: (classes, rows, columns, n), the last class being that of nothing. labels: (rows, columns, n); positions
    with a negative label are ignored. Positions with nothing are far more frequent than others, and most of them are
    easy. Therefore, only the least certain ones count: up to PER_LABEL for each position with a class, and PER_PICTURE
    more for each picture. (Shrivastava, Gupta & Girshick 2016)
    """
    z, y = logits.reshape(len(logits), -1), labels.reshape(-1)
    classes, nothing = np.flatnonzero((y >= 0) & (y < len(z) - 1)), np.flatnonzero(y == len(z) - 1)
    most = PER_LABEL * len(classes) + PER_PICTURE * labels.shape[-1]
    if most < len(nothing):
        certainty = z[-1, nothing] - z[:-1, nothing].max(axis=0)
        nothing = nothing[np.argpartition(certainty, most)[:most]]
    counted = np.concatenate([classes, nothing])
    value, gradient = loss(z[:, counted], y[counted], count)
    dz = np.zeros_like(z)
    dz[:, counted] = gradient
    return value, dz.reshape(logits.shape)
