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

    Later, normalize holds out the last training images for validation. If these lack a class, all training images are
    reordered.

    Examples:
        handwriting parse
    """
    import numpy as np

    from pipeline.data.dataset import Description, load_description, save_description
    from pipeline.data.order import find_order
    from pipeline.data.parts import load_parts, name_classes
    from pipeline.engine.arrays import read_blocks, read_entries, save_array, save_blocks

    description = load_description(download)
    training, test = load_parts(download)
    class_names = name_classes(training, test, description.class_names)
    order = find_order(training.labels)
    done = ("ordered so that the last training images hold all classes",) if order is not None else ()

    for name, part, chosen in (("train", training, order), ("test", test, None)):
        images, labels = read_blocks(part.images), part.labels
        if chosen is not None:
            images, labels = (read_entries(part.images, index, index + 1) for index in chosen), labels[chosen]
        save_blocks(output / f"{name}-images.npy", np.uint8, part.images.shape, images)
        save_array(output / f"{name}-labels.npy", labels)
    save_description(output, Description(description.name, class_names, (*description.preparation, *done)))
    height, width = training.images.shape[1:]
    counts = (
        f"{len(training.images):,} training and {len(test.images):,} test images of {height} x {width} pixels, "
        f"{len(class_names)} classes"
    )
    return "; ".join([counts, *done])


if __name__ == "__main__":
    main(parse)
