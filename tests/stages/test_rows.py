"""The stage rows, on a few line images of the sample."""

import csv
from pathlib import Path

import numpy as np
import pytest

from pipeline.engine.errors import PipelineError, UsageError
from pipeline.model.header import EXTRA
from pipeline.model.model import Recogniser, load_model, load_training
from pipeline.model.safetensors import load_safetensors, save_safetensors
from pipeline.reader.rows.labels import LINE_IMAGE_HEIGHT, LINE_IMAGE_WIDTH
from stages.rows import rows
from tests.pipeline.models import make_model
from tests.stages.common import SMALL_ROWS

OTHER_LAYERS = "conv3x5/8x2p2,conv6x5x3/1p0x1"


def test_a_network_is_trained_with_outputs_by_column(reader_inputs: Path) -> None:
    trained = reader_inputs / "rows"
    model = load_model(trained)
    assert isinstance(model, Recogniser)
    assert (model.image_shape, model.outputs) == ((LINE_IMAGE_HEIGHT, LINE_IMAGE_WIDTH), 10 + EXTRA)
    assert model.networks[0].layers[-1].output_shape == (10 + EXTRA, 1, LINE_IMAGE_WIDTH // 2)
    with open(trained / "history.csv") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2"]
    exported = load_safetensors(trained / "model.safetensors")
    assert np.array_equal(exported.parameters[0], model.parameters[0])


@pytest.mark.slow
def test_a_run_starts_from_a_network_of_the_same_layers_and_says_so(reader_inputs: Path, tmp_path: Path) -> None:
    trained, output = load_model(reader_inputs / "rows"), tmp_path / "artifacts" / "rows"
    before = trained.parameters[0]
    start = reader_inputs / "rows" / "model.safetensors"
    changes = {"epochs": 1, "learning_rate": 1e-9, "ema_decay": 0.0}
    rows(lines=reader_inputs / "lines", output=output, start=start, **{**SMALL_ROWS, **changes})
    assert load_training(output)["start"] == {"file": start.name, "accuracy": trained.validation_accuracy}
    np.testing.assert_allclose(load_model(output).parameters[0], before, atol=1e-6)


@pytest.mark.slow
def test_other_layers_start_from_random_weights(reader_inputs: Path, tmp_path: Path) -> None:
    output, start = tmp_path / "artifacts" / "rows", reader_inputs / "rows" / "model.safetensors"
    rows(lines=reader_inputs / "lines", output=output, start=start, **{**SMALL_ROWS, "layers": OTHER_LAYERS})
    assert load_training(output)["start"] is None


@pytest.mark.slow
def test_what_cannot_be_trained_or_started_from_is_refused(reader_inputs: Path, tmp_path: Path) -> None:
    synthetic, output = reader_inputs / "lines", tmp_path / "artifacts" / "rows"
    with pytest.raises(UsageError, match="128"):
        rows(lines=synthetic, output=output, from_scratch=True, layers="conv16,128")
    with pytest.raises(UsageError, match=r"missing\.safetensors"):
        rows(lines=synthetic, output=output, start=tmp_path / "missing.safetensors", **SMALL_ROWS)
    (tmp_path / "damaged.safetensors").write_bytes(b"\0" * 100)
    save_safetensors(tmp_path / "images.safetensors", make_model())
    with pytest.raises(UsageError, match=r"images\.safetensors is a model for images"):
        rows(lines=synthetic, output=output, start=tmp_path / "images.safetensors", **SMALL_ROWS)
    with pytest.raises(PipelineError, match="damaged"):
        rows(lines=synthetic, output=output, start=tmp_path / "damaged.safetensors", **SMALL_ROWS)
    assert not output.exists()
