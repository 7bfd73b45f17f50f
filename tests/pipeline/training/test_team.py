import threading
import time

import pytest
from threadpoolctl import threadpool_info

from pipeline.training.team import Team


@pytest.mark.parametrize("size", [1, 2, 5])
def test_each_thread_runs_the_task_and_results_are_in_order(size: int) -> None:
    with Team(size) as team:
        for _ in range(3):
            assert team.run(lambda number: number * number) == [i * i for i in range(size)]


def test_threads_run_concurrently_and_the_caller_is_thread_0() -> None:
    barrier = threading.Barrier(3, timeout=10)

    def wait_for_all(number: int) -> int:
        barrier.wait()
        return threading.get_ident()

    with Team(3) as team:
        threads = team.run(wait_for_all)
        assert threads == team.run(wait_for_all)
    assert len(set(threads)) == 3
    assert threads[0] == threading.get_ident()


@pytest.mark.parametrize("size", [1, 2, 4])
def test_no_thread_passes_a_barrier_before_all_arrive(size: int) -> None:
    barriers = 300
    reached = [0] * size

    def work(number: int) -> None:
        for barrier in range(1, barriers + 1):
            if (barrier + number) % 7 == 0:
                time.sleep(0.0001)
            reached[number] += 1
            team.wait(number)
            assert min(reached) >= barrier
            assert max(reached) <= barrier + 1

    with Team(size) as team:
        team.run(work)
    assert reached == [barriers] * size


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_exception_in_one_thread_is_raised_and_stops_the_others(failing: int) -> None:
    def work(number: int) -> None:
        for barrier in range(10):
            if number == failing and barrier == 5:
                raise KeyboardInterrupt(f"by {failing}")
            team.wait(number)

    with pytest.raises(KeyboardInterrupt, match=f"by {failing}"), Team(3) as team:
        team.run(work)


def test_blas_is_single_threaded_inside_the_context() -> None:
    def threads() -> list[int]:
        return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]

    before = threads()
    with Team(2):
        assert set(threads()) == {1}
    assert threads() == before


def test_threads_end_with_the_context() -> None:
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt), Team(4) as team:
        team.run(lambda number: number)
        assert threading.active_count() == before + 3
        raise KeyboardInterrupt
    assert threading.active_count() == before
