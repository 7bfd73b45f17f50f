"""Fuzz targets for the readers of data sets."""

import gzip
import io
import json
import math
import random
import re
import struct
import sys
import zlib
from pathlib import Path
from typing import Any
from unicodedata import category

import numpy as np
from numpy.typing import NDArray

from pipeline.data import idx
from pipeline.data.dataset import Description, load_description, read_class_names, save_description
from pipeline.data.image_files import locate_images
from pipeline.engine.arrays import read_rows
from tests.torture.mutations import mixed, mutate_gzip, mutate_json
from tests.torture.targets import Target, scratch, try_read, write

SIZES = {0x08: 1, 0x09: 1, 0x0B: 2, 0x0C: 4, 0x0D: 4, 0x0E: 8}  # bytes of an element, by type code
IDX_WORDS = (b"\0\0\x08\1", b"\0\0\x08\3", b"\0\0\x0d\2", b"\0\0\0\0", b"\0\0\0\1", b"\xff\xff\xff\xff", b"\1\0\0\0")
GZIP_WORDS = (b"\x1f\x8b\x08", b"\x1f\x8b\x08\x04", b"\x1f\x8b\x08\x08", b"\0\0\xff\xff", b"\3\0\0\0\0\0\0\0\0\0")


def encoded(array: NDArray[Any]) -> bytes:
    stream = io.BytesIO()
    idx.write(stream, array)
    return stream.getvalue()


def is_idx(body: bytes) -> bool:
    """Return whether it is a complete IDX file that NumPy can represent, by the definition of the format."""
    if len(body) < 4 or body[:2] != b"\0\0" or body[2] not in SIZES or body[3] > 64 or len(body) < 4 + 4 * body[3]:
        return False
    sizes = struct.unpack_from(f">{body[3]}I", body, 4)
    addressable = math.prod(filter(None, sizes)) * SIZES[body[2]] <= sys.maxsize
    return addressable and len(body) == 4 + 4 * body[3] + int(math.prod(sizes)) * SIZES[body[2]]


def read_located(path: Path) -> NDArray[Any]:
    """Read a plain IDX file by locating its array."""
    rows = idx.locate(path)
    return read_rows(rows, 0, len(rows)) if rows.shape else idx.load(path)


def check_idx(body: bytes) -> bool:
    """Complete IDX files are accepted, and no others, by every way of reading; writing gives the same bytes."""
    path = write("file", body)
    valid = is_idx(body)
    arrays = [try_read(lambda: read_located(path))]
    if body[:2] != idx.GZIP_MAGIC:
        arrays.append(try_read(lambda: idx.load(path)))
    for array in arrays:
        assert (array is not None) == valid
        assert array is None or encoded(array) == body
    return valid


def gunzip(body: bytes) -> bytes | None:
    """Return the content of a gzip file, or None if it is damaged."""
    try:
        return gzip.decompress(body)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return None


def check_gzip(body: bytes) -> bool:
    """Gzip files of complete IDX files are accepted, and no others; writing gives the same content."""
    if body[:2] != idx.GZIP_MAGIC:
        body = idx.GZIP_MAGIC + body[2:]
    content = gunzip(body)
    valid = content is not None and is_idx(content)
    array = try_read(lambda: idx.load(write("file.gz", body)))
    assert (array is not None) == valid
    assert array is None or encoded(array) == content
    return valid


def idx_seeds() -> list[bytes]:
    generator = np.random.default_rng(0)
    arrays = [
        *(generator.integers(0, 9, shape).astype(">i4") for shape in [(), (3,), (2, 3), (0, 3), (1, 2, 2, 1)]),
        *(generator.integers(0, 9, (5, 2)).astype(kind) for kind in ("u1", "i1", ">i2", ">f4", ">f8")),
        *(generator.integers(0, 255, (3, 28, 28)).astype("u1"), np.zeros((1,) * 64, "u1"), np.zeros((60, 0, 2), "u1")),
    ]
    return [encoded(array) for array in arrays]


def gzip_seeds() -> list[bytes]:
    return [gzip.compress(body, level, mtime=0) for body in idx_seeds() for level in (1, 9)]


def mutate_idx(body: bytes, generator: random.Random) -> bytes:
    """Change the type and the sizes, and often the length of the data to match."""
    sizes = [
        generator.choice((0, 1, 2, 3, 5, generator.choice((255, 65536, 2**31, 2**32 - 1)))) for _ in range(body[3])
    ]
    code = generator.choice((*SIZES, body[2], 0x0A))
    length = math.prod(sizes) * SIZES.get(code, 1) + generator.choice((0, 0, 0, -1, 1))
    data = body[4 + 4 * body[3] :] * (1 + min(length, 5000) // max(1, len(body)))
    return struct.pack(f">HBB{len(sizes)}I", 0, code, body[3], *sizes) + data[: max(0, length)]


def check_images(body: bytes) -> bool:
    """All images are at the located position, in every file format."""
    path, unpacked = write("images", body), scratch() / "images-unpacked"
    unpacked.unlink(missing_ok=True)
    rows = try_read(lambda: locate_images(path, (2, 3), unpacked))
    if rows is None:
        return False
    images = read_rows(rows, 0, len(rows))
    assert images.dtype == np.uint8 and images.shape[1:] == (2, 3)
    if body.startswith(b"\x93NUMPY"):
        assert np.array_equal(np.load(io.BytesIO(body), allow_pickle=False), images)
        assert body.endswith(images.tobytes())
    else:
        assert encoded(images) == body
    return True


def images_seeds() -> list[bytes]:
    images = np.arange(24, dtype=np.uint8).reshape(4, 2, 3)
    file = io.BytesIO()
    np.save(file, images)
    return [encoded(images), encoded(images[:0]), file.getvalue()]


def check_dataset(body: bytes) -> bool:
    """A description equals the document and survives a round trip."""
    folder = write("dataset.json", body).parent
    found = try_read(lambda: load_description(folder))
    if found is None:
        return False
    content = json.loads(body)
    assert isinstance(content["name"], str) and isinstance(content["class_names"], list)
    assert all(isinstance(name, str) for name in content["class_names"])
    assert found == Description(content["name"], tuple(content["class_names"]))
    save_description(folder, found)
    assert load_description(folder) == found
    return True


def dataset_seeds() -> list[bytes]:
    descriptions = [{"name": "letters", "class_names": ["a", "お", "T-shirt/top"]}, {"name": "", "class_names": []}]
    return [json.dumps(description, ensure_ascii=False).encode() for description in descriptions]


def check_class_names(body: bytes) -> bool:
    """Each line is a unique name of printable characters."""
    path = write("class-names.txt", body)
    names = try_read(lambda: read_class_names(path.parent))
    if names is None:
        return False
    assert names and all(name and name == name.strip() for name in names)
    assert not any(category(each)[0] == "C" or category(each) in ("Zl", "Zp") for each in "".join(names))
    assert len(set(names)) == len(names)
    lines = re.split("\r\n|\r|\n", body.removeprefix(b"\xef\xbb\xbf").decode().rstrip())
    assert [line.strip() for line in lines] == list(names)
    path.write_text("\n".join(names), encoding="utf-8")
    assert read_class_names(path.parent) == names
    return True


def class_names_seeds() -> list[bytes]:
    return [b"no\nyes\n", b"\xef\xbb\xbfno\r\n yes \r\n\r\n", "お\nT-shirt/top, small".encode()]


JSON_WORDS = tuple(rb'{ } [ ] " : , null true NaN Infinity 1e999 -0 \ud800'.split())
LINE_WORDS = (b"\n", b"\r\n", b"\xef\xbb\xbf", b"\xc2\x85", b"\0")

TARGETS = {
    "idx": Target(check_idx, idx_seeds, mixed(mutate_idx, IDX_WORDS), IDX_WORDS),
    "gzip": Target(check_gzip, gzip_seeds, mixed(mutate_gzip, GZIP_WORDS), GZIP_WORDS),
    "images": Target(check_images, images_seeds, mixed(mutate_idx, IDX_WORDS), IDX_WORDS),
    "dataset": Target(check_dataset, dataset_seeds, mixed(mutate_json, JSON_WORDS), JSON_WORDS),
    "class-names": Target(check_class_names, class_names_seeds, words=LINE_WORDS),
}
