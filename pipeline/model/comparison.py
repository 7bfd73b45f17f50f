"""A small dense network to compare convolutional networks with: `mlp` with one hidden layer of 64 units.

`make pretrained` trains it on MNIST with the augmentation of `standard`, so it has seen the same shifts.
"""

from pathlib import Path

from pipeline.model.model import Model
from pipeline.model.safetensors import load_safetensors

DENSE = Path(__file__).parent / "pretrained" / "dense.safetensors"
SHAPE = (28, 28)  # of its images
CLASS_NAMES = tuple("0123456789")


def load_dense(model: Model) -> Model | None:
    """Return the dense network if `model` is convolutional and for ten digits in 28 x 28 pixels, otherwise None."""
    comparable = model.is_convolutional and model.image_shape == SHAPE and model.class_names == CLASS_NAMES
    return load_safetensors(DENSE) if comparable else None
