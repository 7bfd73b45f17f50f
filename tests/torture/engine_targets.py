"""Fuzz targets for the readers of manifests, arrays and partial predictions."""

import hashlib
import io
import json
import math
import random
import struct
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.engine.arrays import load_array, open_rows, read_rows, save_array
from pipeline.engine.artifacts import (
    MANIFEST,
    Manifest,
    check_result,
    find_artifact,
    find_damage,
    read_manifest,
    write_manifest,
)
from pipeline.engine.provenance import Provenance
from pipeline.evaluation.predictions import PREDICTIONS, open_predictions
from pipeline.scheduling.journal import JOURNAL
from tests.torture.data_targets import JSON_WORDS
from tests.torture.mutations import NUMBERS, mixed, mutate_json
from tests.torture.targets import Target, scratch, try_read, write, written

FIELDS = {"stage", "parameters", "inputs", "code", "environment", "outputs", "created", "seconds", "summary"}
EXAMPLE = Manifest(
    Provenance(
        "train",
        {"recipe": "standard", "layers": "512", "learning_rate": 0.001, "ema_decay": None, "augment_fraction": True},
        {"normalize": "0f" * 32},
        {"stages/train.py": "1f" * 32, "pipeline/network/network.py": "2f" * 32},
        {"python": "3.11", "numpy": "2.4.6"},
    ),
    {
        "model.json": {"sha256": "3f" * 32, "bytes": 2, "unhashed": True},
        "deeper/layer-1-weights.npy": {"sha256": "4f" * 32, "bytes": 3200, "dtype": "float32", "shape": [20, 40]},
    },
    "2026-01-02T03:04:05+00:00",
    26.5,
    "99.2% of the validation images",
)


def manifest_seeds() -> list[bytes]:
    body = written(MANIFEST, lambda path: write_manifest(path.parent, EXAMPLE))
    return [body, json.dumps({**json.loads(body), "outputs": {}, "inputs": {}, "parameters": {}}).encode()]


def check_manifest(body: bytes) -> bool:
    """A manifest equals the document, names only files in its folder, and survives a round trip."""
    path, folder = write(MANIFEST, body), scratch()
    manifest = try_read(lambda: read_manifest(folder))
    found = try_read(lambda: find_artifact(folder, "train"))
    if manifest is None:
        assert found is None
        assert check_result(folder, EXAMPLE.provenance) == check_result(folder, EXAMPLE.provenance, every=True)
        return False
    assert found == (manifest if manifest.provenance.stage == "train" else None)
    content = json.loads(body)
    assert content.keys() >= FIELDS
    for name, facts in manifest.outputs.items():
        file = Path(*(part for part in Path(folder / name).parts if part != "."))
        assert file != folder and file.is_relative_to(folder) and ".." not in file.parts
        assert type(facts["bytes"]) is int and facts["bytes"] >= 0
        assert len(facts["sha256"]) == 64 and int(facts["sha256"], 16) >= 0
    assert type(manifest.seconds) in (int, float) and manifest.seconds >= 0
    assert len(manifest.digest) == len(manifest.provenance.key) == 64 and manifest.when
    assert len(find_damage(folder, manifest)) == len(manifest.outputs)  # no file exists
    known, reasons = check_result(folder, EXAMPLE.provenance)
    assert known == manifest and all(str(reason) for reason in reasons)
    write_manifest(folder, manifest)
    assert contains(content, json.loads(path.read_bytes()))
    assert read_manifest(folder) == manifest
    return True


def contains(content: Any, part: Any) -> bool:
    """Return whether `content` has all keys and values of `part`; it may have more keys."""
    if isinstance(content, dict) and isinstance(part, dict):
        return all(name in content and contains(content[name], value) for name, value in part.items())
    return bool(content == part)


NPY_WORDS = (
    *(b"\x93NUMPY\1\0", b"\x93NUMPY\2\0", b"\x93NUMPY\3\0", b"'descr': ", b"'shape': ", b"'fortran_order': ", b"True"),
    *(b"'<f4'", b"'>f4'", b"'|u1'", b"'|O'", b"'|V4'", b"'<f8'", b"[('a', '<f4')]", b"(3L,)", b"(-1,)", b"(2, 3)"),
    *(b"9" * 30, b"(" * 300, b"-" * 300, b"{", b"}", b"0x3", b"1_0", b"3.0", b"'\\d'", b"b'<f4'", b"#"),
)


def npy(array: np.ndarray[Any, Any], version: tuple[int, int] | None = None) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version)
    return file.getvalue()


def npy_seeds() -> list[bytes]:
    floats = np.random.default_rng(0).normal(size=(4, 6)).astype(np.float32)
    arrays = [floats, floats[:0], floats[:, :1], np.asfortranarray(floats), floats.astype(">f4"), floats.astype("f8")]
    return [*(npy(array) for array in arrays), npy(floats, (2, 0)), npy(floats, (3, 0)), npy(floats[0])]


def mutate_npy(body: bytes, generator: random.Random) -> bytes:
    """Write a well-formed header with another shape or type, and data of about the matching length."""
    shape = tuple(
        generator.choice((0, 1, 2, 4, 6, -1, generator.choice(NUMBERS))) for _ in range(generator.randrange(4))
    )
    descr = generator.choice(("<f4", "<f4", "<f4", ">f4", "<f8", "|u1", "|O", "<U4", "|V4"))
    header = repr({"descr": descr, "fortran_order": generator.random() < 0.3, "shape": shape}).encode()
    header += b" " * generator.choice((0, 1, 53, 100)) + b"\n"
    length = min(5000, max(0, math.prod(shape) * 4 + generator.choice((0, 0, 0, -1, 1, 8))))
    data = (body[-96:] * (1 + length // 96))[:length]
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + data


def npy_data(body: bytes) -> bytes:
    """Return the data after the header of a `.npy` file, by the definition of the format."""
    form, start = ("<H", 10) if body[6] == 1 else ("<I", 12)
    return body[start + struct.unpack_from(form, body, 8)[0] :]


def check_array(body: bytes) -> bool:
    """The array equals all data after the header, by every way of reading."""
    path = write("a.npy", body)
    array = try_read(lambda: load_array(path, np.float32, (None, None)))
    rows = try_read(lambda: open_rows(path, np.float32, (None, None)))
    if array is None:
        assert rows is None
        return False
    assert array.dtype == np.dtype("<f4") and array.ndim == 2 and not array.flags.writeable
    columns_first = not array.flags.c_contiguous
    assert array.tobytes("F" if columns_first else "C") == npy_data(body)
    assert np.array_equal(np.load(io.BytesIO(body), allow_pickle=False), array, equal_nan=True)
    if rows is None:
        assert columns_first
    else:
        assert rows.shape == array.shape
        assert read_rows(rows, 0, len(rows)).tobytes() == array.tobytes()
    return True


LABELS = np.arange(20, dtype=np.uint8) % 10
HEAD = hashlib.sha256(b'["it", ["predictions.npy"], 20, 10]').hexdigest().encode()


def check_predictions(body: bytes) -> bool:
    """Only blocks in a journal with the right key count as done; the file always has the full length."""
    folder = scratch() / "predictions"
    folder.mkdir(exist_ok=True)
    save_array(folder / f".{PREDICTIONS}", LABELS)
    (folder / JOURNAL).write_bytes(body)
    predictions = open_predictions(folder, [PREDICTIONS], 20, 10, "it")
    assert len(predictions.files[PREDICTIONS]) == 20
    if not predictions.done:
        return False
    assert body.startswith(HEAD)
    for interval in predictions.done:
        for number in interval:
            assert f"{number}".encode() in body
    return True


def predictions_seeds() -> list[bytes]:
    lines = [f"[{at}, {at + 5}]\n".encode() for at in (0, 10, 15)]
    return [HEAD + b"\n" + b"".join(lines), HEAD + b"\n"]


JOURNAL_WORDS = (b" ", b"\n", b"\r", b"-1", b"20", b"21", b"9" * 30, b"9" * 5000, b"[0, 5]", b"\0", b"1e999", b"null")

TARGETS = {
    "manifest": Target(check_manifest, manifest_seeds, mixed(mutate_json, JSON_WORDS), JSON_WORDS),
    "array": Target(check_array, npy_seeds, mixed(mutate_npy, NPY_WORDS), NPY_WORDS),
    "predictions": Target(check_predictions, predictions_seeds, words=JOURNAL_WORDS),
}
