import pytest
import threadpoolctl

from pipeline.engine import threads
from pipeline.engine.threads import single_threaded_blas


@pytest.fixture(autouse=True)
def _unwarned() -> None:
    threads._warn.cache_clear()


def count_warnings(caplog: pytest.LogCaptureFixture) -> int:
    for _ in range(2):
        with single_threaded_blas():
            pass
    return len(caplog.records)


def test_known_blas_is_limited_without_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    assert count_warnings(caplog) == 0


def test_unknown_blas_is_reported_once(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threadpoolctl.ThreadpoolController, "_load_libraries", lambda self: None)
    assert count_warnings(caplog) == 1


def test_limit_without_effect_is_reported_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threadpoolctl.ThreadpoolController, "info", lambda self: [{"num_threads": 2}])
    assert count_warnings(caplog) == 1
