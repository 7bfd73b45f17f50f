from dataclasses import fields, replace
from typing import Any

import pytest

from pipeline.data.deformation import Deformation
from pipeline.engine.errors import UsageError
from pipeline.network.activations import ACTIVATIONS
from pipeline.network.losses import COSTS
from pipeline.network.mlp import INITIALISATIONS
from pipeline.network.names import ActivationName, CostName, InitialisationName, OptimizerName, ScheduleName
from pipeline.network.optimizers import find_optimizer
from pipeline.network.recipe import Recipe, member_recipes, override, spell
from pipeline.network.recipes import RECIPES, RecipeName
from pipeline.network.schedules import SCHEDULES

SHARES = ("momentum", "smoothing", "warmup", "averaging")


def test_every_name_that_a_recipe_may_say_is_known_where_it_is_used() -> None:
    assert set(ActivationName.__args__) == set(ACTIVATIONS)  # type: ignore[attr-defined]
    assert set(CostName.__args__) == set(COSTS)  # type: ignore[attr-defined]
    assert set(InitialisationName.__args__) == set(INITIALISATIONS)  # type: ignore[attr-defined]
    assert set(ScheduleName.__args__) == set(SCHEDULES)  # type: ignore[attr-defined]
    assert set(RecipeName.__args__) == set(RECIPES)  # type: ignore[attr-defined]
    for name in OptimizerName.__args__:  # type: ignore[attr-defined]
        find_optimizer(name, 0.9)


def test_a_change_replaces_its_value_and_no_other() -> None:
    quick = RECIPES["quick"]
    changed = override(quick, {"epochs": 7, "seed": None, "sizes": "3,4", "something": "else"})
    assert (changed.epochs, changed.sizes, changed.learning_rate) == (7, (3, 4), quick.learning_rate)
    assert override(quick, {}) == quick


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("learning_rate", rate) for rate in (0, -1, float("nan"), float("inf"))],
        *[(name, share) for name in SHARES for share in (-0.1, 1, float("nan"))],
        *[("weight_decay", decay) for decay in (-0.1, float("nan"), float("inf"))],
        *[("bias_deviation", deviation) for deviation in (-1, 1e300, float("nan"), float("inf"))],
        *[(name, number) for name in ("batch_size", "epochs", "shards", "members") for number in (0, -1)],
        ("members", 1001),
        ("shards", 1025),
        ("seed", -1),
        ("sizes", (10, 0)),
        ("sizes", (-3,)),
        ("sizes", (10**400,)),
        ("activation", "tanh"),
        ("cost", "hinge"),
        ("optimizer", "lbfgs"),
        ("schedule", "never"),
        ("initialisation", "zero"),
    ],
)
def test_a_value_that_cannot_be_is_wrong_use(name: str, value: Any) -> None:
    with pytest.raises(UsageError):
        Recipe(**{name: value})


@pytest.mark.parametrize("name", [field.name for field in fields(Deformation)])
@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf"), 1001])
def test_a_deformation_that_cannot_be_is_wrong_use(name: str, value: float) -> None:
    with pytest.raises(UsageError, match=name):
        Recipe(deformation=Deformation(**{name: value}))


@pytest.mark.parametrize("recipe", [*RECIPES.values(), Recipe(sizes=(), deformation=Deformation(shift=2, shear=0.1))])
def test_a_recipe_that_was_spelled_out_is_read_back_whatever_one_begins_with(recipe: Recipe) -> None:
    for other in (Recipe(), *RECIPES.values()):
        assert override(other, spell(recipe)) == recipe


def test_a_change_may_be_one_of_the_deformation() -> None:
    changed = override(Recipe(deformation=Deformation(shift=1)), {"rotation": 10})
    assert changed == Recipe(deformation=Deformation(shift=1, rotation=10))


def test_the_members_of_a_committee_differ_in_their_seeds_alone() -> None:
    recipe = Recipe(members=3, seed=7, epochs=2)
    assert member_recipes(recipe) == [replace(recipe, members=1, seed=seed) for seed in (7, 8, 9)]


@pytest.mark.parametrize(("text", "sizes"), [("512", (512,)), ("20,16", (20, 16)), (" 3, 4 ", (3, 4)), ("", ())])
def test_sizes_are_numbers_with_commas_between(text: str, sizes: tuple[int, ...]) -> None:
    assert override(Recipe(), {"sizes": text}).sizes == sizes


@pytest.mark.parametrize("text", ["a", "1,,2", "1.5", "1;2", ","])
def test_sizes_that_are_no_numbers_are_wrong_use(text: str) -> None:
    with pytest.raises(UsageError, match="sizes are whole numbers"):
        override(Recipe(), {"sizes": text})
