"""The checks of the tutorial's functions name what is wrong; test_tutorial_outputs.py runs its answers."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from docs.learn.check import CHECKS, judge
from tests.docs.pages import read_page
from tests.docs.tutorial import PAGE
from tests.processes import ROOT


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


def test_initialise_is_checked_for_kernels_too() -> None:
    def initialise(*shapes: tuple[int, ...]) -> list[np.ndarray]:
        draw = np.random.default_rng(1).standard_normal
        pairs = [((2 / shape[1]) ** 0.5 * draw(shape), np.zeros((shape[0], 1))) for shape in shapes]
        return [array for pair in pairs for array in pair]

    assert judge(initialise).startswith("standard deviation of weights (300, 4, 6, 6) is off by a factor of ")


def test_first_wrong_derivative_in_order_of_computation_is_named() -> None:
    def backward(params: list[np.ndarray], inputs: list[np.ndarray], dz: np.ndarray) -> list[np.ndarray]:
        gradient: list[np.ndarray] = []
        for layer in range(len(inputs) - 1, -1, -1):
            gradient = [dz @ inputs[layer].T, dz.sum(axis=1, keepdims=True), *gradient]
            dz = params[2 * layer].T @ dz  # the slope of the ReLU is missing
        return gradient

    verdict = judge(backward)
    assert verdict.startswith("dW2 at ") and verdict.endswith("but dW3 and db3 are right: what lies between?")


def test_columns_of_mixed_pixels_are_named() -> None:
    def columns(images: np.ndarray) -> np.ndarray:
        return images.reshape(784, -1) / 255

    assert judge(columns).startswith("pixels of different images are mixed")


def test_equal_layers_that_begin_alike_are_named() -> None:
    def initialise(*shapes: tuple[int, ...]) -> list[np.ndarray]:
        params = []
        for shape in shapes:
            std = (2 / np.prod(shape[1:])) ** 0.5
            params += [std * np.random.default_rng(0).standard_normal(shape), np.zeros((shape[0], 1))]
        return params

    assert judge(initialise).startswith("two layers of the same shape begin with equal weights")


def test_wrong_shape_within_a_layer_asks_for_nothing_between_layers() -> None:
    def backward(params: list[np.ndarray], inputs: list[np.ndarray], dz: np.ndarray) -> list[np.ndarray]:
        gradient: list[np.ndarray] = []
        for layer in range(len(inputs) - 1, -1, -1):
            gradient = [dz @ inputs[layer].T, dz.sum(axis=1), *gradient]
            dz = params[2 * layer].T @ dz * (inputs[layer] > 0)
        return gradient

    assert judge(backward) == "db3 has the shape (2,) instead of (2, 1), but dW3 is right"


def test_adam_without_the_schedule_is_named() -> None:
    def adam(rate: float, beta1: float = 0.9, beta2: float = 0.999) -> Callable[..., None]:
        m, s = np.zeros((2, 3)), np.zeros((2, 3))

        def update(params: list[np.ndarray], gradient: list[np.ndarray], step: int, steps: int) -> None:
            nonlocal m, s
            (w,), (dw,) = params, gradient
            m, s = beta1 * m + (1 - beta1) * dw, beta2 * s + (1 - beta2) * dw**2
            w -= rate * (m / (1 - beta1**step)) / (np.sqrt(s / (1 - beta2**step)) + 1e-8)

        return update

    assert judge(adam).startswith("every step has the same learning rate")


def test_weights_that_do_not_change_are_named() -> None:
    def sgd(rate: float) -> Callable[..., None]:
        def update(params: list[np.ndarray], gradient: list[np.ndarray], step: int, steps: int) -> None:
            for w, dw in zip(params, gradient, strict=True):
                w = w - rate * dw

        return update

    assert judge(sgd).startswith("the arrays of params are unchanged")


def run(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "docs.learn.check", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_every_function_starts_empty_in_a_file_and_is_checked_there(tmp_path: Path) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text(run().stdout)
    assert run(str(mine)).stdout.splitlines() == [f"{name}: returns nothing yet" for name in CHECKS]
    answers = [block.text for block in read_page(PAGE).blocks if "def backward_layer(W, x, dz):\n    dW" in block.text]
    mine.write_text(answers[0].partition("\n\n\n")[0])
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
