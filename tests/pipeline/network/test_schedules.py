import pytest

from pipeline.network.schedules import SCHEDULES, rate_factor

STEPS = 100


def test_linear_warmup_then_schedule() -> None:
    assert [rate_factor("constant", 0.5, step, 8) for step in range(8)] == [0.2, 0.4, 0.6, 0.8, 1, 1, 1, 1]
    assert rate_factor("cosine", 0.5, 6, 8) == pytest.approx(0.5)
    assert rate_factor("cosine", 0, 0, 8) == 1


def test_rate_of_a_single_step_is_positive() -> None:
    assert all(rate_factor(name, 0.9, 0, 1) > 0 for name in SCHEDULES)
