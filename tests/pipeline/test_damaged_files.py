"""Damaged files of others are refused in one line, or read as what they contain; they take little memory."""

import gzip
import io
import math
import resource
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from pipeline.data import idx
from pipeline.data.dataset import read_class_names
from pipeline.data.image_files import locate_images
from pipeline.data.ink import InkStatistics
from pipeline.engine.errors import PipelineError
from pipeline.model.model import Model
from pipeline.model.prediction import predict
from pipeline.model.safetensors import load_safetensors, save_safetensors
from pipeline.pictures.decoding import load_page
from pipeline.pictures.levels import MAX_SIDE
from tests.pipeline.damage import Files, damaged, damaged_json, idx_files, npy_files, png_files
from tests.pipeline.models import make_model


def npy(array: np.ndarray[Any, Any], version: tuple[int, int] | None = None) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version)
    return file.getvalue()


MEMORY = 700_000_000  # bytes: a picture of the largest size takes most of it
UNIT = 1 if sys.platform == "darwin" else 1024  # of the peak memory, in bytes

JSON_WORDS = (*rb'{ } [ ] " : , null true NaN Infinity 1e999 -0 \ud800'.split(), b"\n", b"\xef\xbb\xbf", b"9" * 5000)
MODEL_WORDS = (*JSON_WORDS, b"conv2x3/1,4", b" conv2x3/1 ", b"conv2", b"x3", b"/1", b",4", b"1000001")
NPY_WORDS = (
    b"\x93NUMPY\1\0",
    b"'descr': ",
    b"'fortran_order': ",
    b"True",
    b"'|O'",
    b"'<f8'",
    b"(-1,)",
    b"9" * 30,
    b"(" * 300,
)
IDX_WORDS = (b"\0\0\x08\1", b"\0\0\x08\3", b"\0\0\x0d\2", b"\0\0\0\0", b"\0\0\0\1", b"\xff\xff\xff\xff", b"\1\0\0\0")
PICTURE_WORDS = (
    *(b"\x89PNG\r\n\x1a\n", b"IHDR", b"IDAT", b"PLTE", b"tRNS", b"acTL", b"iCCP", b"GIF89a", b"\x21\xf9\x04", b"\x3b"),
    *(b"BM", b"RIFF", b"WEBPVP8 ", b"\xff\xd8\xff", b"\xff\xc0", b"\xff\xda", b"\xff\xe1", b"Exif\0\0"),
    *(b"II*\0", b"MM\0*", b"\x00\x01\x03\x00", b"\x03\x01\x03\x00", b"\x11\x01\x04\x00", b"\x1a\x01\x05\x00"),
)


def encoded(array: NDArray[np.uint8]) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def picture_of(kind: str, mode: str = "RGB", **options: Any) -> bytes:
    levels = np.random.default_rng(0).integers(0, 256, (12, 17, 4), np.uint8)
    image = Image.fromarray(levels).convert("F" if mode == "I;16" else mode).convert(mode)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def saved(folder: Path, name: str, save: Callable[[Path], object]) -> bytes:
    """Return what `save` writes to a path."""
    save(folder / name)
    return (folder / name).read_bytes()


def small_model() -> Model:
    ink = InkStatistics(box=2, thin=1.25, thick=3.5, thickest=4.1)
    return make_model("conv2x3/1,4", 1, (4, 3), class_names=("a", "b", "ö"), ink_statistics=ink)


SIZES = {0x08: 1, 0x09: 1, 0x0B: 2, 0x0C: 4, 0x0D: 4, 0x0E: 8}  # bytes of an element, by type code
IDX = [
    *(encoded(np.arange(math.prod(shape), dtype=np.uint8).reshape(shape)) for shape in [(), (3,), (2, 3), (0, 3)]),
    *(encoded(np.zeros(shape, "u1")) for shape in [(3, 28, 28), (1,) * 64, (60, 0, 2), (4, 2, 3)]),
]


def is_idx(body: bytes) -> bool:
    """Return whether it is a complete IDX file of bytes that NumPy can represent, by the definition of the format."""
    if len(body) < 4 or body[:3] != b"\0\0\x08" or not 1 <= body[3] <= 3 or len(body) < 4 + 4 * body[3]:
        return False
    sizes: tuple[int, ...] = struct.unpack_from(f">{body[3]}I", body, 4)
    return math.prod(filter(None, sizes)) <= sys.maxsize and len(body) == 4 + 4 * body[3] + math.prod(sizes)


def check_idx(array: NDArray[Any] | None, body: bytes) -> None:
    if body[:2] != idx.GZIP_MAGIC:
        assert (array is not None) == is_idx(body)
        assert array is None or encoded(array) == body


def check_picture(grey: NDArray[np.float32] | None, body: bytes) -> None:
    if grey is not None:
        assert grey.dtype == np.float32 and grey.ndim == 2
        assert 1 <= min(grey.shape) <= max(grey.shape) <= MAX_SIDE
        assert np.isfinite(grey).all() and grey.min() >= 0 and grey.max() <= 255


def check_model(found: Model | None, body: bytes) -> None:
    if found is not None:
        probabilities = predict(found, np.zeros((2, *found.image_shape), np.uint8))
        assert probabilities.shape == (2, len(found.class_names))
        assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-3)


@dataclass(frozen=True)
class Kind:
    """name: of the file. read: reads it. files: made from the body of a whole one. check: of what was read, if any."""

    name: str
    read: Callable[[Path], Any]
    whole: list[Callable[[Path], bytes]]
    files: Callable[[list[bytes]], Files]
    check: Callable[[Any, bytes], None] = lambda found, body: None


def fixed(*bodies: bytes) -> list[Callable[[Path], bytes]]:
    return [lambda folder, body=body: body for body in bodies]  # type: ignore[misc]


def with_words(words: tuple[bytes, ...], *others: Files) -> Callable[[list[bytes]], Files]:
    return lambda bodies: st.one_of(damaged(bodies, words), *others)


def as_safetensors(bodies: list[bytes]) -> Files:
    """Damage the file, its header or its data."""
    (length,) = struct.unpack_from("<Q", bodies[0])
    header, data = bodies[0][8 : 8 + length], bodies[0][8 + length :]
    headers = st.one_of(damaged_json([header]), damaged([header], MODEL_WORDS))
    parts = st.one_of(st.tuples(headers, st.just(data)), st.tuples(st.just(header), damaged([data])))
    return st.one_of(parts.map(lambda each: struct.pack("<Q", len(each[0])) + each[0] + each[1]), damaged(bodies))


PNGS = [picture_of("PNG", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")]
PICTURES = [
    *(*PNGS, picture_of("PNG", transparency=(1, 2, 3)), picture_of("WEBP"), picture_of("WEBP", "RGBA", lossless=True)),
    *(picture_of(kind, mode) for kind in ("BMP", "GIF") for mode in ("L", "P")),
    *(picture_of("JPEG", mode, progressive=mode == "L") for mode in ("L", "RGB", "CMYK")),
    *(picture_of("TIFF", mode, compression="tiff_lzw") for mode in ("L", "RGBA", "I;16", "CMYK")),
    *(picture_of("TIFF", compression=name) for name in ("raw", "packbits", "tiff_adobe_deflate", "jpeg")),
    picture_of("TIFF", "1", compression="group4"),
]
ZEROS = np.zeros((3, 28, 28), np.uint8)
IMAGES = encoded(ZEROS)
CLASS_NAMES = [b"no\nyes\n", "\ufeffno\r\nお \r\n\r\n".encode()]

KINDS = [
    Kind("plain", idx.load, fixed(*IDX), with_words(IDX_WORDS, idx_files()), check_idx),
    Kind("file.gz", idx.load, fixed(*map(gzip.compress, IDX)), with_words(IDX_WORDS), check_idx),
    Kind(
        "picture",
        lambda path: load_page(io.BytesIO(path.read_bytes()), "it").grey,
        fixed(*PICTURES),
        with_words(PICTURE_WORDS, png_files(PNGS)),
        check_picture,
    ),
    Kind(
        "model.safetensors",
        load_safetensors,
        [lambda folder: saved(folder, "whole", lambda path: save_safetensors(path, small_model(), np.int8))],
        as_safetensors,
        check_model,
    ),
    Kind("class-names.txt", lambda path: read_class_names(path.parent), fixed(*CLASS_NAMES), with_words(JSON_WORDS)),
    Kind(
        "images",
        lambda path: locate_images(path, (28, 28), path.with_name("extracted")),
        fixed(IMAGES, gzip.compress(IMAGES)),
        with_words(IDX_WORDS),
    ),
    Kind(
        "images.npy",
        lambda path: locate_images(path, (28, 28), path.with_name("extracted")),
        fixed(npy(ZEROS), npy(ZEROS, (2, 0)), npy(np.asfortranarray(ZEROS)), npy(ZEROS.astype("f8"))),
        with_words(NPY_WORDS, npy_files()),
    ),
]


@pytest.mark.filterwarnings("ignore")  # Pillow's, in the test
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_damaged_file_is_read_as_what_it_contains_or_refused_in_one_line(kind: Kind, tmp_path: Path) -> None:
    bodies = [make(tmp_path) for make in kind.whole]

    @given(body=kind.files(bodies))
    def check(body: bytes) -> None:
        path, found = tmp_path / kind.name, None
        path.write_bytes(body)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            found = kind.read(path)
            event("read")
        except PipelineError as error:
            event("refused")
            assert "\n" not in str(error)
        assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * UNIT < MEMORY
        kind.check(found, body)

    check()
