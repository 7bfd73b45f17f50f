"""A network with each kind of layer, for the tests that iterate over all kinds and all formats."""

import math
from collections.abc import Callable, Mapping
from typing import TypeVar

from pipeline.network.notation import NOTATIONS

T = TypeVar("T")
HERE = "tests/pipeline/network/kinds.py"

# Hidden layers for images of 7 x 6 pixels or more, of each kind. A kind that is missing here fails `test_kinds.py`.
LAYERS = {
    "dense": ("6",),
    "conv": (
        *("conv3x3/1,5", "conv3x3x2/1x2,5", "conv3/1x2p2x1,conv4x1x3/2x1p0x1", "conv3x4/3p4x3,5"),
        *("conv3x3/1p1,conv3x3/1p1+,5", "conv2x1x3/1d2,conv2x1x3/1p0x3d3+", "conv1x3p1d2,conv1x1/1+,4"),
    ),
    "pool": ("conv3x2/1,pool3/2,5", "conv3x2/1p1,pool2x1,pool1x3/2x1"),
    "avgpool": ("conv3x2/1,avgpool3/2,5", "conv3x2/1p1,avgpool2x1,avgpool1x3/2x1"),
    "dropout": ("conv3x2/1,dropout0.2,pool2,6,dropout0.5,5", "conv3x3/1p1,dropout0.125"),
}
EXAMPLES = [text for texts in LAYERS.values() for text in texts]

# Each activation of one number.
BY_HAND: dict[str, Callable[[float], float]] = {
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "tanh": math.tanh,
    "relu": lambda x: max(x, 0.0),
    "gelu": lambda x: x / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
}


def look_up(examples: Mapping[str, T], name: str, what: str, place: str) -> T:
    """Return the example of a kind; fail with the place to add it."""
    assert name in examples, f"{name} has no {what}: add one to {place}"
    return examples[name]


def layers_of(kind: str) -> tuple[str, ...]:
    """Return lists of hidden layers that include the kind, with all that its notation can say."""
    look_up(NOTATIONS, kind, "notation", "NOTATIONS in pipeline/network/notation.py")
    return look_up(LAYERS, kind, "example", f"LAYERS in {HERE}")


def by_hand(activation: str) -> Callable[[float], float]:
    """Return the activation of one number."""
    return look_up(BY_HAND, activation, "function of one number", f"BY_HAND in {HERE}")
