"""Read pictures with this project or with another program: `python -m tests.benchmarks.readers NAME [MODEL]`.

The paths stand in the lines of the standard input. The first line of the output is the name of the reader in JSON; each
other one a list of the text, "" for no digit, the confidence in it, and the seconds from the file to the text. RapidOCR
runs in .venv-ocr, which has nothing of this project, as a careful user would set it up for digits: see the function.
"""

import json
import re
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

Read = Callable[[Path], tuple[str, float]]  # the text and the confidence in it


def ours(model: str) -> tuple[str, Read]:
    from pipeline.reader import PictureError, load

    reader = load(model)

    def read(path: Path) -> tuple[str, float]:
        try:
            result = reader.read(path, threads=1)
        except PictureError:
            return "", 0.0
        return result.digits, result.digits_confidence

    return "ours", read


def rapidocr() -> tuple[str, Read]:
    """Detect and recognise lines; if no digit is read so, recognise the picture as one line.

    By default small pictures are enlarged to 736 pixels before the detection, which takes several times as long and
    finds no more, and lines that look upside down are turned, which makes more numbers wrong than right.
    """
    import cv2
    from rapidocr import RapidOCR

    cv2.setNumThreads(1)
    parameters = {
        "Global.log_level": "critical",
        "Det.limit_type": "max",  # only reduce pictures
        "Det.limit_side_len": 960,
        "EngineConfig.onnxruntime.intra_op_num_threads": 1,
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    }
    engine = RapidOCR(params=parameters)

    def read(path: Path) -> tuple[str, float]:
        bgr = np.ascontiguousarray(np.asarray(load_rgb(path))[..., ::-1])
        lines = engine(bgr, use_det=True, use_cls=False, use_rec=True)
        found = getattr(lines, "boxes", None)
        if found is not None and (text := keep_digits(in_reading_order(found, lines.txts))):
            return text, min(map(float, lines.scores))
        line = engine(bgr, use_det=False, use_cls=False, use_rec=True)
        return keep_digits(line.txts or ()), min(map(float, line.scores or ()), default=0.0)

    return f"RapidOCR {version('rapidocr')}", read


def load_rgb(path: Path) -> Image.Image:
    """Return the picture upright in RGB; 16-bit levels are stretched, as RapidOCR reads no 12 bits in such a file."""
    with Image.open(path) as file:
        picture: Image.Image = ImageOps.exif_transpose(file)
        if picture.mode.startswith("I"):
            levels = np.asarray(picture, np.float32)
            levels -= levels.min()
            picture = Image.fromarray((levels * (255 / max(1.0, float(levels.max())))).astype(np.uint8))
        if picture.has_transparency_data:
            picture = picture.convert("RGBA")
            picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
        return picture.convert("RGB")


def keep_digits(texts: Sequence[str]) -> str:
    return re.sub("[^0-9]", "", "".join(texts))


def in_reading_order(boxes: Sequence[NDArray[Any]], texts: Sequence[str]) -> list[str]:
    """Sort texts by row, then from left to right. boxes: (4, 2) corners of each, x and y.

    A text continues the row if its centre is less than half a height below that of the text before.
    """
    rows: list[list[tuple[float, float, float, str]]] = []
    described = ((box[:, 1].mean(), np.ptp(box[:, 1]), box[:, 0].min()) for box in boxes)
    for centre, height, left, text in sorted((*box, text) for box, text in zip(described, texts, strict=True)):
        if rows and centre - rows[-1][-1][0] < rows[-1][-1][1] / 2:
            rows[-1].append((centre, height, left, text))
        else:
            rows.append([(centre, height, left, text)])
    return [text for row in rows for *_, text in sorted(row, key=lambda item: item[2])]


READERS: dict[str, Callable[..., tuple[str, Read]]] = {"ours": ours, "rapidocr": rapidocr}


def main(name: str, *model: str) -> None:
    title, read = READERS[name](*model)
    print(json.dumps(title))
    for line in sys.stdin:
        started = time.perf_counter()
        text, confidence = read(Path(line.removesuffix("\n")))
        print(json.dumps([text, confidence, time.perf_counter() - started]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
