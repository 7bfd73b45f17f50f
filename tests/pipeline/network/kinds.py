"""A network with each kind of layer, for the tests that iterate over all kinds and all formats."""

import math
from collections.abc import Callable

from pipeline.network import notation
from pipeline.network.layers import KINDS
from pipeline.network.notation import NOTATIONS

# Hidden layers for images of 7 x 6 pixels or more. A kind that is missing here fails `test_kinds.py`.
LAYERS = {
    "dense": "6",
    "conv": "conv3x3/1,5",
    "pool": "conv3x2/1,pool3/2,5",
}

# Each activation of one number.
BY_HAND: dict[str, Callable[[float], float]] = {
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "tanh": math.tanh,
    "relu": lambda x: max(x, 0.0),
}


def layers_of(kind: str) -> str:
    """Return hidden layers that include the kind. Raises KeyError with the place to add it."""
    if kind not in NOTATIONS:
        raise KeyError(f"the layer kind {kind} has no notation: add one to NOTATIONS in {notation.__file__}")
    if kind not in LAYERS:
        raise KeyError(f"no example of the layer kind {KINDS[kind].__name__}: add one to {__file__}")
    return LAYERS[kind]
