"""The stage detector, on the sample."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.engine.artifacts import MANIFEST
from pipeline.engine.errors import UsageError
from pipeline.model.model import Detector, load_model
from pipeline.reader import load
from stages.detector import detector
from tests.drawings import enlarge, on_paper, sample_digits, write_row

SMALL: dict[str, Any] = {"layers": "conv4,conv8,conv8x3/1,conv8x3/1,conv8x3/1", "epochs": 1, "batch_size": 8}


def test_reader_is_trained_and_reads(reader_inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    output = tmp_path / "artifacts" / "detector"
    detector(lines=reader_inputs / "lines", rows=reader_inputs / "rows", output=output, recipe="quick", **SMALL)
    model, row = load_model(output), load_model(reader_inputs / "rows")
    assert isinstance(model, Detector)
    assert model.image_shape == (37, 37)
    assert np.array_equal(model.row.parameters[0], row.parameters[0])
    with open(output / "history.csv") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1"]
    card = (output / "MODEL_CARD.md").read_text()
    assert f"{row.validation_accuracy:.1%}" in card
    assert "make rows" in card
    found = load(output)
    assert found.detector is not None
    page = on_paper(enlarge(write_row(list(sample_digits()[0][:3])), 2)).astype(np.uint8)
    assert found.read(page).size == page.shape
    manifest = output / MANIFEST
    content = json.loads(manifest.read_text())
    content["stage"] = "reader"  # its name until 1.1.0
    manifest.unlink()
    manifest.write_text(json.dumps(content))
    assert load(output).digest == found.digest


@pytest.mark.slow
def test_dense_layers_and_other_classes_are_refused(reader_inputs: Path, tmp_path: Path) -> None:
    output = tmp_path / "artifacts" / "detector"
    with pytest.raises(UsageError, match="128"):
        detector(lines=reader_inputs / "lines", rows=reader_inputs / "rows", output=output, layers="conv16,128")
    with pytest.MonkeyPatch.context() as patch:
        letters = replace(load_model(reader_inputs / "rows"), class_names=tuple("abcdefghij"))
        patch.setattr("pipeline.model.model.load_model", lambda _: letters)
        with pytest.raises(UsageError, match="different classes"):
            detector(lines=reader_inputs / "lines", rows=reader_inputs / "rows", output=output)
