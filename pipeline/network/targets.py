"""Kinds of targets: what the images of a training set are labelled with. All kinds are here."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from pipeline.network.activations import Array
from pipeline.network.architecture import slide
from pipeline.network.layers import Layer
from pipeline.network.losses import Labels, Loss, at_positions


@dataclass(frozen=True)
class TargetKind:
    """All that training needs to know about a kind of targets. Labels have the images on their last axis, as logits do.

    arrange: called with the layers for one window, and (height, width) of the images; returns the layers to train.
    adapt: returns the loss for these labels, given the loss for one label per image. count_correct: called with logits
    and labels; returns the number of images whose targets are all predicted.
    """

    arrange: Callable[[tuple[Layer, ...], tuple[int, int]], tuple[Layer, ...]]
    adapt: Callable[[Loss], Loss]
    count_correct: Callable[[Array, Labels], int]


def count_correct(logits: Array, labels: Labels) -> int:
    """Return the number of images whose label, (n,), has the largest logit, (classes, n)."""
    return int(np.count_nonzero(logits.argmax(axis=0) == labels))


def count_correct_pictures(logits: Array, labels: Labels) -> int:
    """Return the number of pictures in which every position is right or has a negative label, which is ignored.

    logits: (classes, rows, columns, n). labels: (rows, columns, n).
    """
    return int(np.count_nonzero(((logits.argmax(axis=0) == labels) | (labels < 0)).all(axis=(0, 1))))


# A class for each image, (n,).
CLASSES = TargetKind(lambda layers, shape: layers, lambda loss: loss, count_correct)
# A class for each position of a network that is slid over pictures, (rows, columns, n).
POSITIONS = TargetKind(slide, lambda loss: partial(at_positions, loss), count_correct_pictures)
