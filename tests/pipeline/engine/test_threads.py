import threadpoolctl

from pipeline.engine.threads import single_threaded_blas


def count_threads() -> set[int]:
    return {library["num_threads"] for library in threadpoolctl.threadpool_info() if library["user_api"] == "blas"}


def test_blas_has_one_thread_inside_the_context() -> None:
    with threadpoolctl.threadpool_limits(2, "blas"):
        with single_threaded_blas():
            assert count_threads() == {1}
        assert count_threads() == {2}
