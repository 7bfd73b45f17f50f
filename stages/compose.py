"""Compose training pictures for the network that finds digits."""

from pathlib import Path
from typing import Annotated

from typer import Option

from pipeline.engine.command import main
from pipeline.engine.stage import Input, Output, stage
from stages.cli.options import Scheduler, Workers


@stage(
    packages=("matplotlib", "numpy", "pillow", "scipy"),
    extra_files=("pipeline/data/hershey/*.jhf", "pipeline/data/fonts/*.woff"),
    without=("stages.cli.options",),
)
def compose(
    parse: Annotated[Input, Option(help="Raw arrays, written by parse.")] = Path("artifacts/parse"),
    pictures: Annotated[int, Option(min=1, help="Number of training pictures to compose.")] = 60_000,
    seed: Annotated[int, Option(min=0, help="Seed of all random numbers.")] = 1,
    scheduler: Scheduler = "processes",
    workers: Workers = None,
    output: Annotated[Output, Option(help="Output folder.")] = Path("artifacts/compose"),
) -> str:
    """Compose pictures of rows of digits on imperfect paper, and record the class, centre and size of each digit.

    The last training images are held out: only the validation pictures are composed from them, and the training
    pictures from the others. The results are bit-identical for any scheduler and number of workers.

    Examples:
        handwriting compose
        handwriting compose --pictures 2000 --seed 7
    """
    from pipeline.composition.parallel import compose_pictures, count_pictures
    from pipeline.data.dataset import load_description, save_description
    from pipeline.scheduling.backends import make_backend

    backend = make_backend(scheduler, workers)
    description = load_description(parse)
    counts = count_pictures(pictures)
    compose_pictures(parse, output, counts, seed, backend)
    save_description(output, description)
    return "{train:,} training pictures, {validation:,} validation pictures".format_map(counts)


if __name__ == "__main__":
    main(compose)
