import threading
import time

import pytest
from threadpoolctl import threadpool_info

from pipeline.training.team import Team


@pytest.mark.parametrize("size", [1, 2, 5])
def test_each_thread_runs_the_task_and_the_results_are_in_order(size: int) -> None:
    with Team(size) as team:
        for _ in range(3):
            assert team.run(lambda number: number * number) == [i * i for i in range(size)]


def test_the_threads_run_at_the_same_time_and_the_caller_is_the_first() -> None:
    barrier = threading.Barrier(3, timeout=10)

    def meet(number: int) -> int:
        barrier.wait()
        return threading.get_ident()

    with Team(3) as team:
        first = team.run(meet)
        assert first == team.run(meet)
    assert len(set(first)) == 3
    assert first[0] == threading.get_ident()


@pytest.mark.parametrize("size", [1, 2, 4])
def test_no_thread_leaves_a_barrier_before_all_have_reached_it(size: int) -> None:
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
def test_an_exception_in_one_thread_is_raised_and_ends_the_others(failing: int) -> None:
    def work(number: int) -> None:
        for barrier in range(10):
            if number == failing and barrier == 5:
                raise KeyboardInterrupt(f"by {failing}")
            team.wait(number)

    with pytest.raises(KeyboardInterrupt, match=f"by {failing}"), Team(3) as team:
        team.run(work)


def test_matrix_products_are_single_threaded_meanwhile() -> None:
    def threads() -> list[int]:
        return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]

    before = threads()
    with Team(2):
        assert set(threads()) == {1}
    assert threads() == before


def test_all_threads_end_with_the_team() -> None:
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt), Team(4) as team:
        team.run(lambda number: number)
        assert threading.active_count() == before + 3
        raise KeyboardInterrupt
    assert threading.active_count() == before
