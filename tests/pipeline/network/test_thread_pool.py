import threading

import pytest
from threadpoolctl import threadpool_info

from pipeline.network.thread_pool import ThreadPool


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("count", [0, 1, 3, 12])
def test_every_item_is_run_once_and_results_are_in_order(size: int, count: int) -> None:
    with ThreadPool(size) as pool:
        for _ in range(3):
            results = pool.run(lambda item, thread: (item * item, thread), count)
            assert [square for square, _ in results] == [i * i for i in range(count)]
            assert all(thread == item % size for item, (_, thread) in enumerate(results))


def test_threads_run_concurrently_and_the_caller_is_thread_0() -> None:
    barrier = threading.Barrier(3, timeout=10)

    def wait_for_all(item: int, thread: int) -> int:
        barrier.wait()
        return threading.get_ident()

    with ThreadPool(3) as pool:
        threads = pool.run(wait_for_all, 3)
        assert threads == pool.run(wait_for_all, 3)
    assert len(set(threads)) == 3
    assert threads[0] == threading.get_ident()


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_exception_of_one_item_is_raised_after_the_others_have_finished(failing: int) -> None:
    finished = []

    def work(item: int, thread: int) -> None:
        if item == failing:
            raise KeyboardInterrupt(f"by {failing}")
        finished.append(item)

    with pytest.raises(KeyboardInterrupt, match=f"by {failing}"), ThreadPool(3) as pool:
        pool.run(work, 3)
    assert sorted(finished) == [item for item in range(3) if item != failing]


def test_blas_is_single_threaded_inside_the_context() -> None:
    def threads() -> list[int]:
        return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]

    before = threads()
    with ThreadPool(2):
        assert set(threads()) == {1}
    assert threads() == before


def test_threads_end_with_the_context() -> None:
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt), ThreadPool(4) as pool:
        pool.run(lambda item, thread: item, 4)
        assert threading.active_count() == before + 3
        raise KeyboardInterrupt
    assert threading.active_count() == before
