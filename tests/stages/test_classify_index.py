"""`classify --index`: a test image, all that the network answers, and what it really is."""

import json
from pathlib import Path

import numpy as np

from tests.processes import Run, environment
from tests.stages.common import account_for, assert_one_line, custom_set


def test_classify_draws_the_image_and_gives_the_evaluations_answer(run: Run, project: Path) -> None:
    probabilities = np.load(project / "artifacts/evaluate/probabilities.npy")
    labels = np.load(project / "artifacts/parse/test-labels.npy")
    for index in (0, 7, 499):
        lines = run("classify", "--index", str(index)).stdout.splitlines()
        output = probabilities[index]
        digit = output.argmax()
        assert lines[-1] == f"digit {digit}, confidence {output[digit]:.2%}, truth {labels[index]}"
        assert [line.split() for line in lines[-12:-2]] == [[str(n), f"{p:.6f}"] for n, p in enumerate(output)]
        assert any("█" in line for line in lines[:28])


def test_classify_draws_in_ascii_where_there_is_nothing_else(run: Run, project: Path) -> None:
    result = run("classify", "--index", "0", env={**environment(), "PYTHONIOENCODING": "ascii"})
    assert result.returncode == 0
    assert result.stdout.isascii()
    assert "@@" in result.stdout


def test_class_names_that_the_terminal_cannot_show_are_no_reason_to_fail(run: Run, project: Path) -> None:
    for stage in ("parse", "train"):
        path = project / "artifacts" / stage / ("dataset.json" if stage == "parse" else "model.json")
        path.write_text(json.dumps({**json.loads(path.read_text()), "class_names": list("おきすつなはまやれを")}))
        account_for(path.parent)
    result = run("classify", "--index", "0", env={**environment(), "PYTHONIOENCODING": "ascii"})
    assert result.returncode == 0
    assert result.stdout.isascii()


def test_an_image_of_another_data_set_is_not_classified(run: Run, project: Path) -> None:
    run("download", "--dataset", "custom", "--from", str(custom_set(project / "mine")))
    run("parse")
    assert_one_line(run("classify", "--index", "3"), 1, "has learned from sample, but artifacts/parse holds custom")
