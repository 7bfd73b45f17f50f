from functools import partial

import numpy as np
import pytest

from pipeline.network.losses import cross_entropy
from pipeline.network.network import forward
from pipeline.network.optimizers import sgd
from pipeline.network.training import count_correct, shuffled_batches, train_epoch
from tests.pipeline.networks import make_examples, make_network


def test_the_largest_logit_is_the_prediction() -> None:
    logits = np.array([[0.1, 3.0, -1.0], [0.3, 2.0, -2.0]])
    assert count_correct(logits, np.array([1, 0, 1])) == 2


def test_batches_are_all_images_once_in_random_order_and_the_last_has_the_rest() -> None:
    batches = list(shuffled_batches(10, 4, np.random.default_rng(0)))
    assert [len(batch) for batch in batches] == [4, 4, 2]
    order = np.concatenate(batches).tolist()
    assert sorted(order) == list(range(10)) != order


@pytest.mark.parametrize("layers", ["24,24", "conv6x3/2,24"])
def test_epochs_of_plain_descent_learn_a_small_batch_by_heart(layers: str) -> None:
    network = make_network(layers, (6, 6), 3, bias_std=0)
    seen = make_examples(24, (6, 6), dtype=np.float64)
    generator = np.random.default_rng(0)
    step = partial(train_epoch, network, seen.images, seen.labels, cross_entropy, sgd(), [])
    loss, accuracy = step([0.0] * 3, 8, generator)  # at a rate of 0 the loss and the accuracy are those of the network
    logits = forward(network, np.moveaxis(seen.images, 0, -1)).logits
    assert loss == pytest.approx(cross_entropy(logits, seen.labels)[0])
    assert accuracy == count_correct(logits, seen.labels) / 24
    for _ in range(200):
        loss, accuracy = step([0.1] * 3, 8, generator)
    assert accuracy == 1
    assert loss < 0.05
