"""Resolve the options of download, and obtain the files.

The files of a known data set are determined by their digests, and `list_modules` names the modules that read own data.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

from pipeline.data.sources.catalogue import CUSTOM, DatasetName, find_dataset
from pipeline.engine.errors import UsageError
from pipeline.engine.progress import progress

if TYPE_CHECKING:
    from pipeline.data.dataset import Description

IN_NO_KEY = "what it contributes is in the parameters and in `list_modules`"
IMAGE_SIZE = "28x28"  # as in MNIST
SIDES = (4, 1024)  # pixels: minimum and maximum
Dataset = Annotated[DatasetName, Option(help="Data set to fetch; custom also needs --from.")]


def parse_size(text: str) -> tuple[int, int]:
    """Return the height and width in a text such as 28x28. Raises UsageError for any other text."""
    found = re.fullmatch(r"(\d{1,4})x(\d{1,4})", text)
    height, width = map(int, found.groups()) if found else (0, 0)
    if not (SIDES[0] <= min(height, width) and max(height, width) <= SIDES[1]):
        raise UsageError(
            f"--image-size must be height x width, each {SIDES[0]} to {SIDES[1]}, as in 28x28, not '{text}'"
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
            parse_size(size or IMAGE_SIZE)  # raises UsageError
            resolved |= {"image_size": size or IMAGE_SIZE}
            size = None
        resolved |= digest_data(given["from_folder"])
    if size is not None:
        raise UsageError("--image-size is for pictures and CSV files: the images in IDX files have a size already")
    return resolved


def list_modules(resolved: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the modules that read own data, given the parameters that `resolve` returns."""
    if resolved.get("dataset") != CUSTOM:
        return ()
    return ("pipeline.own_data.conversion",) if "image_size" in resolved else ("pipeline.data.sources.fetch",)


def obtain(name: DatasetName, folder: Path | None, size: str | None, output: Path) -> "tuple[Description, str]":
    """Write the four files of the data set into `output`; return its description and its source."""
    from pipeline.data.dataset import DatasetError, Description, read_class_names
    from pipeline.data.parts import load_parts, name_classes
    from pipeline.data.sources.fetch import fetch
    from pipeline.data.sources.npm import FetchError
    from pipeline.own_data.listing import find_form, list_items
    from pipeline.own_data.tables import ShapeError

    own = folder if name == CUSTOM else None
    if own is not None and find_form(own) != "idx":
        from pipeline.own_data.conversion import convert  # slow to import

        shape = parse_size(size or IMAGE_SIZE)
        try:
            items = list_items(own, shape)
        except ShapeError as error:
            raise ShapeError(f"{error}: add --image-size 40x32 if they are 40 high and 32 wide") from None
        return convert(items, output, shape), str(own)
    wanted = find_dataset(name, folder)
    try:
        with progress("download", None) as shown:
            source = fetch(wanted, output, shown.advance)
    except FetchError as error:
        if folder is not None or name == "sample":
            raise
        advice = "to work offline, use --dataset sample, or give --from FOLDER with the four files"
        raise FetchError(f"{error}; {advice}") from None
    if own is None:
        return Description(name, wanted.class_names), str(source)
    try:
        names = read_class_names(own)
        name_classes(*load_parts(output), names)  # parse would name the copies, not the files to correct
    except DatasetError as error:
        raise DatasetError(f"{own}: {error}") from None
    return Description(name, names), str(source)
