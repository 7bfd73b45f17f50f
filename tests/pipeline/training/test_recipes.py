from dataclasses import fields
from typing import Any, get_args

import pytest

from pipeline.data.augmentation import Augmentation
from pipeline.engine.errors import UsageError
from pipeline.network.activations import ACTIVATIONS
from pipeline.network.architecture import build_layers
from pipeline.network.losses import LOSSES
from pipeline.network.network import INITIALISATIONS
from pipeline.training.recipe import ActivationName, InitialisationName, LossName, Recipe, override, to_dict
from pipeline.training.recipes import RECIPES, RecipeName

FRACTIONS = ("momentum", "label_smoothing", "warmup", "ema_decay")


def test_every_allowed_name_is_implemented() -> None:
    assert set(get_args(ActivationName)) == set(ACTIVATIONS), "ActivationName in recipe.py and ACTIVATIONS differ"
    assert set(get_args(LossName)) == set(LOSSES), "recipe.py and losses.py differ"
    assert set(get_args(InitialisationName)) == set(INITIALISATIONS), "recipe.py and network.py differ"
    assert set(get_args(RecipeName)) == set(RECIPES)


@pytest.mark.parametrize("name", list(RECIPES))
def test_every_recipe_fits_mnist_images(name: RecipeName) -> None:
    assert build_layers(RECIPES[name].layers, RECIPES[name].activation, (28, 28), 10)


def test_equal_layers_are_equal_recipes() -> None:
    assert Recipe(layers=" conv16x5/2, 128") == Recipe(layers="conv16,128")
    assert Recipe(layers="conv16") != Recipe(layers="conv16/1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("learning_rate", rate) for rate in (0, float("nan"), float("inf"))],
        *[(name, value) for name in FRACTIONS for value in (-0.1, 1)],
        *[("bias_std", std) for std in (-1, 1e300)],
        *[(name, value) for name in ("batch_size", "epochs", "shards", "ensemble_size") for value in (0, 1.5)],
        *[("weight_decay", -0.1), ("ensemble_size", 1001), ("shards", 1025), ("seed", -1), ("layers", "10,0")],
        *[(name, "none") for name in ("activation", "loss", "optimizer", "schedule", "initialisation")],
    ],
)
def test_value_out_of_range_is_refused(name: str, value: Any) -> None:
    with pytest.raises(UsageError):
        Recipe(**{name: value})


@pytest.mark.parametrize("name", [field.name for field in fields(Augmentation)])
@pytest.mark.parametrize("value", [-0.1, float("inf"), 1001])
def test_augmentation_out_of_range_is_refused(name: str, value: float) -> None:
    with pytest.raises(UsageError, match=name.replace("_", " ")):
        Recipe(augmentation=Augmentation(**{name: value}))


def test_negative_zero_is_zero() -> None:
    given = to_dict(override(Recipe(), {"label_smoothing": -0.0, "shift": -0.0}))
    assert str(given) == str(to_dict(Recipe()))


@pytest.mark.parametrize(
    "recipe", [*RECIPES.values(), Recipe(layers="", augmentation=Augmentation(shift=2, shear=0.1))]
)
def test_override_inverts_to_dict_and_ignores_other_names(recipe: Recipe) -> None:
    for other in (Recipe(), *RECIPES.values()):
        assert override(other, {**to_dict(recipe), "something": "else"}) == recipe
        assert override(other, dict.fromkeys(to_dict(recipe))) == other
