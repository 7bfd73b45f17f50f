import math

import pytest

from pipeline.network.schedules import SCHEDULES, rate_factor

STEPS = 100


def test_linear_warmup_then_schedule() -> None:
    assert [rate_factor("constant", 0.5, step, 8) for step in range(8)] == [0.2, 0.4, 0.6, 0.8, 1, 1, 1, 1]
    assert rate_factor("cosine", 0.5, 6, 8) == pytest.approx(0.5)
    assert rate_factor("cosine", 0, 0, 8) == 1


def test_rate_of_a_single_step_is_positive() -> None:
    assert all(rate_factor(name, 0.9, 0, 1) > 0 for name in SCHEDULES)


@pytest.mark.parametrize("name", list(SCHEDULES))
def test_factors_are_between_0_and_1(name: str) -> None:
    assert all(0 <= SCHEDULES[name](i / STEPS) <= 1 for i in range(STEPS))


def test_cosine_equals_pytorch() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (make .venv/.ready-peers)")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    reference = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for step in range(STEPS):
        assert rate_factor("cosine", 0, step, STEPS) == pytest.approx(reference.get_last_lr()[0], abs=1e-9)
        optimizer.step()
        reference.step()


def test_one_cycle_equals_pytorch() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (make .venv/.ready-peers)")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    reference = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1.0, STEPS, cycle_momentum=False)
    peak, last = 0.3 * STEPS - 1, STEPS - 1  # the steps of the maximum and the minimum
    for step in range(STEPS):
        progress = 0.3 * step / peak if step <= peak else 0.3 + 0.7 * (step - peak) / (last - peak)
        assert SCHEDULES["one-cycle"](progress) == pytest.approx(reference.get_last_lr()[0], abs=1e-9)
        optimizer.step()
        reference.step()


def test_one_cycle_by_hand() -> None:
    one_cycle = SCHEDULES["one-cycle"]
    assert one_cycle(0) == pytest.approx(0.04)
    assert one_cycle(0.15) == pytest.approx(0.52)
    assert one_cycle(0.3) == pytest.approx(1)
    assert one_cycle(0.65) == pytest.approx((1 + 4e-6) / 2)
    assert math.isclose(one_cycle(1), 4e-6)
