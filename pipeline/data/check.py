"""Check a data set for rare and missing classes, and for test images that are also training images."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.data.split import SPLIT_PARTS, load_part, locate_pixels
from pipeline.engine.arrays import ArrayFile, read_blocks
from pipeline.engine.documents import NonNegative, advise_anew, load_json
from pipeline.engine.errors import PipelineError
from pipeline.engine.terminal import name_some

DATA_FILE = "data.json"
IMBALANCE = 20  # a warning if the largest class has more training images than this times the smallest
SHOWN_CLASSES = 5  # classes that a warning names


@dataclass(frozen=True)
class DataCheck:
    """Content of data.json.

    counts: the number of images of each class, by part. duplicates: the number of test images that are also in another
    part.
    """

    counts: Mapping[str, tuple[NonNegative, ...]]
    duplicates: NonNegative


def load_check(folder: Path, classes: int) -> DataCheck:
    """Return the check in an artifact of `normalize`.

    Raises PipelineError if the file is missing or damaged, has another number of classes, or no training images.
    """
    path = folder / DATA_FILE
    check = load_json(path, DataCheck)
    sizes = {part: len(counts) for part, counts in check.counts.items()}
    if sizes != dict.fromkeys(SPLIT_PARTS, classes) or not any(check.counts["train"]):
        raise PipelineError(f"{path} does not count the images of {classes} classes: {advise_anew(path)}")
    return check


def check_data(folder: Path, classes: int) -> DataCheck:
    """Count the images of each class in each part, and the test images that also occur in another part, exactly.

    folder: an artifact of `normalize`. Its pixels are read once, in blocks; only hashes of the test images stay in
    memory.
    """
    hashes = Counter(_hash_images(locate_pixels(folder, "test")))
    others = (found for part in ("train", "validation") for found in _hash_images(locate_pixels(folder, part)))
    copied = {found for found in others if found in hashes}
    labels = {part: load_part(folder, part).labels for part in SPLIT_PARTS}
    counts = {part: tuple(np.bincount(labels[part], minlength=classes).tolist()) for part in SPLIT_PARTS}
    return DataCheck(counts, sum(hashes[found] for found in copied))


def list_warnings(check: DataCheck, class_names: Sequence[str]) -> list[str]:
    """Return a line for each property of the data that makes the metrics less reliable."""
    lines = []
    for part, title in SPLIT_PARTS.items():
        missing = [name for name, count in zip(class_names, check.counts[part], strict=True) if not count]
        if missing:
            lines.append(f"no {title} image is of the class {name_some(missing, SHOWN_CLASSES)}")
    present = {count: name for name, count in zip(class_names, check.counts["train"], strict=True) if count}
    if present and max(present) > IMBALANCE * min(present):
        most, least = max(present), min(present)
        lines.append(
            f"very unequal classes: {most:,} training images of {present[most]}, {least:,} of {present[least]}; "
            "look at the recall of each class, not only at the accuracy"
        )
    if check.duplicates:
        share = f"{check.duplicates:,} of {sum(check.counts['test']):,} test images"
        lines.append(f"{share} are also training or validation images: expect a lower accuracy on new images")
    return lines


def _hash_images(array: ArrayFile) -> Iterator[int]:
    for block in read_blocks(array):
        yield from (hash(image.tobytes()) for image in block)
