import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pipeline.engine.float_arrays import Array
from pipeline.network.optimizers import OPTIMIZERS, SCHEDULES, Optimizer, adam, momentum, rate_factor, sgd
from pipeline.training.recipe import Recipe
from tests.pipeline.network.kinds import look_up

# PyTorch's optimizer from the module `torch.optim`, the parameters and the weight decay; the momentum is 0.8.
REFERENCES: dict[str, Callable[[Any, Any, float], Any]] = {
    "sgd": lambda optim, w, decay: optim.SGD(w, 0.01, weight_decay=decay),
    "momentum": lambda optim, w, decay: optim.SGD(w, 0.01, momentum=0.8, weight_decay=decay),
    "adam": lambda optim, w, decay: optim.Adam(w, 0.01, weight_decay=decay),
    "adamw": lambda optim, w, decay: optim.AdamW(w, 0.01, weight_decay=decay),
}


def run_steps(optimizer: Optimizer, gradients: list[float], rate: float, dtype: type = np.float64) -> list[float]:
    """Return the values of one parameter, initially 1.0, after each step."""
    w: Array = np.ones(1, dtype)
    state: list[Array] = [np.zeros(1, dtype) for _ in range(optimizer.buffers)]
    values = []
    for step, g in enumerate(gradients, start=1):
        optimizer.update(w, np.full(1, g, dtype), state, rate, step)
        values.append(float(w[0]))
    return values


def test_sgd_by_hand() -> None:
    assert run_steps(sgd(), [2.0, -1.0], 0.1) == pytest.approx([0.8, 0.9])


def test_momentum_by_hand() -> None:
    # v: 2, then 0.5 * 2 - 1 = 0, then 0 + 4
    assert run_steps(momentum(0.5), [2.0, -1.0, 4.0], 0.1) == pytest.approx([0.8, 0.8, 0.4])


def test_adam_by_hand() -> None:
    # Step 1: m' = g and s' = g^2, so the step is the rate, independent of the gradient.
    # Step 2, g = 2 then -1: m' = (0.9 * 0.2 - 0.1) / 0.19, s' = (0.999 * 0.004 + 0.001) / 0.001999.
    second = (0.9 * 0.2 - 0.1) / 0.19 / math.sqrt((0.999 * 0.004 + 0.001) / 0.001999)
    assert run_steps(adam(), [2.0, -1.0], 0.1) == pytest.approx([0.9, 0.9 - 0.1 * second], rel=1e-7)
    assert run_steps(adam(), [1e-8, 1e-8], 0.1) == pytest.approx([0.95, 0.9])  # m' / (sqrt(s') + epsilon) = 1/2


@pytest.mark.slow
@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizer_steps_equal_pytorch(name: str, decay: float) -> None:
    make_reference = look_up(REFERENCES, name, "PyTorch optimizer", f"REFERENCES in {__file__}")
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (make .venv/.ready-peers)")
    generator = np.random.default_rng(0)
    ours = generator.normal(size=50)
    theirs = torch.nn.Parameter(torch.tensor(ours))
    reference, optimizer = (
        make_reference(torch.optim, [theirs], decay),
        OPTIMIZERS[name](Recipe(momentum=0.8, weight_decay=decay)),
    )
    state = [np.zeros(50) for _ in range(optimizer.buffers)]
    for step in range(1, 20):
        gradient = generator.normal(size=50)
        theirs.grad = torch.tensor(gradient)
        reference.step()
        optimizer.update(ours, gradient, state, 0.01, step)
        np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-12)


def test_weight_decay_by_hand() -> None:
    # Decoupled: 1 (1 - 0.1 0.5), then a step of Adam, which is the rate. L2: g = 2 + 0.5 1.
    assert run_steps(OPTIMIZERS["adamw"](Recipe(weight_decay=0.5)), [2.0], 0.1) == pytest.approx([0.85])
    assert run_steps(OPTIMIZERS["sgd"](Recipe(weight_decay=0.5)), [2.0], 0.1) == pytest.approx([0.75])


def test_linear_warmup_then_schedule() -> None:
    assert [rate_factor("constant", 0.5, step, 8) for step in range(8)] == [0.2, 0.4, 0.6, 0.8, 1, 1, 1, 1]
    assert rate_factor("cosine", 0.5, 6, 8) == pytest.approx(0.5)
    assert rate_factor("cosine", 0, 0, 8) == 1


def test_rate_of_a_single_step_is_positive() -> None:
    assert all(rate_factor(name, 0.9, 0, 1) > 0 for name in SCHEDULES)
