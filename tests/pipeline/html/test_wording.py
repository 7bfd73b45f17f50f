"""The command that repeats a training run."""

from pipeline.html.wording import format_command


def test_command_has_the_values_that_are_not_defaults() -> None:
    images = {"training": 110, "validation": 10}
    assert format_command("train", "mnist", "quick", {}, images) == "make train DATASET=mnist RECIPE=quick"
    changes, images = {"layers": ("", "192"), "epochs": (3, 5)}, {"training": 111, "validation": 9}
    words = "make export DATASET=custom FROM=my-data VALIDATION=9 RECIPE=quick LAYERS='' EPOCHS=3"
    assert format_command("export", "custom", "quick", changes, images) == words
