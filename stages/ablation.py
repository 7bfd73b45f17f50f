"""Climb from the first script to the recipe `standard`, one idea at a time."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from typer import Option

from stages.cli.console import run_module


def ablation(
    normalize: Annotated[Path, Option(help="The standardised arrays.")] = Path("artifacts/normalize"),
    seeds: Annotated[int, Option(min=1, help="Networks that are trained on each steps.")] = 3,
) -> Iterator[str]:
    """Train from the first script's network to the recipe *standard*, one idea at a time, and say what each buys.

    Prints the accuracy on the validation images, the median of several seeds with the least and the most, and the
    seconds of training. Takes some minutes and publishes nothing.

    Examples:
        handwriting ablation
        handwriting ablation --seeds 1
    """
    import statistics
    from dataclasses import replace

    from tqdm import tqdm

    from pipeline.data.dataset import load_description
    from pipeline.engine.artifacts import find_artifact, require_whole
    from pipeline.engine.store import read_lock
    from pipeline.training.ablation import ablation_steps
    from pipeline.training.examples import load_examples
    from pipeline.training.fit import fit

    with read_lock(normalize) as folder:
        require_whole(folder, find_artifact(folder, "normalize"), shown=normalize)
        training, validation = load_examples(folder)
        classes = len(load_description(folder).class_names)
    steps = ablation_steps()
    middles = []
    yield f"{'':<50} accuracy  (least..most)    training"
    with tqdm(total=len(steps) * seeds, unit="network", leave=False, disable=None) as bar:
        for idea, recipe in steps:
            accuracies, durations = [], []
            for seed in range(1, seeds + 1):
                _, *epochs = fit(replace(recipe, seed=seed), training, validation, classes)
                accuracies.append(epochs[-1].validation_accuracy)
                durations.append(sum(epoch.seconds for epoch in epochs))
                bar.update()
            spread = f"({min(accuracies):.2%}..{max(accuracies):.2%})"
            middles.append(statistics.median(accuracies))
            yield f"{idea:<50} {middles[-1]:>8.2%}  {spread:<17} {statistics.median(durations):>6.1f} s"
    yield f"{len(steps)} steps, from {middles[0]:.2%} to {middles[-1]:.2%} of the validation images"


if __name__ == "__main__":
    run_module(ablation)
