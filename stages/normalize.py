"""Standardise the images and split off a validation set."""

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
    """Scale the pixels to mean 0 and standard deviation 1, and hold out the last training images for validation.

    Examples:
        handwriting normalize
        handwriting normalize --validation 10000
        handwriting normalize --validation 0.2
    """
    import numpy as np

    from pipeline.data.check import DATA_FILE, check_data
    from pipeline.data.dataset import load_description, save_description
    from pipeline.data.scaling import compute_scaling, standardise
    from pipeline.engine.arrays import open_array_file, read_array, read_blocks, save_array, save_blocks
    from pipeline.engine.documents import save_json

    images = open_array_file(parse / "train-images.npy", np.uint8, (None, None, None))
    labels = read_array(parse / "train-labels.npy", np.uint8, (len(images),))
    test_images = open_array_file(parse / "test-images.npy", np.uint8, (None, None, None))
    test_labels = read_array(parse / "test-labels.npy", np.uint8, (len(test_images),))
    kept = len(images) - count_held_out(validation, len(images))

    parts = {"train": labels[:kept], "validation": labels[kept:], "test": test_labels}
    for name, part_labels in parts.items():
        save_array(output / f"{name}-labels.npy", part_labels)
    scaling = compute_scaling(read_blocks(images, stop=kept))
    for name, array, start, stop in (
        ("train", images, 0, kept),
        ("validation", images, kept, len(images)),
        ("test", test_images, 0, len(test_images)),
    ):
        standardised = (standardise(block, scaling) for block in read_blocks(array, start=start, stop=stop))
        save_blocks(output / f"{name}-images.npy", np.float32, (stop - start, *array.shape[1:]), standardised)
    save_array(output / "scaling.npy", np.array([scaling.mean, scaling.std], dtype=np.float32))
    description = load_description(parse)
    check = check_data(parts, images, test_images, len(description.class_names))
    save_json(output / DATA_FILE, asdict(check))
    save_description(output, description)
    return (
        f"{kept:,} training, {len(images) - kept:,} validation, {len(test_images):,} test images; "
        f"mean {scaling.mean:.4f}, std {scaling.std:.4f}"
    )


if __name__ == "__main__":
    main(normalize)
