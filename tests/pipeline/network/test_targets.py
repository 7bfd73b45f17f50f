import numpy as np

from pipeline.network.architecture import build_layers
from pipeline.network.targets import CLASSES, POSITIONS


def test_largest_logit_is_the_prediction() -> None:
    logits = np.array([[0.1, 3.0, -1.0], [0.3, 2.0, -2.0]])
    assert CLASSES.count_correct(logits, np.array([1, 0, 1])) == 2


def test_picture_is_correct_if_all_its_positions_are() -> None:
    labels = np.array([[[0, 1, 2]], [[2, -1, 2]]])  # two rows, one column, three pictures
    logits = np.zeros((3, 2, 1, 3))
    logits[0, 0, 0, 0] = logits[2, 1, 0, 0] = 1  # right, right
    logits[1, 0, 0, 1] = logits[0, 1, 0, 1] = 1  # right, ignored
    logits[2, 0, 0, 2] = logits[1, 1, 0, 2] = 1  # right, wrong
    assert POSITIONS.count_correct(logits, labels) == 2


def test_only_positions_are_slid_over() -> None:
    layers = build_layers("conv4", "relu", (5, 5), 3)
    assert CLASSES.arrange(layers, (9, 11)) == layers
    assert POSITIONS.arrange(layers, (9, 11))[-1].output_shape == (3, 3, 4)
