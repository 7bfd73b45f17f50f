"""Fuzz targets for the readers of models, checkpoints and histories."""

import io
import json
import random
import struct
import zipfile
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.data.ink import InkStatistics
from pipeline.model.model import list_files, load_model, name_arrays, save_model
from pipeline.model.prediction import predict
from pipeline.model.safetensors import load_safetensors, save_safetensors
from pipeline.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from pipeline.training.history import Row
from tests.pipeline.models import make_model
from tests.torture.data_targets import JSON_WORDS
from tests.torture.engine_targets import NPY_WORDS, mutate_npy, npy_data
from tests.torture.mutations import mixed, mutate, mutate_json, mutate_zip
from tests.torture.targets import Target, scratch, try_read, write, written

ROWS = [Row(1, 2.5, 0.25, 0.5, 0.001, 1.25), Row(2, 1.5, 0.75, 1.0, 1e-05, 1.125)]


@cache
def _prepared() -> bytes:
    """Return the description of a model of one network; save its arrays and those of a model of two."""
    ink_statistics = InkStatistics(box=2, thin=1.25, thick=3.5, thickest=4.1)
    for histories in (2, 1):
        model = make_model("conv2x3/1,4", histories, (4, 3), class_names=("a", "b", "ö"), ink_statistics=ink_statistics)
        save_model(scratch(), model, {"recipe": "none"})
    return (scratch() / "model.json").read_bytes()


def model_seeds() -> list[bytes]:
    one = _prepared()
    return [one, json.dumps({**json.loads(one), "ensemble_size": 2, "loss": "quadratic"}).encode()]


def plain(value: Any) -> Any:
    """Replace bools, so that True does not equal 1 (while 1.0 may)."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return f"bool {value}" if isinstance(value, bool) else value


def agree(content: Any, written: Any) -> bool:
    """Return whether the values of all names that both have are equal; there are defaults for missing ones."""
    if isinstance(content, dict) and isinstance(written, dict):
        return all(agree(content[name], written[name]) for name in content.keys() & written.keys())
    return bool(content == written)


def check_model(body: bytes) -> bool:
    """A model equals the document and predicts probabilities."""
    _prepared()
    folder = write("model.json", body).parent
    model = try_read(lambda: load_model(folder))
    if model is None:
        return False
    content = json.loads(body)
    save_model(folder, model, content.get("training"))
    written = json.loads((folder / "model.json").read_bytes())
    assert agree(plain(content), plain(written))
    assert all(np.isfinite(array).all() for array in name_arrays(model, list_files).values())
    probabilities = predict(model, np.zeros((2, *model.image_shape), np.float32))
    assert probabilities.shape == (2, len(model.class_names))
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-3)
    return True


def check_weights(body: bytes) -> bool:
    """The weights of a layer are the values in the file, all finite."""
    write("model.json", _prepared())
    write("layer-1-weights.npy", body)
    model = try_read(lambda: load_model(scratch()))
    if model is None:
        return False
    weights = model.parameters[0].layers[0][0]
    assert weights.shape == (2, 1, 3, 3) and np.isfinite(weights).all()
    assert npy_data(body) in (weights.tobytes(), weights.tobytes("F"))
    return True


def weights_seeds() -> list[bytes]:
    _prepared()
    return [(scratch() / "layer-1-weights.npy").read_bytes()]


def safetensors_seeds() -> list[bytes]:
    def save(path: Path, size: int) -> None:
        model = make_model("conv2x3/1,4", size, (4, 3), class_names=("a", "b", "ö"), negative_class=size == 1)
        save_safetensors(path, model, np.float16 if size == 1 else np.float32)

    return [written("model.safetensors", partial(save, size=size)) for size in (1, 2)]


def split_safetensors(body: bytes) -> tuple[bytes, bytes]:
    """Return the header and the data."""
    (length,) = struct.unpack_from("<Q", body)
    return body[8 : 8 + length], body[8 + length :]


def mutate_header(body: bytes, generator: random.Random) -> bytes:
    header, data = split_safetensors(body)
    header = mutate_json(header, generator) if generator.random() < 0.5 else mutate(header, generator, MODEL_WORDS)
    return struct.pack("<Q", len(header)) + header + data


def check_safetensors(body: bytes) -> bool:
    """The parameters are the arrays in the file, all finite, and the other values are in its header."""
    model = try_read(lambda: load_safetensors(write("model.safetensors", body)))
    if model is None:
        return False
    text, data = split_safetensors(body)
    header = json.loads(text)
    about = json.loads(header.pop("__metadata__")["model"])
    assert (about["layers"], about["dataset"]) == (model.layers, model.dataset)
    assert (about["class_names"], about.get("temperature", 1)) == (list(model.class_names), model.temperature)

    def place(name: str) -> list[tuple[int, str]]:
        return [(int(part), "") if part.isdigit() else (-ord(part[0]), part) for part in name.split(".")]

    stored = [
        np.frombuffer(data[slice(*header[name]["data_offsets"])], {"F16": "<f2", "F32": "<f4"}[header[name]["dtype"]])
        for name in sorted(header, key=place)
    ]
    flat = np.concatenate([parameters.flat for parameters in model.parameters])
    assert np.isfinite(flat).all() and np.array_equal(flat, np.concatenate(stored, dtype=np.float32))
    assert predict(model, np.zeros((2, *model.image_shape), np.uint8)).shape == (2, len(model.class_names))
    return True


def checkpoint_seeds() -> list[bytes]:
    state = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
    single, double = Checkpoint(state, state[0] + 1, ROWS), Checkpoint(state.astype(float), state[0] + 1.0, ROWS[:1])
    return [written("one.npz", partial(save_checkpoint, checkpoint=each)) for each in (single, double)]


def check_checkpoint(body: bytes) -> bool:
    """A checkpoint has arrays of matching shapes and a history, with correct checksums, and survives a round trip."""
    path = write("one.npz", body)
    found = load_checkpoint(path)
    if found is None:
        return False
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        for name, array in (("state", found.state), ("best", found.best)):
            assert npy_data(archive.read(f"{name}.npy")) in (array.tobytes(), array.tobytes("F"))
    assert found.state.ndim == 2 and found.best.shape == found.state.shape[1:]
    assert found.history
    save_checkpoint(path, found)
    again = load_checkpoint(path)
    assert again is not None and list(again.history) == list(found.history)
    assert again.state.tobytes() == found.state.tobytes() and again.best.tobytes() == found.best.tobytes()
    return True


MODEL_WORDS = (*JSON_WORDS, b"conv2x3/1,4", b" conv2x3/1 ", b"conv2", b"x3", b"/1", b",4", b"1000001")

TARGETS = {
    "model": Target(check_model, model_seeds, mixed(mutate_json, MODEL_WORDS), MODEL_WORDS),
    "weights": Target(check_weights, weights_seeds, mixed(mutate_npy, NPY_WORDS), NPY_WORDS),
    "safetensors": Target(check_safetensors, safetensors_seeds, mixed(mutate_header, MODEL_WORDS), MODEL_WORDS),
    "checkpoint": Target(check_checkpoint, checkpoint_seeds, mixed(mutate_zip, NPY_WORDS), (b"PK\1\2", b"PK\3\4")),
}
