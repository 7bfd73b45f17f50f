"""Measure the effect of each change that turns the recipe `original` into `standard`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from typer import Option

from pipeline.engine.command import main
from pipeline.scheduling.progress import progress


def ablation(
    parse: Annotated[Path, Option(help="Raw arrays, written by parse.")] = Path("artifacts/parse"),
    normalize: Annotated[Path, Option(help="Scaled arrays, written by normalize.")] = Path("artifacts/normalize"),
    seeds: Annotated[int, Option(min=1, help="Number of seeds with which each step is trained.")] = 3,
) -> Iterator[str]:
    """Measure the effect of each change that leads from the recipe 'original' to 'standard' (ablation study).

    Each line has the validation accuracy (median, minimum and maximum over the seeds) and the median training time. A
    run takes some minutes and leaves the artifacts unchanged.

    Examples:
        handwriting ablation
        handwriting ablation --seeds 1
    """
    import statistics
    from dataclasses import replace

    from pipeline.engine.artifacts import find_artifact, require_intact
    from pipeline.engine.store import read_lock
    from pipeline.training.ablation import ablation_steps
    from pipeline.training.data import load_data
    from pipeline.training.fit import fit

    with read_lock(parse) as raw, read_lock(normalize) as scaled:
        for name, folder, shown in (("parse", raw, parse), ("normalize", scaled, normalize)):
            require_intact(folder, find_artifact(folder, name, shown=shown), shown=shown)
        data = load_data(raw, scaled)
    steps = ablation_steps()
    medians, width = [], max(len(change) for change, _ in steps)
    yield f"{'':<{width}} accuracy  (min..max)       training"
    with progress("ablation", len(steps) * seeds, unit="networks") as bar:
        for change, recipe in steps:
            accuracies, durations = [], []
            for seed in range(1, seeds + 1):
                _, *epochs = fit(replace(recipe, seed=seed), data.training, data.validation, data.classes)
                accuracies.append(epochs[-1].validation_accuracy)
                durations.append(sum(epoch.seconds for epoch in epochs))
                bar.advance()
            interval = f"({min(accuracies):.2%}..{max(accuracies):.2%})"
            medians.append(statistics.median(accuracies))
            yield f"{change:<{width}} {medians[-1]:>8.2%}  {interval:<17} {statistics.median(durations):>6.1f} s"
    yield f"{len(steps)} steps, validation accuracy from {medians[0]:.2%} to {medians[-1]:.2%}"


if __name__ == "__main__":
    main(ablation)
