import logging
from typing import Any

import pytest
import threadpoolctl

from pipeline.engine import threads
from pipeline.engine.threads import single_threaded_blas


def count_threads() -> set[int]:
    return {library["num_threads"] for library in threadpoolctl.threadpool_info() if library["user_api"] == "blas"}


def test_blas_has_one_thread_inside_the_context() -> None:
    with threadpoolctl.threadpool_limits(2, "blas"):
        with single_threaded_blas():
            assert count_threads() == {1}
        assert count_threads() == {2}


def raise_decode_error(*arguments: Any) -> None:
    raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")


@pytest.mark.parametrize("name", ["_load_libraries", "_make_controller_from_path"])
def test_failure_to_limit_blas_logs_one_warning(
    name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    find_nothing = lambda *arguments: None  # noqa: E731
    fake = raise_decode_error if name == "_load_libraries" else find_nothing
    monkeypatch.setattr(threadpoolctl.ThreadpoolController, name, fake)
    threads._warn.cache_clear()
    for _ in range(2):
        with single_threaded_blas():
            pass
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "number of cores" in record.getMessage()
