import math
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.data.augmentation import Augmentation
from pipeline.data.scaling import standardise
from pipeline.engine.float_arrays import Array
from pipeline.network.architecture import build_layers
from pipeline.network.losses import LOSSES
from pipeline.network.network import Network, forward, view_parameters
from pipeline.network.optimizers import OPTIMIZERS
from pipeline.training import epochs as module
from pipeline.training.checkpoint import Checkpoint, load_checkpoint
from pipeline.training.classification import Images
from pipeline.training.epochs import TrainingError, TrainingProgress, accuracy, make_load, train_network
from pipeline.training.recipe import Recipe
from tests.pipeline.networks import SCALING, make_classification, make_examples, make_network

SMALL = Recipe(layers="16", learning_rate=0.01, batch_size=10, epochs=3)
AUGMENTED = replace(SMALL, augmentation=Augmentation(shift=1, rotation=10, elastic=0.5, stroke_width=0.3))


def run(recipe: Recipe, training: Images | None = None, validation: Images | None = None, **options: Any) -> Checkpoint:
    """Train a network; return the checkpoint after the last epoch."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "one.npz"
        training, validation = training or make_examples(60), validation or make_examples(20, seed=1)
        train_network(make_classification(recipe, training, validation), recipe, path, **options)
        found = load_checkpoint(path)
    assert found is not None
    return found


def compute_logits(recipe: Recipe, flat: Array, images: Array) -> Array:
    layers = build_layers(recipe.layers, recipe.activation, (4, 5), 3 + (recipe.negatives > 0))
    return forward(Network(layers, view_parameters(layers, flat)), np.moveaxis(images, 0, -1)).logits


def test_network_learns_a_class_for_negatives_and_is_validated_among_the_others() -> None:
    positives = make_examples(90)
    positives.images[:] = np.clip(positives.images, -1, None)
    negatives = np.full((30, 4, 5), 255, np.uint8)  # brighter than all others
    labels = np.concatenate([positives.labels, np.full(30, 3, np.uint8)])
    recipe = replace(SMALL, negatives=0.5, epochs=30)
    found = run(recipe, replace(positives, labels=labels, drawn=negatives), positives)
    logits = compute_logits(recipe, found.state[0], np.concatenate([positives.images, standardise(negatives, SCALING)]))
    assert np.mean(logits.argmax(axis=0) == labels) >= 0.9
    assert found.history[-1].validation_accuracy == np.mean(logits[:3, :90].argmax(axis=0) == positives.labels)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"activation": "tanh"},
        {"loss": "mean-squared-error"},
        {"label_smoothing": 0.1},
        {"initialisation": "xavier"},
        {"bias_std": 1.0},
        *({"optimizer": name} for name in OPTIMIZERS if name != SMALL.optimizer),
        {"optimizer": "momentum", "momentum": 0.5},
        {"learning_rate": 0.02},
        {"schedule": "constant"},
        {"warmup": 0.5},
        {"weight_decay": 0.1},
        {"batch_size": 12},
        {"shards": 3},
        {"seed": 2},
        {"augmentation": Augmentation(shift=1)},
    ],
)
def test_every_value_of_a_recipe_changes_the_result(changes: dict[str, Any], results: dict[bytes, Any]) -> None:
    recipe = replace(SMALL, **{"weight_decay": 0.01, **changes})
    state = run(recipe).state[0].tobytes()
    assert run(recipe).state[0].tobytes() == state
    assert results.setdefault(state, changes) == changes


@pytest.fixture(scope="module")
def results() -> dict[bytes, Any]:
    """What gave the parameters that earlier tests have seen."""
    return {}


def test_random_draws_do_not_depend_on_the_number_of_epochs() -> None:
    short, long = (run(replace(AUGMENTED, schedule="constant", epochs=epochs)).history for epochs in (3, 5))
    assert [epoch.loss for epoch in short] == [epoch.loss for epoch in long[:3]]


def test_order_and_augmentation_of_images_differ_between_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    orders: list[list[int]] = []
    images: list[bytes] = []

    def make_recording(*arguments: Any) -> Any:
        load = make_load(*arguments)
        orders.append([])

        def record(indices: Any, *where: Any) -> Any:
            batch, labels = load(indices, *where)
            orders[-1].extend(indices.tolist())
            images.extend(image.tobytes() for image in np.moveaxis(batch, -1, 0))
            return batch, labels

        return record

    monkeypatch.setattr(module, "make_load", make_recording)
    monkeypatch.setattr(module, "count_cores", lambda: 1)
    same = Images(np.repeat(make_examples(1).images, 60, axis=0), np.zeros(60, np.uint8), SCALING)
    run(replace(AUGMENTED, shards=2), same, same)
    run(replace(AUGMENTED, seed=2, epochs=1), same, same)
    assert all(sorted(order) == list(range(60)) for order in orders)
    assert len(set(map(tuple, orders))) == 4
    assert len(set(images)) == len(images) == 240


@pytest.mark.parametrize("loss", LOSSES)
def test_loss_and_accuracy_are_means_over_all_images(loss: Any) -> None:
    # At a rate near 0 the network stays the same, so the loss of the epoch is that of the network.
    recipe = replace(SMALL, loss=loss, learning_rate=1e-12, batch_size=25, epochs=1)  # the last batch has 10 images
    data, made = make_examples(60), list[TrainingProgress]()
    found = run(recipe, data, data, on_progress=made.append)
    logits = compute_logits(recipe, found.state[0], data.images)
    (epoch,) = found.history
    assert epoch.loss == pytest.approx(LOSSES[loss].function(logits, data.labels, 60)[0], rel=1e-4)
    assert epoch.train_accuracy == epoch.validation_accuracy == (logits.argmax(axis=0) == data.labels).mean()
    assert sum(each.batches for each in made) == 3


def test_epochs_have_metrics_and_learning_rates() -> None:
    made: list[TrainingProgress] = []
    epochs = run(SMALL, on_progress=made.append).history
    first, *others = [each.epoch for each in made if each.epoch]
    assert first.number == 0 and math.isnan(first.loss)
    assert others == epochs
    assert [epoch.number for epoch in epochs] == [1, 2, 3]
    assert all(epoch.seconds > 0 for epoch in epochs)
    rates = [epoch.learning_rate for epoch in epochs]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == pytest.approx(SMALL.learning_rate * (1 + math.cos(math.pi * 17 / 18)) / 2)


@pytest.mark.parametrize(
    ("changes", "factor"),
    [
        ({"learning_rate": 1e30, "optimizer": "sgd", "schedule": "constant"}, 1),
        ({"layers": "64,64,64", "learning_rate": 1e13, "batch_size": 1000, "epochs": 1}, 1),  # in the last step
        ({"layers": "64,64,64", "learning_rate": 1e39, "batch_size": 1000, "epochs": 1}, 1),
        ({}, 1e20),  # the squares of the gradients overflow
        ({}, math.nan),
    ],
)
def test_divergence_raises(changes: dict[str, Any], factor: float) -> None:
    data = make_examples(60)
    data.images[:] *= np.float32(factor)
    with pytest.raises(TrainingError, match="diverged in epoch 1"):
        run(replace(SMALL, **changes), data)


def test_result_is_the_moving_average_of_the_parameters() -> None:
    recipe, data = replace(SMALL, ema_decay=0.9, learning_rate=0.05), make_examples(20, seed=1)
    found = run(recipe, validation=data)
    assert not np.array_equal(found.state[0], found.state[-1])
    logits = compute_logits(recipe, found.state[-1], data.images)
    assert found.history[-1].validation_accuracy == pytest.approx((logits.argmax(axis=0) == data.labels).mean())


@pytest.mark.parametrize("layers", ["8", "conv4x2/1,8"])
@pytest.mark.parametrize("cores", [1, 2, 7])
def test_accuracy_counts_only_the_classes_with_any_number_of_threads(
    layers: str, cores: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, data = make_network(layers, (4, 5), 4, dtype=np.float32), make_examples(50)
    network.parameters.layers[-1][1][3] = 100  # the output for no class
    monkeypatch.setattr(module, "micro_batch_size", lambda layers: 3)
    monkeypatch.setattr(module, "count_cores", lambda: cores)
    logits = forward(network, np.moveaxis(data.images, 0, -1)).logits
    task = make_classification(replace(SMALL, negatives=1.0), data, data)
    assert accuracy(replace(task, counted=4), network) == 0 < accuracy(task, network)
    assert accuracy(task, network) == (logits[:3].argmax(axis=0) == data.labels).mean()
    data.images[49] = np.inf
    assert math.isnan(accuracy(task, network))


def test_bits_do_not_depend_on_the_number_of_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = replace(AUGMENTED, layers="40,30", shards=8, ema_decay=0.9, batch_size=32)
    expected = run(recipe).state.tobytes()
    monkeypatch.setattr(module, "count_cores", lambda: 7)
    assert run(recipe).state.tobytes() == expected
