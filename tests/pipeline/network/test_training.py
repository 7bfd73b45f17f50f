from functools import partial

import numpy as np
import pytest

from pipeline.network.losses import cross_entropy
from pipeline.network.network import forward
from pipeline.network.optimizers import sgd
from pipeline.network.training import count_correct, shuffled_batches, train_epoch
from tests.pipeline.networks import make_examples, make_network


def test_largest_logit_is_the_prediction() -> None:
    logits = np.array([[0.1, 3.0, -1.0], [0.3, 2.0, -2.0]])
    assert count_correct(logits, np.array([1, 0, 1])) == 2


def test_batches_cover_all_images_once_in_random_order() -> None:
    batches = list(shuffled_batches(10, 4, np.random.default_rng(0)))
    assert [len(batch) for batch in batches] == [4, 4, 2]
    order = np.concatenate(batches).tolist()
    assert sorted(order) == list(range(10)) != order


@pytest.mark.parametrize("layers", ["24,24", "conv6x3/2,24"])
def test_training_overfits_a_small_data_set(layers: str) -> None:
    network = make_network(layers, (6, 6), 3, bias_std=0)
    examples = make_examples(24, (6, 6), dtype=np.float64)
    generator = np.random.default_rng(0)
    run_epoch = partial(train_epoch, network, examples.images, examples.labels, cross_entropy, sgd(), [])
    loss, accuracy = run_epoch([0.0] * 3, 8, generator)  # rate 0: the network stays the same
    logits = forward(network, np.moveaxis(examples.images, 0, -1)).logits
    assert loss == pytest.approx(cross_entropy(logits, examples.labels)[0])
    assert accuracy == count_correct(logits, examples.labels) / 24
    for _ in range(200):
        loss, accuracy = run_epoch([0.1] * 3, 8, generator)
    assert accuracy == 1
    assert loss < 0.05
