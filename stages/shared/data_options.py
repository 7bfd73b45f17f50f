"""Resolve the options of download.

The files of a known data set are determined by their digests, and `list_data_modules` names the modules that read own
data.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from typer import Option

from pipeline.data.sources.catalogue import CUSTOM, DatasetName, find_dataset
from pipeline.engine.errors import UsageError

IN_NO_KEY = "what it contributes is in the parameters and in `list_data_modules`"
IMAGE_SIZE = "28x28"  # as in MNIST
SIDE_LIMITS = (4, 1024)  # pixels: minimum and maximum
DatasetOption = Annotated[DatasetName, Option(help="Data set to fetch; custom also needs --from.")]


def parse_size(text: str | None) -> tuple[int, int]:
    """Return the height and width in a text such as 28x28, the default. Raises UsageError for any other text."""
    found = re.fullmatch(r"(\d{1,4})x(\d{1,4})", text or IMAGE_SIZE)
    height, width = map(int, found.groups()) if found else (0, 0)
    if not (SIDE_LIMITS[0] <= min(height, width) and max(height, width) <= SIDE_LIMITS[1]):
        raise UsageError(
            f"--image-size must be height x width, each {SIDE_LIMITS[0]} to {SIDE_LIMITS[1]}, as in 28x28, not '{text}'"
        )
    return height, width


def resolve(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what determines the result: the name of the data set, and what its images and class names depend on."""
    dataset = find_dataset(given["dataset"], given["from_folder"])  # raises UsageError
    resolved: dict[str, Any] = {"dataset": given["dataset"]}
    size = given["image_size"]
    if given["dataset"] != CUSTOM:
        resolved |= {"class_names": dataset.class_names, "sha256": dataset.sha256}
    else:
        from pipeline.own_data.listing import digest_data, find_form  # slow to import

        if find_form(given["from_folder"]) != "idx":
            parse_size(size)  # raises UsageError
            resolved |= {"image_size": size or IMAGE_SIZE}
            size = None
        resolved |= digest_data(given["from_folder"])
    if size is not None:
        raise UsageError("--image-size is for pictures and CSV files: the images in IDX files have a size already")
    return resolved


def list_data_modules(resolved: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the modules that read own data, given the parameters that `resolve` returns."""
    if resolved.get("dataset") != CUSTOM:
        return ()
    return ("pipeline.own_data.conversion",) if "image_size" in resolved else ("pipeline.data.sources.fetch",)
