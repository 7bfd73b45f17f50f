"""The model as safetensors: named arrays and a header of strings, which cannot execute anything."""

import json
import struct
from collections.abc import Mapping
from pathlib import Path

from safetensors.numpy import save

from pipeline.model.files import Model, name_arrays

LENGTH = struct.Struct("<Q")  # the file begins with the length of its header
ALIGNMENT = 8  # of the arrays, which follow the header


def save_safetensors(path: Path, model: Model, metadata: Mapping[str, str]) -> None:
    """Write the layers to `path`, as `layer-1-weights` (fan_in, fan_out), `layer-1-biases` (fan_out,) and so on.

    Those of a committee are called `member-1-layer-1-weights`; its logits are the mean of its members'.
    """
    path.write_bytes(_sorted_header(save(name_arrays(model), dict(metadata))))


def _sorted_header(file: bytes) -> bytes:
    """The same file with its metadata in order: the library keeps them in a hash table, so they come in any."""
    (length,) = LENGTH.unpack_from(file)
    end = LENGTH.size + length
    header = json.loads(file[LENGTH.size : end])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    return LENGTH.pack(len(text)) + text + file[end:]
