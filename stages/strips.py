"""Compose training strips for both networks of the reader."""

from pathlib import Path
from typing import Annotated

from typer import Option

from pipeline.engine.command import main
from pipeline.engine.stage import Input, Output, stage
from stages.shared.job_modules import JOBS
from stages.shared.options import Scheduler, Workers


@stage(
    packages=("matplotlib", "numpy", "pillow", "scipy"),
    extra_files=("pipeline/data/synthetic/hershey/*.jhf", "pipeline/reader/composition/fonts/*.woff"),
    without=JOBS,
)
def strips(
    normalize: Annotated[Input, Option(help="Divided data, written by normalize.")] = Path("artifacts/normalize"),
    faces: Annotated[Input, Option(help="Handwriting fonts, written by faces.")] = Path("artifacts/faces"),
    strips: Annotated[int, Option(min=1, help="Number of training strips to compose.")] = 60_000,
    seed: Annotated[int, Option(min=0, help="Seed of all random numbers.")] = 1,
    scheduler: Scheduler = "processes",
    workers: Workers = None,
    output: Annotated[Output, Option(help="Output folder.")] = Path("artifacts/strips"),
) -> str:
    """Compose strips of a line of writing, and record what each of them says and where its digits are.

    The validation strips are composed from the validation images and a tenth of the fonts, the training strips from
    the training images and the other fonts. The results are bit-identical for any scheduler and number of workers.

    Examples:
        handwriting strips
        handwriting strips --strips 2000 --seed 7
    """
    from pipeline.data.dataset import load_description, save_description
    from pipeline.reader.composition.parallel import compose_strips, count_strips
    from pipeline.scheduling.backends import Backend

    backend = Backend(scheduler, workers)
    description = load_description(normalize)
    counts = count_strips(strips)
    compose_strips(normalize, faces, output, counts, seed, backend)
    save_description(output, description)
    return "{train:,} training strips, {validation:,} validation strips".format_map(counts)


if __name__ == "__main__":
    main(strips)
