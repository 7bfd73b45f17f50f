"""`classify --test-image`: a test image, its probabilities and its true class."""

import json
from pathlib import Path

import numpy as np

from tests.processes import Run, environment
from tests.stages.common import assert_one_line, update_manifests, write_custom_dataset


def test_index_matches_evaluate(run: Run, project: Path) -> None:
    probabilities = np.load(project / "artifacts/evaluate/probabilities.npy")
    labels = np.load(project / "artifacts/parse/test-labels.npy")
    for index in (0, 7, 499):
        lines = run("classify", "--test-image", str(index)).stdout.splitlines()
        output = probabilities[index]
        digit = output.argmax()
        assert lines[-1] == f"digit {digit}, confidence {output[digit]:.2%}, truth {labels[index]}"
        assert [line.split() for line in lines[:-2]] == [[str(n), f"{p:.6f}"] for n, p in enumerate(output)]


def test_class_names_that_cannot_be_encoded_are_replaced(run: Run, project: Path) -> None:
    for stage in ("parse", "train"):
        path = project / "artifacts" / stage / ("dataset.json" if stage == "parse" else "model.json")
        path.write_text(json.dumps({**json.loads(path.read_text()), "class_names": list("おきすつなはまやれを")}))
        update_manifests(path.parent)
    result = run("classify", "--test-image", "0", env={**environment(), "PYTHONIOENCODING": "ascii"})
    assert result.returncode == 0
    assert result.stdout.isascii()


def test_image_of_another_data_set_is_refused(run: Run, project: Path) -> None:
    run("download", "--dataset", "custom", "--from", str(write_custom_dataset(project / "mine")))
    run("parse")
    assert_one_line(
        run("classify", "--test-image", "3"), 1, "was trained on sample, but artifacts/parse contains custom"
    )
