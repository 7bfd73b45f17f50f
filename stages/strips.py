"""Compose training strips for both networks of the reader."""

from pathlib import Path
from typing import Annotated

from typer import Option

from pipeline.engine.command import main
from pipeline.engine.stage import Input, Output, stage
from stages.shared.options import Scheduler, Workers


@stage(
    packages=("matplotlib", "numpy", "pillow", "scipy"),
    extra_files=("pipeline/data/synthetic/hershey/*.jhf", "pipeline/reader/composition/fonts/*.woff"),
)
def strips(
    parse: Annotated[Input, Option(help="Raw arrays, written by parse.")] = Path("artifacts/parse"),
    faces: Annotated[Input, Option(help="Handwriting fonts, written by faces.")] = Path("artifacts/faces"),
    strips: Annotated[int, Option(min=1, help="Number of training strips to compose.")] = 60_000,
    seed: Annotated[int, Option(min=0, help="Seed of all random numbers.")] = 1,
    scheduler: Scheduler = "processes",
    workers: Workers = None,
    output: Annotated[Output, Option(help="Output folder.")] = Path("artifacts/strips"),
) -> str:
    """Compose strips of a line of writing, and record what each of them says and where its digits are.

    The last training images and a tenth of the fonts are held out for the validation strips; the training strips are
    composed from the others. The results are bit-identical for any scheduler and number of workers.

    Examples:
        handwriting strips
        handwriting strips --strips 2000 --seed 7
    """
    from pipeline.data.dataset import load_description, save_description
    from pipeline.reader.composition.parallel import compose_strips, count_strips
    from pipeline.scheduling.backends import Backend

    backend = Backend(scheduler, workers)
    description = load_description(parse)
    counts = count_strips(strips)
    compose_strips(parse, faces, output, counts, seed, backend)
    save_description(output, description)
    return "{train:,} training strips, {validation:,} validation strips".format_map(counts)


if __name__ == "__main__":
    main(strips)
