"""Convert the IDX files to .npy arrays."""

from pathlib import Path
from typing import Annotated

from typer import Option

from pipeline.engine.stage import Input, Output, stage
from stages.cli.console import run_module


@stage()
def parse(
    download: Annotated[Input, Option(help="Artifact of download: the IDX files.")] = Path("artifacts/download"),
    output: Annotated[Output, Option(help="Output folder.")] = Path("artifacts/parse"),
) -> str:
    """Convert the IDX files to .npy arrays and check that images and labels match.

    Examples:
        handwriting parse
    """
    import numpy as np

    from pipeline.data.dataset import Description, load_description, save_description
    from pipeline.data.parts import load_parts, name_classes
    from pipeline.engine.arrays import read_blocks, save_array, save_blocks

    description = load_description(download)
    training, test = load_parts(download)
    class_names = name_classes(training, test, description.class_names)

    for name, part in (("train", training), ("test", test)):
        save_blocks(output / f"{name}-images.npy", np.uint8, part.images.shape, read_blocks(part.images))
        save_array(output / f"{name}-labels.npy", part.labels)
    save_description(output, Description(description.name, class_names))
    height, width = training.images.shape[1:]
    return (
        f"{len(training.images):,} training and {len(test.images):,} test images of {height} x {width} pixels, "
        f"{len(class_names)} classes"
    )


if __name__ == "__main__":
    run_module(parse)
