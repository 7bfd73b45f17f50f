"""The examples in the README work."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline.data import idx
from stages.evaluate import evaluate
from stages.export import export
from stages.train import train
from tests.drawings import on_paper, sample_digits, write_row
from tests.processes import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def standard(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return artifacts of the sample, with a model of the recipe `standard`."""
    artifacts = tmp_path_factory.mktemp("standard") / "artifacts"
    artifacts.mkdir()
    for stage in ("parse", "normalize"):
        (artifacts / stage).symlink_to(built / stage)
    train(normalize=artifacts / "normalize", epochs=2, output=artifacts / "train")
    evaluate(normalize=artifacts / "normalize", train=artifacts / "train", output=artifacts / "evaluate")
    export(
        parse=artifacts / "parse",
        train=artifacts / "train",
        evaluate=artifacts / "evaluate",
        output=artifacts / "export",
    )
    return artifacts


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", README, re.DOTALL))
def test_python_examples_run(code: str, standard: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if "import torch" in code:
        pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    if "postcode.png" in code:  # with the pretrained model
        images, labels = sample_digits()
        Image.fromarray(on_paper(write_row(list(images[:5]))).astype(np.uint8)).save("postcode.png")
        defined: dict[str, Any] = {}
        exec(code, defined)
        assert defined["result"].text == "".join(map(str, labels[:5]))
        return
    (tmp_path / "artifacts").symlink_to(standard)
    (tmp_path / "my-data").mkdir()
    names = {"images": np.zeros((3, 4, 5), np.uint8), "labels": np.zeros(3, np.uint8)}
    exec(code, names)
    if "my-data" in code:
        assert idx.load(Path("my-data/train-images-idx3-ubyte")).shape == (3, 4, 5)
    else:
        accuracy = json.loads((standard / "evaluate" / "metrics.json").read_text())["accuracy"]
        predictions = names["digits"] if "digits" in names else names["label"]
        assert (predictions == np.load(standard / "parse" / "test-labels.npy")).mean() == pytest.approx(
            accuracy, abs=0.005
        )


def test_referenced_files_exist() -> None:
    text = README + (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for path in set(re.findall(r"`((?:pipeline|stages|tests)/[\w/.-]*)`", text)):
        assert (ROOT / path).exists(), path
