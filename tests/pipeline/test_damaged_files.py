"""Damaged and hostile files are refused in one line, or read as what they contain.

Each property compares what a reader returns with the bytes of the file, without the reader's code. `make torture` tries
more files, with the profile `torture` of Hypothesis.
"""

import gzip
import io
import json
import math
import resource
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from pipeline.data import idx
from pipeline.data.dataset import load_description, read_class_names
from pipeline.data.image_files import locate_images
from pipeline.data.ink import InkStatistics
from pipeline.engine.arrays import load_array, open_rows, read_rows
from pipeline.engine.artifacts import MANIFEST, Manifest, find_damage, read_manifest, write_manifest
from pipeline.engine.errors import PipelineError
from pipeline.engine.provenance import Provenance
from pipeline.evaluation.predictions import PREDICTIONS, open_predictions
from pipeline.model.header import format_header
from pipeline.model.model import load_model, save_model
from pipeline.model.prediction import predict
from pipeline.model.safetensors import load_safetensors, save_safetensors
from pipeline.pictures.decoding import MAX_PIXELS, MAX_SIDE, load_picture
from pipeline.scheduling.journal import JOURNAL
from pipeline.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from pipeline.training.history import Epoch, read_history
from tests.pipeline.damage import damaged, damaged_json, npy, npy_files, png_files, read_chunks, zip_files
from tests.pipeline.models import make_model

T = TypeVar("T")
MEMORY = 700_000_000  # bytes: a picture of the largest size takes most of it
UNIT = 1 if sys.platform == "darwin" else 1024  # of the peak memory, in bytes

JSON_WORDS = rb'{ } [ ] " : , null true NaN Infinity 1e999 -0 \ud800'.split()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the damaged files, with a model whose arrays are among them."""
    folder = tmp_path_factory.mktemp("damaged")
    save_model(folder, small_model(), {})
    return folder


def attempt(read: Callable[[], T]) -> T | None:
    """Return the result of `read`, or None if it raises PipelineError with one line. Fail if it takes much memory."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        result = read()
        event("read")
        return result
    except PipelineError as error:
        event("refused")
        assert "\n" not in str(error)
        return None
    finally:
        assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * UNIT < MEMORY


def saved(folder: Path, name: str, save: Callable[[Path], object]) -> bytes:
    """Return what `save` writes to a path."""
    save(folder / name)
    return (folder / name).read_bytes()


def written(folder: Path, name: str, body: bytes) -> Path:
    (folder / name).write_bytes(body)
    return folder / name


def encoded(array: NDArray[np.uint8]) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


IDX_WORDS = (b"\0\0\x08\1", b"\0\0\x08\3", b"\0\0\x0d\2", b"\0\0\0\0", b"\0\0\0\1", b"\xff\xff\xff\xff", b"\1\0\0\0")
IDX = [
    *(encoded(np.arange(math.prod(shape), dtype=np.uint8).reshape(shape)) for shape in [(), (3,), (2, 3), (0, 3)]),
    *(encoded(np.zeros(shape, "u1")) for shape in [(3, 28, 28), (1,) * 64, (60, 0, 2), (4, 2, 3)]),
]


@st.composite
def idx_files(draw: st.DrawFn) -> bytes:
    """A header of any type and sizes, and data of about the length that it states."""
    sizes = draw(st.lists(st.sampled_from((0, 1, 2, 3, 5, 255, 65536, 2**31, 2**32 - 1)), max_size=5))
    code = draw(st.sampled_from((0x08, 0x08, 0x0A, 0x0D)))
    length = math.prod(sizes) + draw(st.sampled_from((0, 0, 0, -1, 1)))
    return struct.pack(f">HBB{len(sizes)}I", 0, code, len(sizes), *sizes) + bytes(max(0, min(length, 5000)))


def is_idx(body: bytes) -> bool:
    """Return whether it is a complete IDX file of bytes that NumPy can represent, by the definition of the format."""
    if len(body) < 4 or body[:3] != b"\0\0\x08" or not 1 <= body[3] <= 3 or len(body) < 4 + 4 * body[3]:
        return False
    sizes = struct.unpack_from(f">{body[3]}I", body, 4)
    return math.prod(filter(None, sizes)) <= sys.maxsize and len(body) == 4 + 4 * body[3] + math.prod(sizes)


def read_located(path: Path) -> NDArray[Any]:
    rows = idx.locate(path)
    return read_rows(rows, 0, len(rows))


@given(body=st.one_of(damaged(IDX, IDX_WORDS), idx_files()))
def test_complete_idx_files_are_read_and_no_others(body: bytes, folder: Path) -> None:
    path = written(folder, "file", body)
    for read in (read_located, idx.load) if body[:2] != idx.GZIP_MAGIC else (read_located,):
        array = attempt(partial(read, path))
        assert (array is not None) == is_idx(body)
        assert array is None or encoded(array) == body


def gunzip(body: bytes) -> bytes | None:
    try:
        return gzip.decompress(body)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return None


GZIPPED = [gzip.compress(body, mtime=0) for body in IDX]
TAILS = (b"", b"", b"\0" * 600, b"\0a", b"\x1f\x8b", GZIPPED[1])


@st.composite
def gzip_files(draw: st.DrawFn) -> bytes:
    """One or two compressed parts of an IDX file, and what may follow."""
    body = draw(st.one_of(damaged(IDX, IDX_WORDS), st.sampled_from(IDX)))
    cut = draw(st.integers(0, len(body)))
    return gzip.compress(body[:cut]) * (cut > 0) + gzip.compress(body[cut:]) + draw(st.sampled_from(TAILS))


@given(body=st.one_of(damaged(GZIPPED), gzip_files()))
def test_complete_gzipped_idx_files_are_read_and_no_others(body: bytes, folder: Path) -> None:
    content = gunzip(idx.GZIP_MAGIC + body[2:])
    path = written(folder, "file.gz", idx.GZIP_MAGIC + body[2:])
    array = attempt(lambda: idx.load(path))
    assert (array is not None) == (content is not None and is_idx(content))
    assert array is None or encoded(array) == content


def picture_of(kind: str, mode: str = "RGB", **options: Any) -> bytes:
    levels = np.random.default_rng(0).integers(0, 256, (12, 17, 4), np.uint8)
    image = Image.fromarray(levels).convert("F" if mode == "I;16" else mode).convert(mode)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


EXIF = b"Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"
PNGS = [picture_of("PNG", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")]
PICTURES = [
    *(*PNGS, picture_of("PNG", transparency=(1, 2, 3)), picture_of("WEBP"), picture_of("WEBP", "RGBA", lossless=True)),
    *(picture_of("BMP", mode) for mode in ("1", "L", "P", "RGB")),
    *(picture_of("GIF", mode) for mode in ("L", "P")),
    *(picture_of("JPEG", mode, progressive=mode == "L", exif=EXIF) for mode in ("L", "RGB", "CMYK")),
    *(picture_of("TIFF", mode, compression="tiff_lzw") for mode in ("L", "RGBA", "I;16", "CMYK")),
    *(picture_of("TIFF", mode, compression="raw") for mode in ("F", "RGB")),
    *(picture_of("TIFF", compression=name) for name in ("packbits", "tiff_adobe_deflate", "jpeg")),
    picture_of("TIFF", "1", compression="group4"),
]
PICTURE_WORDS = (
    *(b"\x89PNG\r\n\x1a\n", b"IHDR", b"IDAT", b"IEND", b"PLTE", b"tRNS", b"acTL", b"fcTL", b"fdAT", b"iCCP", b"eXIf"),
    *(b"GIF89a", b"\x21\xf9\x04", b"\x2c", b"\x3b", b"BM", b"RIFF", b"WEBPVP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM"),
    *(b"\xff\xd8\xff", b"\xff\xc0", b"\xff\xc2", b"\xff\xc4", b"\xff\xda", b"\xff\xd9", b"\xff\xe1", b"Exif\0\0"),
    *(b"II*\0", b"MM\0*", b"II+\0", b"\x00\x01\x03\x00", b"\x03\x01\x03\x00", b"\x11\x01\x04\x00", b"\x1a\x01\x05\x00"),
)


@pytest.mark.filterwarnings("ignore")  # Pillow's, in the test
@given(body=st.one_of(damaged(PICTURES, PICTURE_WORDS), png_files(PNGS)))
def test_pictures_have_levels_in_range_and_correct_checksums(body: bytes) -> None:
    grey = attempt(lambda: load_picture(io.BytesIO(body), "it")[0])
    if grey is None:
        return
    assert grey.dtype == np.float32 and grey.ndim == 2
    assert 1 <= min(grey.shape) <= max(grey.shape) <= MAX_SIDE
    assert np.isfinite(grey).all() and grey.min() >= 0 and grey.max() <= 255
    with Image.open(io.BytesIO(body)) as image:
        assert image.width * image.height <= MAX_PIXELS
        if image.format == "PNG":
            chunks = list(read_chunks(body + bytes(4)))  # Pillow does not read the last checksum
            end = next(index for index, (kind, _, _) in enumerate(chunks) if kind == b"IEND")
            assert all(correct for _, _, correct in chunks[:end])


PROVENANCE = Provenance(
    "train", {"learning_rate": 0.001, "seed": 3, "ema_decay": None}, {"normalize": "0f" * 32}, {}, {"numpy": "2.4.6"}
)
OUTPUTS = {"deeper/weights.npy": {"sha256": "4f" * 32, "bytes": 3200, "unhashed": True}}
MADE = Manifest(PROVENANCE, OUTPUTS, "2026-01-02T03:04:05+00:00", 26.5, "99.2% of the validation images")


@pytest.fixture(scope="module")
def manifest(folder: Path) -> bytes:
    return saved(folder, MANIFEST, lambda path: write_manifest(path.parent, MADE))


def contains(content: Any, part: Any) -> bool:
    """Return whether `content` has all keys and values of `part`, with bools where it has bools."""
    if isinstance(content, dict) and isinstance(part, dict):
        return all(name in content and contains(content[name], value) for name, value in part.items())
    if isinstance(content, list) and isinstance(part, list):
        return len(content) == len(part) and all(map(contains, content, part))
    return bool(content == part) and isinstance(content, bool) == isinstance(part, bool)


def known(content: Any, after: Any) -> Any:
    """Return `content` without the keys that `after` does not have."""
    if not (isinstance(content, dict) and isinstance(after, dict)):
        return content
    return {name: known(value, after[name]) for name, value in content.items() if name in after}


@given(data=st.data())
def test_manifest_is_that_in_the_file_and_names_only_files_in_its_folder(
    data: st.DataObject, manifest: bytes, folder: Path
) -> None:
    body = data.draw(damaged_json([manifest]))
    path = written(folder, MANIFEST, body)
    found = attempt(lambda: read_manifest(folder))
    if found is None:
        return
    for name, facts in found.outputs.items():
        file = Path(*(part for part in Path(folder / name).parts if part != "."))
        assert file != folder and file.is_relative_to(folder) and ".." not in file.parts
        assert type(facts["bytes"]) is int and facts["bytes"] >= 0
        assert len(facts["sha256"]) == 64 and int(facts["sha256"], 16) >= 0
    assert type(found.seconds) in (int, float) and found.seconds >= 0
    assert len(found.digest) == len(found.provenance.key) == 64 and found.when
    assert len(find_damage(folder, found)) == len(found.outputs)  # no file exists
    write_manifest(folder, found)
    assert contains(json.loads(body), json.loads(path.read_bytes()))
    assert read_manifest(folder) == found


FLOATS = np.random.default_rng(0).normal(size=(4, 6)).astype(np.float32)
MORE = (FLOATS[:0], FLOATS[:, :1], np.asfortranarray(FLOATS), FLOATS.astype(">f4"), FLOATS.astype("f8"), FLOATS[0])
ARRAYS = [npy(FLOATS), npy(FLOATS, (2, 0)), npy(FLOATS, (3, 0)), *map(npy, MORE)]
NPY_WORDS = (
    *(b"\x93NUMPY\1\0", b"\x93NUMPY\2\0", b"\x93NUMPY\3\0", b"'descr': ", b"'shape': ", b"'fortran_order': ", b"True"),
    *(b"'<f4'", b"'>f4'", b"'|u1'", b"'|O'", b"'|V4'", b"'<f8'", b"[('a', '<f4')]", b"(3L,)", b"(-1,)", b"(2, 3)"),
    *(b"9" * 30, b"(" * 300, b"-" * 300, b"{", b"}", b"0x3", b"1_0", b"3.0", b"'\\d'", b"b'<f4'", b"#"),
    *(b"\0\0\xc0\x7f", b"\0\0\x80\xff", b"\0\x7e"),  # NaN and infinity
)


def npy_data(body: bytes) -> bytes:
    """Return the data after the header of a `.npy` file, by the definition of the format."""
    form, start = ("<H", 10) if body[6] == 1 else ("<I", 12)
    return body[start + struct.unpack_from(form, body, 8)[0] :]


@given(body=st.one_of(damaged(ARRAYS, NPY_WORDS), npy_files()))
def test_array_is_all_data_after_the_header(body: bytes, folder: Path) -> None:
    path = written(folder, "a.npy", body)
    array = attempt(lambda: load_array(path, np.float32, (None, None)))
    rows = attempt(lambda: open_rows(path, np.float32, (None, None)))
    if array is None:
        assert rows is None
        return
    assert array.dtype == np.dtype("<f4") and array.ndim == 2 and not array.flags.writeable
    columns_first = not array.flags.c_contiguous
    assert array.tobytes("F" if columns_first else "C") == npy_data(body)
    assert np.array_equal(np.load(io.BytesIO(body), allow_pickle=False), array, equal_nan=True)
    assert (rows is None) == columns_first
    if rows is not None:
        assert rows.shape == array.shape
        assert read_rows(rows, 0, len(rows)).tobytes() == array.tobytes()


INK = InkStatistics(box=2, thin=1.25, thick=3.5, thickest=4.1)
MODEL_WORDS = (*JSON_WORDS, b"conv2x3/1,4", b" conv2x3/1 ", b"conv2", b"x3", b"/1", b",4", b"1000001")


def small_model(networks: int = 1, **parts: Any) -> Any:
    return make_model("conv2x3/1,4", networks, (4, 3), class_names=("a", "b", "ö"), ink_statistics=INK, **parts)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model of one network, with the arrays of a model of two."""
    folder = tmp_path_factory.mktemp("model")
    for networks in (2, 1):
        save_model(folder, small_model(networks), {"recipe": "none"})
    (folder / "whole.json").write_bytes((folder / "model.json").read_bytes())
    return folder


@given(data=st.data())
def test_model_is_that_in_the_file_and_predicts_probabilities(data: st.DataObject, model: Path) -> None:
    whole = (model / "whole.json").read_bytes()
    two = json.dumps({**json.loads(whole), "ensemble_size": 2, "loss": "quadratic"}).encode()
    body = data.draw(st.one_of(damaged_json([whole, two]), damaged_json([whole]), damaged([whole], MODEL_WORDS)))
    path = written(model, "model.json", body)
    found = attempt(lambda: load_model(model))
    if found is not None:
        content = json.loads(body)
        save_model(model, found, content.get("training"))
        after = json.loads(path.read_bytes())
        assert contains(after, known(content, after))
        probabilities = predict(found, np.zeros((2, *found.image_shape), np.float32))
        assert probabilities.shape == (2, len(found.class_names))
        assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-3)


WEIGHTS = small_model().parameters[0].layers[0][0]


@given(body=st.one_of(damaged([npy(WEIGHTS), npy(WEIGHTS * np.float32("inf"))], NPY_WORDS), npy_files()))
def test_weights_are_those_in_the_file_and_finite(body: bytes, folder: Path) -> None:
    written(folder, "layer-1-weights.npy", body)
    found = attempt(lambda: load_model(folder))
    if found is not None:
        array = found.parameters[0].layers[0][0]
        assert array.shape == WEIGHTS.shape and np.isfinite(array).all()
        assert npy_data(body) in (array.tobytes(), array.tobytes("F"))


@pytest.fixture(scope="module")
def safetensors(folder: Path) -> list[bytes]:
    """Exported models: of one network with a negative class, in 16 bits, and of two."""

    def save(path: Path, networks: int) -> None:
        model = small_model(networks, negative_class=networks == 1)
        save_safetensors(path, model, np.float16 if networks == 1 else np.float32)

    return [saved(folder, "whole.safetensors", partial(save, networks=networks)) for networks in (1, 2)]


def split_safetensors(body: bytes) -> tuple[bytes, bytes]:
    """Return the header and the data."""
    (length,) = struct.unpack_from("<Q", body)
    return body[8 : 8 + length], body[8 + length :]


@given(data=st.data())
def test_parameters_of_safetensors_are_those_in_the_file(
    data: st.DataObject, safetensors: list[bytes], folder: Path
) -> None:
    whole = data.draw(st.sampled_from(safetensors))
    header, numbers = split_safetensors(whole)
    headers = st.one_of(damaged_json([header]), damaged([header], MODEL_WORDS)).map(lambda each: (each, numbers))
    parts = st.one_of(headers, damaged([numbers, b"\xff" * len(numbers)]).map(lambda each: (header, each)))
    joined = parts.map(lambda each: struct.pack("<Q", len(each[0])) + each[0] + each[1])
    body = data.draw(st.one_of(joined, joined, damaged([whole])))
    found = attempt(lambda: load_safetensors(written(folder, "model.safetensors", body)))
    if found is None:
        return
    text, numbers = split_safetensors(body)
    arrays = json.loads(text)
    metadata = arrays.pop("__metadata__")
    header = json.loads(format_header(found.header))
    assert contains(header, known(json.loads(metadata["model"]), header))
    kinds = {"F16": "<f2", "F32": "<f4"}
    stored = [np.frombuffer(numbers[slice(*each["data_offsets"])], kinds[each["dtype"]]) for each in arrays.values()]
    flat = np.concatenate([parameters.flat for parameters in found.parameters])
    assert np.isfinite(flat).all() and sorted(flat) == sorted(np.concatenate(stored, dtype=np.float32))
    assert predict(found, np.zeros((2, *found.image_shape), np.uint8)).shape == (2, len(found.class_names))


ROWS = [Epoch(1, 2.5, 0.25, 0.5, 0.001, 1.25), Epoch(2, 1.5, 0.75, 1.0, 1e-05, 1.125)]
CHECKPOINTS = [Checkpoint(FLOATS, FLOATS[0] + 1, ROWS, "it"), Checkpoint(FLOATS.astype(float), FLOATS[0] + 1.0, ROWS)]


@pytest.fixture(scope="module")
def checkpoints(folder: Path) -> list[bytes]:
    return [saved(folder, "one.npz", partial(save_checkpoint, checkpoint=each)) for each in CHECKPOINTS]


@given(data=st.data())
def test_checkpoint_has_correct_checksums_and_matching_arrays(
    data: st.DataObject, checkpoints: list[bytes], folder: Path
) -> None:
    with zipfile.ZipFile(io.BytesIO(checkpoints[0])) as archive:
        whole = {name: archive.read(name) for name in archive.namelist()}
    changed = data.draw(st.sampled_from(list(whole)))
    members = {name: st.just(member) for name, member in whole.items()}
    member = damaged([whole[changed]], NPY_WORDS)
    members[changed] = st.one_of(member, member, npy_files())
    archives = zip_files(members)
    body = data.draw(st.one_of(damaged(checkpoints, (b"PK\1\2", b"PK\3\4")), archives, archives))
    path = written(folder, "one.npz", body)
    found = attempt(lambda: load_checkpoint(path))
    if found is None:
        return
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        for name, array in (("state", found.state), ("best", found.best)):
            assert npy_data(archive.read(f"{name}.npy")) in (array.tobytes(), array.tobytes("F"))
    assert found.history and found.state.ndim == 2 and found.best.shape == found.state.shape[1:]
    save_checkpoint(path, found)
    again = load_checkpoint(path)
    assert again is not None and list(again.history) == list(found.history)
    assert again.state.tobytes() == found.state.tobytes() and again.best.tobytes() == found.best.tobytes()


IMAGES = encoded(np.zeros((3, 28, 28), np.uint8))
HISTORY = b"network,epoch,loss,train_accuracy,validation_accuracy,learning_rate,seconds\n1,1,2.5,0.2,0.5,0.001,1.5\n"
JOURNALS = [b'["it", ["predictions.npy"], 20, 10]\n0 5\n10 15\n']
OTHERS: dict[str, tuple[Callable[[Path], object], list[bytes]]] = {
    "class-names.txt": (lambda path: read_class_names(path.parent), [b"no\nyes\n", "\ufeffno\r\nお \r\n\r\n".encode()]),
    "dataset.json": (lambda path: load_description(path.parent), [b'{"name": "letters", "class_names": ["a", "b"]}']),
    "history.csv": (read_history, [HISTORY]),
    "images": (lambda path: locate_images(path, (28, 28), path.with_name("plain")), [IMAGES, gzip.compress(IMAGES)]),
    JOURNAL: (lambda path: open_predictions(path.parent, [PREDICTIONS], 20, 10, "it"), JOURNALS),
}


@given(data=st.data())
@pytest.mark.parametrize("name", OTHERS)
def test_other_files_are_read_or_refused(name: str, data: st.DataObject, folder: Path) -> None:
    read, bodies = OTHERS[name]
    path = written(folder, name, data.draw(damaged(bodies, (*JSON_WORDS, b"\n", b"\xef\xbb\xbf", b"9" * 5000))))
    attempt(lambda: read(path))
