"""Synthesise training line images for both networks of the reader."""

from pathlib import Path
from typing import Annotated

from typer import Option

from pipeline.engine.command import main
from pipeline.engine.stage import Input, Output, stage
from stages.shared.options import Scheduler, Workers


@stage(
    extra_files=("pipeline/data/synthetic/hershey/*.jhf", "pipeline/reader_training/synthesis/fonts/**/*.woff"),
)
def lines(
    normalize: Annotated[Input, Option(help="Divided data, written by normalize.")] = Path("artifacts/normalize"),
    fonts: Annotated[Input, Option(help="Handwriting fonts, written by fonts.")] = Path("artifacts/fonts"),
    lines: Annotated[int, Option(min=1, help="Number of training line images to synthesise.")] = 60_000,
    seed: Annotated[int, Option(min=0, help="Seed of all random numbers.")] = 1,
    scheduler: Scheduler = "processes",
    workers: Workers = None,
    output: Annotated[Output, Option(help="Output folder.")] = Path("artifacts/lines"),
) -> str:
    """Synthesise line images, with their texts and the positions of their digits.

    The validation lines are synthesised from the validation images and a tenth of the fonts, the training lines from
    the training images and the other fonts. The results are bit-identical for any scheduler and number of workers.

    Examples:
        handwriting lines
        handwriting lines --lines 2000 --seed 7
    """
    from pipeline.data.dataset import load_description, save_description
    from pipeline.reader_training.synthesis.parallel import count_lines, synthesise_lines
    from pipeline.scheduling.backends import Backend

    backend = Backend(scheduler, workers)
    description = load_description(normalize)
    counts = count_lines(lines)
    synthesise_lines(normalize, fonts, output, counts, seed, backend)
    save_description(output, description)
    return "{train:,} training line images, {validation:,} validation line images".format_map(counts)


if __name__ == "__main__":
    main(lines)
