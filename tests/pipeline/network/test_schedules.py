import math

import pytest

from pipeline.network.schedules import SCHEDULES, rate_factor

STEPS = 100


def test_the_rate_climbs_evenly_and_the_schedule_has_the_rest() -> None:
    assert [rate_factor("constant", 0.5, step, 8) for step in range(8)] == [0.2, 0.4, 0.6, 0.8, 1, 1, 1, 1]
    assert rate_factor("cosine", 0.5, 6, 8) == pytest.approx(0.5)
    assert rate_factor("cosine", 0, 0, 8) == 1


def test_even_a_run_of_one_step_has_a_rate() -> None:
    assert all(rate_factor(name, 0.9, 0, 1) > 0 for name in SCHEDULES)


@pytest.mark.parametrize("name", list(SCHEDULES))
def test_each_stays_between_0_and_1(name: str) -> None:
    assert all(0 <= SCHEDULES[name](i / STEPS) <= 1 for i in range(STEPS))


def test_cosine_is_pytorchs() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (make .venv/.ready-peers)")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    reference = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for step in range(STEPS):
        assert rate_factor("cosine", 0, step, STEPS) == pytest.approx(reference.get_last_lr()[0], abs=1e-9)
        optimizer.step()
        reference.step()


def test_one_cycle_is_pytorchs() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (make .venv/.ready-peers)")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    reference = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1.0, STEPS, cycle_momentum=False)
    top, last = 0.3 * STEPS - 1, STEPS - 1  # the steps at which it has its peak and its end
    for step in range(STEPS):
        progress = 0.3 * step / top if step <= top else 0.3 + 0.7 * (step - top) / (last - top)
        assert SCHEDULES["one-cycle"](progress) == pytest.approx(reference.get_last_lr()[0], abs=1e-9)
        optimizer.step()
        reference.step()


def test_one_cycle_worked_by_hand() -> None:
    one_cycle = SCHEDULES["one-cycle"]
    assert one_cycle(0) == pytest.approx(0.04)
    assert one_cycle(0.15) == pytest.approx(0.52)
    assert one_cycle(0.3) == pytest.approx(1)
    assert one_cycle(0.65) == pytest.approx((1 + 4e-6) / 2)
    assert math.isclose(one_cycle(1), 4e-6)
