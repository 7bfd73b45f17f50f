import itertools
from dataclasses import fields

from pipeline.network.ladder import climb
from pipeline.network.recipe import Recipe
from pipeline.network.recipes import RECIPES


def test_the_ladder_stands_on_the_seed_and_ends_at_standard() -> None:
    rungs = climb()
    assert rungs[0][1] == RECIPES["seed"]
    assert rungs[-1][1] == RECIPES["standard"]


def test_every_rung_changes_something_and_has_a_name_of_its_own() -> None:
    rungs = climb()
    assert len(dict(rungs)) == len(rungs)
    for (_, below), (idea, above) in itertools.pairwise(rungs):
        changed = [field.name for field in fields(Recipe) if getattr(below, field.name) != getattr(above, field.name)]
        assert 1 <= len(changed) <= 4, idea
