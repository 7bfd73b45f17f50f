"""Convert the IDX files to .npy arrays."""

from pathlib import Path
from typing import Annotated

from typer import Option

from pipeline.engine.command import main
from pipeline.engine.stage import Input, Output, stage


@stage()
def parse(
    download: Annotated[Input, Option(help="IDX files, written by download.")] = Path("artifacts/download"),
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
    save_description(output, Description(description.name, class_names, description.preparation))
    height, width = training.images.shape[1:]
    return (
        f"{len(training.images):,} training and {len(test.images):,} test images of {height} x {width} pixels, "
        f"{len(class_names)} classes"
    )


if __name__ == "__main__":
    main(parse)
