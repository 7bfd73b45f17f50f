"""The command that repeats a training run."""

from pipeline.html.repetition import format_command
from pipeline.training.recipe import to_dict
from pipeline.training.recipes import RECIPES


def test_command_has_the_values_that_are_not_defaults() -> None:
    parameters, images = {"recipe": "quick", **to_dict(RECIPES["quick"])}, {"training": 110, "validation": 10}
    assert format_command("train", "mnist", parameters, images) == "make train DATASET=mnist RECIPE=quick"
    changed, images = {**parameters, "epochs": 3, "layers": ""}, {"training": 111, "validation": 9}
    words = "make export DATASET=custom FROM=my-data VALIDATION=9 RECIPE=quick LAYERS='' EPOCHS=3"
    assert format_command("export", "custom", changed, images) == words
