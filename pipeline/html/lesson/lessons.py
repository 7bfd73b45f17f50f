"""Training images with which the lesson trains a network in the page."""

import base64
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.data.scaling import Scaling
from pipeline.model.header import Header
from pipeline.model.model import Model

LEARNT, UNSEEN = 2000, 500  # images to learn from, and others to measure the accuracy on
SHADES = 15  # from black to white
DARK, BRIGHT = 32, 224  # pixels that become black and white: the shades at the edges of strokes need most of the room
MAX_CHARACTERS = 300_000  # of all images in the page
MIN_IMAGES = 100  # fewer teach nothing
LEARNER = "conv16,conv32"  # hidden layers of the network that the page trains


@dataclass(frozen=True)
class Lessons:
    """Images in random order, uint8 (n, h, w), their classes, uint8 (n,), and how many of them are learnt from."""

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    learnt: int


def choose_lessons(images: NDArray[np.uint8], labels: NDArray[np.integer[Any]]) -> Lessons | None:
    """Return training images, as many as the page has room for; None if these are too few to learn from.

    images: (n, h, w). labels: (n,).
    """
    order = np.random.default_rng(0).permutation(len(images))[: LEARNT + UNSEEN]
    while len(order) >= MIN_IMAGES:
        chosen = images[order]
        if len(encode_images(chosen)) <= MAX_CHARACTERS:
            return Lessons(chosen, labels[order].astype(np.uint8), len(order) * LEARNT // (LEARNT + UNSEEN))
        order = order[: len(order) // 2]
    return None


def make_image_header(model: Model) -> Header:
    """Return the header of the network that the page trains, for the images and classes of its model."""
    return Header(
        layers=LEARNER,
        activation="relu",
        loss="cross-entropy",
        scaling=Scaling(0, 1),  # it is trained on ink, which is 0 where nothing is drawn
        image_shape=model.image_shape,
        class_names=model.class_names,
        dataset=model.dataset,
        ink_statistics=model.ink_statistics,
    )


def encode_images(images: NDArray[np.uint8]) -> str:
    """Return images in 16 greys, two pixels a byte and the first in its higher bits, deflated and in base64."""
    shades = np.clip((images.reshape(-1) - float(DARK)) / (BRIGHT - DARK), 0, 1)
    codes = np.rint(np.pad(shades, (0, shades.size % 2)) * SHADES).astype(np.uint8).reshape(-1, 2)
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_FILTERED)
    return base64.b64encode(packer.compress((codes[:, 0] << 4 | codes[:, 1]).tobytes()) + packer.flush()).decode()
