import itertools
from dataclasses import fields, replace

from pipeline.training.ablation import ablation_steps
from pipeline.training.recipe import Recipe
from pipeline.training.recipes import RECIPES


def test_steps_lead_from_original_to_standard() -> None:
    steps = ablation_steps()
    assert steps[0][1] == RECIPES["original"]
    assert steps[-1][1] == replace(RECIPES["standard"], negatives=0.0, styles=0.0)


def test_every_step_changes_few_values_and_has_a_unique_name() -> None:
    steps = ablation_steps()
    assert len(dict(steps)) == len(steps)
    for (_, before), (change, after) in itertools.pairwise(steps):
        changed = [field.name for field in fields(Recipe) if getattr(before, field.name) != getattr(after, field.name)]
        assert 1 <= len(changed) <= 4, change
