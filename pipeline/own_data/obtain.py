"""Obtain the files of a data set: download those of a known one, convert or check one's own."""

from pathlib import Path

from pipeline.data.dataset import DatasetError, Description, read_class_names
from pipeline.data.parts import load_parts, name_classes
from pipeline.data.sources.catalogue import CUSTOM, DatasetName, find_dataset
from pipeline.data.sources.fetch import fetch
from pipeline.data.sources.npm import FetchError
from pipeline.engine.progress import progress
from pipeline.own_data.listing import find_form, list_items
from pipeline.own_data.tables import ShapeError

IN_NO_KEY = "the digests of the files are in the parameters, and `modules` of download names what reads own data"


def download_or_convert(
    name: DatasetName, folder: Path | None, shape: tuple[int, int], output: Path
) -> tuple[Description, str]:
    """Write the four files of the data set into `output`; return its description and its source.

    shape: height and width to which pictures of one's own are fitted.
    """
    own = folder if name == CUSTOM else None
    if own is not None and find_form(own) != "idx":
        from pipeline.own_data.conversion import convert_items  # slow to import

        try:
            items = list_items(own, shape)
        except ShapeError as error:
            raise ShapeError(f"{error}: add --image-size 40x32 if they are 40 high and 32 wide") from None
        return convert_items(items, output, shape), str(own)
    wanted = find_dataset(name, folder)
    try:
        with progress("download", None, "bytes") as shown:
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
