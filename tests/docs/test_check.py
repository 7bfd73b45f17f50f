"""The checks of the tutorial's functions name what is wrong; test_tutorial_outputs.py runs its answers."""

import os
import re
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from docs.learn.check import CHECKS, judge
from tests.docs.pages import read_page
from tests.docs.tutorial import PAGE
from tests.processes import ROOT, capture


def named(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    function.__name__ = name
    return function


@pytest.mark.parametrize(
    ("function", "verdict"),
    [
        (lambda W, x, dz: (dz @ x.T, dz.sum(axis=1, keepdims=True), W.T @ dz), "right"),
        (lambda W, x, dz: (dz @ x.T / 5, 0, 0), "dW is off by a factor of 1/n, with n images"),
        (lambda W, x, dz: (-dz @ x.T, 0, 0), "dW is off by a factor of -1, the sign"),
        (lambda W, x, dz: (x @ dz.T, 0, 0), "dW has the shape (3, 4), transposed instead of (4, 3)"),
        (lambda W, x, dz: (dz @ (x + 1).T, 0, 0), "dW at "),
        (lambda W, x, dz: None, "returns nothing yet"),
        (lambda W, x, dz: dz @ x.T, "returns one value instead of 3: dW, db, dx"),
    ],
)
def test_verdict_names_what_is_wrong(function: Callable[..., Any], verdict: str) -> None:
    assert judge(named("backward_layer", function)).startswith(verdict)


def test_other_functions_are_not_judged() -> None:
    assert judge(named("foo", lambda: 0)) == "is not a function of the tutorial"


ANSWERS = [block.text for block in read_page(PAGE).blocks if "answer" in block.marks]
SCHEDULE = " * (1 + math.cos(math.pi * (step - 1) / steps)) / 2"


@pytest.mark.parametrize(
    ("name", "right", "wrong", "verdict"),
    [
        ("columns", "(len(images), -1).T", "(784, -1)", "x mixes pixels of different images"),
        ("columns", "return images", "images /= 255; return images", "an array of uint8 cannot hold fractions"),
        (
            "softmax",
            "e.sum(axis=0)",
            "e.sum(axis=1, keepdims=True)",
            "p sums to 1 over the images instead of the digits",
        ),
        ("softmax", " - z.max(axis=0)", "", "p for logits near 1000 is NaN, because exp overflows"),
        ("softmax", "z - z.max(axis=0)", "max(z, 0)", "an array is neither true nor false: use np.maximum"),
        ("cross_entropy", "[:, labels]", "[labels]", "p * y: the shapes (10, 5) and (5, 10) do not fit"),
        ("cross_entropy", " / len(labels)", "", "dz is off by a factor of n, the number of images, but loss is right"),
        ("cross_entropy", "(p - y)", "(y - p)", "dz is off by a factor of -1, the sign, but loss is right"),
        ("initialise", "shape[1:]", "shape[1:2]", "weights (300, 4, 6, 6) counts the channels only"),
        ("initialise", "math.sqrt(2 /", "(2 /", "is 2 / inputs, the variance: take its square root"),
        (
            "initialise",
            "generator.s",
            "np.random.default_rng(seed).s",
            "two layers of the same shape begin with equal weights",
        ),
        ("backward_layer", "W.T @ dz", "W @ dz", ", W @ dz: the shapes (4, 3) and (4, 5) do not fit"),
        ("backward_layer", ", keepdims=True", "", "db has the shape (4,) instead of (4, 1), but dW is right"),
        ("backward", " * (inputs[layer] > 0)", "", "dW2 lacks the slope of the ReLU, but dW3 and db3 are right"),
        ("sgd", "w -= rate * dw", "w = w - rate * dw", "the arrays of params are unchanged"),
        ("sgd", "w -= rate * dw", "w += rate * dw", "goes up the slope"),
        ("adam", SCHEDULE, "", "has the same learning rate in every step"),
        ("adam", " / (1 - beta1**step)", "", "lacks the correction of m"),
        ("interpolate", "1 - right", "right", "levels at "),
        (
            "take_patches",
            "stride * count : stride, j",
            "count : stride, j",
            "P[:, i, j]: the shape (2,2,4,5) does not fit",
        ),
        ("add_patches", "] += dP", "] = dP", "has only one of the patches that overlap"),
        ("backward_convolution", "dz.reshape(len(W), -1)", "dz", "the shapes (3, 3, 3, 5) and (45, 18) do not fit"),
    ],
)
def test_mistake_is_named_with_its_line(name: str, right: str, wrong: str, verdict: str, tmp_path: Path) -> None:
    text = "import math\nimport numpy as np\nseed = 0\n\n" + "\n\n".join(ANSWERS)
    start = text.index(f"def {name}(")
    mistaken = text[start:].replace(right, wrong, 1)
    mine = tmp_path / "mine.py"
    mine.write_text(text[:start] + mistaken)
    found = judge(runpy.run_path(str(mine))[name])
    assert verdict in found
    lines = [int(number) for number in re.findall(r"line (\d+)", found)]
    assert lines and min(lines) > text[:start].count("\n")


def run(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "docs.learn.check", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return capture(command, cwd=folder, env=environment)


def test_every_function_starts_empty_in_a_file_and_is_checked_there(tmp_path: Path) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text(run().stdout)
    assert run(str(mine)).stdout.splitlines() == [f"{name}: returns nothing yet" for name in CHECKS]
    mine.write_text(next(answer for answer in ANSWERS if "def backward_layer(" in answer))
    done = run(str(mine))
    assert (done.stdout, done.returncode) == ("backward_layer: right\n", 0)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (None, " does not exist: "),
        ("a = 1\ndef f(:\n", ": line 2: SyntaxError: invalid syntax"),
        ("a = 1\nb = c\n", ": line 2: NameError: name 'c' is not defined"),
    ],
)
def test_file_that_does_not_run_is_one_line(text: str | None, line: str, tmp_path: Path) -> None:
    mine = tmp_path / "mine.py"
    if text is not None:
        mine.write_text(text)
    done = run("mine.py", folder=tmp_path)
    assert done.stdout.startswith(f"mine.py{line}") and len(done.stdout.splitlines()) == 1
    assert (done.stderr, done.returncode) == ("", 1)
    assert "a file with functions of yours" in run("--help").stdout
