from dataclasses import fields, replace
from typing import Any, get_args

import pytest

from pipeline.data.augmentation import Augmentation
from pipeline.engine.errors import UsageError
from pipeline.network.activations import ACTIVATIONS
from pipeline.network.architecture import build_layers
from pipeline.network.losses import LOSSES
from pipeline.network.network import INITIALISATIONS
from pipeline.training.recipe import (
    ActivationName,
    InitialisationName,
    LossName,
    Recipe,
    network_recipes,
    override,
    to_dict,
)
from pipeline.training.recipes import RECIPES, RecipeName

FRACTIONS = ("momentum", "label_smoothing", "warmup", "ema_decay")


def test_every_allowed_name_is_implemented() -> None:
    assert set(get_args(ActivationName)) == set(ACTIVATIONS), "recipe.py and activations.py differ"
    assert set(get_args(LossName)) == set(LOSSES), "recipe.py and losses.py differ"
    assert set(get_args(InitialisationName)) == set(INITIALISATIONS), "recipe.py and network.py differ"
    assert set(get_args(RecipeName)) == set(RECIPES)


@pytest.mark.parametrize("name", list(RECIPES))
def test_every_recipe_fits_mnist_images(name: RecipeName) -> None:
    assert build_layers(RECIPES[name].layers, RECIPES[name].activation, (28, 28), 10)


def test_override_replaces_only_the_given_values() -> None:
    quick = RECIPES["quick"]
    changed = override(quick, {"epochs": 7, "seed": None, "layers": "3,4", "something": "else"})
    assert (changed.epochs, changed.layers, changed.learning_rate) == (7, "3,4", quick.learning_rate)
    assert override(quick, {}) == quick


def test_equal_layers_are_equal_recipes() -> None:
    assert Recipe(layers=" conv16x5/2, 128") == Recipe(layers="conv16,128")
    assert Recipe(layers="conv16") != Recipe(layers="conv16/1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("learning_rate", rate) for rate in (0, -1, float("nan"), float("inf"))],
        *[(name, fraction) for name in FRACTIONS for fraction in (-0.1, 1, float("nan"))],
        *[("weight_decay", decay) for decay in (-0.1, float("nan"), float("inf"))],
        *[("bias_std", std) for std in (-1, 1e300, float("nan"), float("inf"))],
        *[(name, number) for name in ("batch_size", "epochs", "shards", "ensemble_size") for number in (0, -1)],
        ("ensemble_size", 1001),
        ("shards", 1025),
        ("seed", -1),
        *[("layers", layers) for layers in ("10,0", "-3", "conv", "9" * 400)],
        ("activation", "swish"),
        ("loss", "hinge"),
        ("optimizer", "lbfgs"),
        ("schedule", "never"),
        ("initialisation", "zero"),
    ],
)
def test_value_out_of_range_is_refused(name: str, value: Any) -> None:
    with pytest.raises(UsageError):
        Recipe(**{name: value})


@pytest.mark.parametrize("name", [field.name for field in fields(Augmentation)])
@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf"), 1001])
def test_augmentation_out_of_range_is_refused(name: str, value: float) -> None:
    with pytest.raises(UsageError, match=name.replace("_", " ")):
        Recipe(augmentation=Augmentation(**{name: value}))


def test_negative_zero_is_zero() -> None:
    given = to_dict(override(Recipe(), {"label_smoothing": -0.0, "shift": -0.0}))
    assert str(given) == str(to_dict(Recipe()))


@pytest.mark.parametrize(
    "recipe", [*RECIPES.values(), Recipe(layers="", augmentation=Augmentation(shift=2, shear=0.1))]
)
def test_override_inverts_to_dict(recipe: Recipe) -> None:
    for other in (Recipe(), *RECIPES.values()):
        assert override(other, to_dict(recipe)) == recipe


def test_override_replaces_values_of_the_augmentation() -> None:
    changed = override(Recipe(augmentation=Augmentation(shift=1)), {"rotation": 10})
    assert changed == Recipe(augmentation=Augmentation(shift=1, rotation=10))


def test_networks_of_an_ensemble_differ_only_in_their_seeds() -> None:
    recipe = Recipe(ensemble_size=3, seed=7, epochs=2)
    assert network_recipes(recipe) == [replace(recipe, ensemble_size=1, seed=seed) for seed in (7, 8, 9)]
