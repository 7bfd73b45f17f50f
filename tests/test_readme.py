"""What the README shows works as it stands there."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from pipeline.data import idx
from tests.processes import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", README, re.DOTALL))
def test_python_in_it_runs(code: str, built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if "import torch" in code:
        pytest.importorskip("torch")
    (tmp_path / "artifacts").symlink_to(built)
    (tmp_path / "my-data").mkdir()
    monkeypatch.chdir(tmp_path)
    names = {"images": np.zeros((3, 4, 5), np.uint8), "labels": np.zeros(3, np.uint8)}
    exec(code, names)
    if "my-data" in code:
        assert idx.load(Path("my-data/train-images-idx3-ubyte")).shape == (3, 4, 5)
    else:
        accuracy = json.loads((built / "evaluate" / "metrics.json").read_text())["accuracy"]
        said = names["digits"] if "digits" in names else names["label"]
        assert (said == np.load(built / "parse" / "test-labels.npy")).mean() == pytest.approx(accuracy, abs=0.005)


def test_every_file_that_it_and_contributing_name_is_there() -> None:
    text = README + (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for path in set(re.findall(r"`((?:pipeline|stages|tests)/[\w/.-]*)`", text)):
        assert (ROOT / path).exists(), path
