"""Measure reading on a folder of pictures made by others, beside RapidOCR and Tesseract, by kind.

    python -m tests.benchmarks.folder FOLDER [--peers 200] [--model MODEL] [--errors FOLDER]

FOLDER/truth.csv has the columns path, relative to the folder, and text: the digits in reading order, or nothing if
there is none. The pictures of a kind are in a subfolder of their own. Needs .venv-ocr, see `make benchmarks`,
except with --peers 0.
"""

import argparse
import csv
from pathlib import Path

from tests.benchmarks.comparison import Picture, add_options, check_options, compare

TRUTH = "truth.csv"


def list_pictures(folder: Path) -> list[Picture]:
    """Return the pictures with their truth. Raises ValueError if a line of truth.csv is wrong, OSError without it."""
    with (folder / TRUTH).open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        if missing := {"path", "text"}.difference(rows.fieldnames or ()):
            raise ValueError(f"{TRUTH} has no column {min(missing)!r}: its first line must be path,text")
        pictures = []
        for row in rows:
            path, text = row["path"], row["text"]
            if text is None or not (folder / path).is_file():
                problem = "no text" if text is None else f"no picture {path}"
                raise ValueError(f"{TRUTH}, line {rows.line_num}: there is {problem}")
            pictures.append(Picture(folder / path, "".join(text.split()), Path(path).parent.as_posix()))
    if not pictures:
        raise ValueError(f"{TRUTH} lists no picture")
    return pictures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help=f"folder with {TRUTH}")
    add_options(parser)
    given = parser.parse_args()
    check_options(parser, given)
    try:
        pictures = list_pictures(given.folder)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    print(compare(pictures, given))


if __name__ == "__main__":
    main()
