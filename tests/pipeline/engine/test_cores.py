"""Matrix products by one thread, or a warning."""

import logging
from typing import Any

import pytest
import threadpoolctl

from pipeline.engine import cores
from pipeline.engine.cores import single_threaded_blas


def count_threads() -> set[int]:
    return {library["num_threads"] for library in threadpoolctl.threadpool_info() if library["user_api"] == "blas"}


def test_matrix_products_have_one_thread_until_the_end_of_the_block() -> None:
    with threadpoolctl.threadpool_limits(2, "blas"):
        with single_threaded_blas():
            assert count_threads() == {1}
        assert count_threads() == {2}


def no_utf8(*arguments: Any) -> None:
    raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")


@pytest.mark.parametrize("name", ["_load_libraries", "_make_controller_from_path"])
def test_where_there_is_no_limiting_them_one_line_warns(
    name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    unknown = lambda *arguments: None  # noqa: E731
    monkeypatch.setattr(threadpoolctl.ThreadpoolController, name, no_utf8 if name == "_load_libraries" else unknown)
    cores._warn.cache_clear()
    for _ in range(2):
        with single_threaded_blas():
            pass
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "number of cores" in record.getMessage()
