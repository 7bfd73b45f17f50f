"""Measure reading on kinds of pictures that people have, beside RapidOCR and Tesseract: forms, photographs, rows.

    python -m tests.benchmarks.kinds [--count 200] [--peers 200] [--part test] [--model MODEL] [--errors FOLDER]

The pictures show MNIST's digits on paper, as JPEG or PNG files. Choices are made with `--part validation`, the last
10,000 training images. Needs artifacts/parse in the current folder, and .venv-ocr, see `make benchmarks`.
"""

import argparse
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from pipeline.engine.threads import count_cores
from tests.benchmarks.comparison import Picture, add_options, check_options, compare
from tests.benchmarks.pictures import KINDS, draw_picture
from tests.benchmarks.writing import PARTS, load_digits


def write_kind(kind: str, count: int, part: str, folder: Path) -> list[Picture]:
    """Write `count` pictures of a kind as files into the folder."""
    digits, pictures = load_digits(part), []
    for number in range(count):
        file, truth = draw_picture(kind, number, digits, part)
        path = folder / f"{list(KINDS).index(kind)}-{number}"
        path.write_bytes(file.getvalue())
        pictures.append(Picture(path, truth, kind))
    return pictures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200, help="pictures of each kind")
    parser.add_argument("--part", choices=PARTS, default="test")
    add_options(parser)
    given = parser.parse_args()
    check_options(parser, given)
    with tempfile.TemporaryDirectory() as folder:
        with ProcessPoolExecutor(count_cores()) as pool:
            write = partial(write_kind, count=given.count, part=given.part, folder=Path(folder))
            pictures = [picture for of_kind in pool.map(write, KINDS) for picture in of_kind]
        print(compare(pictures, given))
    print(f"\n{given.count} pictures of each kind, generated from {given.part} images.")


if __name__ == "__main__":
    main()
