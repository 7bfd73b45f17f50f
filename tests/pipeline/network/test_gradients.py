"""The analytic gradient against central differences, which know no calculus, in float64."""

import numpy as np
import pytest

from pipeline.network.activations import ACTIVATIONS, Array
from pipeline.network.losses import COSTS
from pipeline.network.mlp import allocate, backward, cut, forward, gradient, initialise, make_workspace, view

STEP = 1e-5


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("hidden", [(), (7,), (7, 5)])
@pytest.mark.parametrize("cost_name", list(COSTS))
@pytest.mark.parametrize("activation_name", list(ACTIVATIONS))
def test_backpropagation_agrees_with_central_differences(
    activation_name: str, cost_name: str, hidden: tuple[int, ...], smoothing: float
) -> None:
    generator = np.random.default_rng(0)
    activation, cost = ACTIVATIONS[activation_name], COSTS[cost_name]
    sizes = (6, *hidden, 4)
    parameters, analytic = allocate(sizes, np.float64), allocate(sizes, np.float64)
    initialise(parameters.layers, "xavier", 0.5, generator)
    inputs, labels = generator.normal(size=(9, 6)), generator.integers(0, 4, 9)

    workspace = make_workspace(sizes, 9, np.float64)
    values = forward(parameters.layers, inputs, activation, workspace)
    for a, layer in zip(values, parameters.layers, strict=False):
        assert np.abs(a @ layer.weights + layer.biases).min() > 10 * STEP  # no unit is near ReLU's kink
    _, workspace.deltas[-1][:] = cost(values[-1], labels, smoothing)
    backward(parameters.layers, activation, workspace)
    for piece in (piece for part in cut(sizes, parts=2, largest=10) for block in part for piece in block):
        gradient(piece, values[piece.layer], workspace.deltas[piece.layer], out=analytic.flat[piece.numbers])

    def cost_at(flat: Array) -> float:
        return cost(forward(view(flat, sizes).layers, inputs, activation)[-1], labels, smoothing)[0]

    numeric = allocate(sizes, np.float64)
    for i in range(len(numeric.flat)):
        nudge = np.zeros_like(numeric.flat)
        nudge[i] = STEP
        numeric.flat[i] = (cost_at(parameters.flat + nudge) - cost_at(parameters.flat - nudge)) / (2 * STEP)
    for ours, theirs in zip(analytic.layers, numeric.layers, strict=True):
        for g, n in ((ours.weights, theirs.weights), (ours.biases, theirs.biases)):
            assert np.linalg.norm(g - n) / np.linalg.norm(g + n) < 1e-6


@pytest.mark.parametrize("name", list(ACTIVATIONS))
def test_derivatives_agree_with_central_differences(name: str) -> None:
    f = ACTIVATIONS[name]
    z = np.array([-4.0, -1.0, -0.1, 0.1, 1.0, 4.0])
    numeric = (f.function(z + STEP) - f.function(z - STEP)) / (2 * STEP)
    np.testing.assert_allclose(f.derivative(f.function(z)), numeric, rtol=1e-6, atol=1e-9)
