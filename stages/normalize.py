"""Standardise the pictures, and set a validation part aside."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from typer import Option

from pipeline.data.split import TWELFTH
from pipeline.engine.stage import Input, Output, stage
from stages.console import run_module


def settle(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The parameters as they are, once they are in their range."""
    from pipeline.data.split import check_validation

    check_validation(given["validation"])
    return given


@stage(settle=settle)
def normalize(
    parse: Annotated[Input, Option(help="The raw arrays.")] = Path("artifacts/parse"),
    validation: Annotated[
        float,
        Option(
            help="How many training images are held out: a count, or a fraction below 1.",
            show_default="one twelfth",
        ),
    ] = TWELFTH,
    output: Annotated[Output, Option(help="Where the standardised arrays go.")] = Path("artifacts/normalize"),
) -> str:
    """Bring the pixels to mean 0 and deviation 1, and hold out the last training images for validation.

    Examples:
        handwriting normalize
        handwriting normalize --validation 10000
        handwriting normalize --validation 0.2
    """
    import numpy as np
    from numpy.typing import NDArray
    from tqdm import tqdm

    from pipeline.data.dataset import load_description, save_description
    from pipeline.data.scaling import blocks, measure, standardise
    from pipeline.data.split import count_held_out
    from pipeline.engine.arrays import load_array, save_array, save_blocks

    raw = (None, None, None)
    images = load_array(parse / "train-images.npy", np.uint8, raw)
    labels = load_array(parse / "train-labels.npy", np.uint8, (len(images),))
    test_images = load_array(parse / "test-images.npy", np.uint8, raw)
    test_labels = load_array(parse / "test-labels.npy", np.uint8, (len(test_images),))
    kept = len(images) - count_held_out(validation, len(images))
    scaling = measure(images[:kept])

    def standardised(part: NDArray[np.uint8]) -> Iterator[NDArray[np.float32]]:
        for block in blocks(part):
            yield standardise(block, scaling)
            bar.update(len(block))

    with tqdm(total=len(images) + len(test_images), unit="image", leave=False, disable=None, delay=0.5) as bar:
        for name, part, part_labels in (
            ("train", images[:kept], labels[:kept]),
            ("validation", images[kept:], labels[kept:]),
            ("test", test_images, test_labels),
        ):
            save_blocks(output / f"{name}-images.npy", np.float32, part.shape, standardised(part))
            save_array(output / f"{name}-labels.npy", part_labels)
    save_array(output / "scaling.npy", np.array([scaling.mean, scaling.deviation], dtype=np.float32))
    save_description(output, load_description(parse))
    return (
        f"{kept:,} training, {len(images) - kept:,} validation, {len(test_images):,} test images; "
        f"mean {scaling.mean:.4f}, deviation {scaling.deviation:.4f}"
    )


if __name__ == "__main__":
    run_module(normalize)
