"""Fuzz target for the reader of partial predictions."""

import zlib

import numpy as np

from pipeline.engine.arrays import save_array
from pipeline.evaluation.predictions import JOURNAL, PREDICTIONS, open_predictions
from tests.torture.targets import Target, scratch

LABELS = np.arange(20, dtype=np.uint8) % 10
HEAD = b'["it", ["predictions.npy"], 20, 10]'


def check_predictions(body: bytes) -> bool:
    """Only blocks with a matching checksum in the journal count as done; the file always has the full length."""
    folder = scratch() / "predictions"
    folder.mkdir(exist_ok=True)
    save_array(folder / f".{PREDICTIONS}", LABELS)
    (folder / JOURNAL).write_bytes(body)
    predictions = open_predictions(folder, [PREDICTIONS], 20, 10, "it")
    assert len(predictions.files[PREDICTIONS]) == 20
    if not predictions.done:
        return False
    assert body.startswith(HEAD)
    for start, stop in predictions.done:
        assert 0 <= start < stop <= 20
        assert f"{zlib.crc32(LABELS[start:stop].tobytes())}".encode() in body.replace(b"_", b"")
    return True


def predictions_seeds() -> list[bytes]:
    lines = [f"{at} {at + 5} {zlib.crc32(LABELS[at : at + 5].tobytes())}\n".encode() for at in (0, 10, 15)]
    return [HEAD + b"\n" + b"".join(lines), HEAD + b"\n"]


WORDS = (b" ", b"\n", b"\r", b"-1", b"20", b"21", b"9" * 30, b"9" * 5000, b"0 5 ", b"\0", b"1_0")

TARGETS = {"predictions": Target(check_predictions, predictions_seeds, words=WORDS)}
