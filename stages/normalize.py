"""Divide the images into training, validation and test, and standardise them."""

import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from typer import Option

from pipeline.data.dataset import DEFAULT_VALIDATION, count_held_out
from pipeline.engine.command import main
from pipeline.engine.stage import Input, Output, stage


def resolve(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the parameters. Raises UsageError for a value that no data set allows."""
    count_held_out(given["validation"], sys.maxsize)
    return given


@stage(resolve=resolve)
def normalize(
    parse: Annotated[Input, Option(help="Raw arrays, written by parse.")] = Path("artifacts/parse"),
    validation: Annotated[
        float,
        Option(
            help="Number of training images to hold out for validation or, if it is below 1, the fraction of them.",
            show_default="one twelfth",
        ),
    ] = DEFAULT_VALIDATION,
    output: Annotated[Output, Option(help="Output folder.")] = Path("artifacts/normalize"),
) -> str:
    """Hold out the last training images for validation, and scale the pixels to mean 0 and standard deviation 1.

    If the last images lack a class, or hold all images of one, a stratified sample is held out instead.

    Examples:
        handwriting normalize
        handwriting normalize --validation 10000
        handwriting normalize --validation 0.2
    """
    from pipeline.data.check import DATA_FILE, check_data
    from pipeline.data.split import SAMPLED, write_split
    from pipeline.engine.documents import save_json

    split = write_split(parse, output, validation)
    save_json(output / DATA_FILE, asdict(check_data(output, split.classes)))
    lines = [
        f"{len(split.training):,} training, {len(split.validation):,} validation, {len(split.test):,} test images",
        f"mean {split.scaling.mean:.4f}, std {split.scaling.std:.4f}",
        *([SAMPLED] if SAMPLED in split.description.preparation else []),
    ]
    return "; ".join(lines)


if __name__ == "__main__":
    main(normalize)
