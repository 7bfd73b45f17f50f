"""The stage rows, on a few strips of the sample."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.data.marks import EXTRA, HEIGHT, WIDTH
from pipeline.engine.errors import PipelineError, UsageError
from pipeline.model.model import load_model, load_training
from pipeline.model.safetensors import load_safetensors
from stages.faces import faces
from stages.rows import rows
from stages.strips import strips

SMALL: dict[str, Any] = {"layers": "conv4x5/8x2p2,conv6x5x3/1p0x1", "epochs": 2, "batch_size": 8}
OTHER_LAYERS = "conv3x5/8x2p2,conv6x5x3/1p0x1"


@pytest.fixture(scope="module")
def composed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("rows") / "artifacts"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline.composition.parallel.FEWEST", 5)
        faces(faces="included", output=folder / "faces")
        strips(parse=built / "parse", faces=folder / "faces", strips=24, scheduler="sync", output=folder / "strips")
        yield folder / "strips"


@pytest.fixture(scope="module")
def trained(composed: Path) -> Path:
    output = composed.parent / "rows"
    rows(strips=composed, output=output, fresh=True, **SMALL)
    return output


def test_a_network_is_trained_with_outputs_by_column(trained: Path) -> None:
    model = load_model(trained)
    assert (model.by_column, model.image_shape, model.outputs) == (True, (HEIGHT, WIDTH), 10 + EXTRA)
    assert model.networks[0].layers[-1].output_shape == (10 + EXTRA, 1, WIDTH // 2)
    with open(trained / "history.csv") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2"]
    assert "# " in (trained / "MODEL_CARD.md").read_text()
    exported = load_safetensors(trained / "model.safetensors")
    assert np.array_equal(exported.parameters[0], model.parameters[0])


def test_a_run_starts_from_a_network_of_the_same_layers_and_says_so(composed: Path, trained: Path) -> None:
    before = load_model(trained).parameters[0]
    output = composed.parent.parent / "second" / "artifacts" / "rows"
    start = trained / "model.safetensors"
    rows(strips=composed, output=output, start=start, **{**SMALL, "epochs": 1, "learning_rate": 1e-9, "ema_decay": 0.0})
    assert load_training(output)["start"] == {"file": start.name, "accuracy": load_model(trained).validation_accuracy}
    np.testing.assert_allclose(load_model(output).parameters[0], before, atol=1e-6)
    assert start.name in (output / "MODEL_CARD.md").read_text()


def test_other_layers_start_from_random_weights(composed: Path, trained: Path) -> None:
    output = composed.parent.parent / "third" / "artifacts" / "rows"
    rows(strips=composed, output=output, start=trained / "model.safetensors", **{**SMALL, "layers": OTHER_LAYERS})
    assert load_training(output)["start"] is None


def test_what_cannot_be_trained_or_started_from_is_refused(composed: Path, tmp_path: Path) -> None:
    output = tmp_path / "artifacts" / "rows"
    with pytest.raises(UsageError, match="128"):
        rows(strips=composed, output=output, fresh=True, layers="conv16,128")
    with pytest.raises(UsageError, match=r"missing\.safetensors"):
        rows(strips=composed, output=output, start=tmp_path / "missing.safetensors", **SMALL)
    (tmp_path / "damaged.safetensors").write_bytes(b"\0" * 100)
    with pytest.raises(PipelineError, match="damaged"):
        rows(strips=composed, output=output, start=tmp_path / "damaged.safetensors", **SMALL)
    assert not output.exists()
