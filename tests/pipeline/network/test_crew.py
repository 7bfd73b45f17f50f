import threading
import time

import pytest
from threadpoolctl import threadpool_info

from pipeline.network.crew import Crew


@pytest.mark.parametrize("size", [1, 2, 5])
def test_each_thread_does_its_job_and_their_answers_are_in_order(size: int) -> None:
    with Crew(size) as crew:
        for _ in range(3):
            assert crew.run(lambda number: number * number) == [i * i for i in range(size)]


def test_the_jobs_are_done_at_once_by_threads_of_their_own_of_which_the_caller_is_one() -> None:
    meeting = threading.Barrier(3, timeout=10)

    def meet(number: int) -> int:
        meeting.wait()
        return threading.get_ident()

    with Crew(3) as crew:
        first = crew.run(meet)
        assert first == crew.run(meet)
    assert len(set(first)) == 3
    assert first[0] == threading.get_ident()


@pytest.mark.parametrize("size", [1, 2, 4])
def test_nobody_leaves_a_meeting_before_all_have_come(size: int) -> None:
    meetings = 300
    come = [0] * size

    def work(number: int) -> None:
        for meeting in range(1, meetings + 1):
            if (meeting + number) % 7 == 0:
                time.sleep(0.0001)
            come[number] += 1
            crew.meet(number)
            assert min(come) >= meeting
            assert max(come) <= meeting + 1

    with Crew(size) as crew:
        crew.run(work)
    assert come == [meetings] * size


@pytest.mark.parametrize("culprit", [0, 1, 2])
def test_what_one_raises_is_raised_and_nobody_waits_for_it(culprit: int) -> None:
    def work(number: int) -> None:
        for meeting in range(10):
            if number == culprit and meeting == 5:
                raise KeyboardInterrupt(f"by {culprit}")
            crew.meet(number)

    with pytest.raises(KeyboardInterrupt, match=f"by {culprit}"), Crew(3) as crew:
        crew.run(work)


def test_matrix_products_have_one_thread_meanwhile() -> None:
    def threads() -> list[int]:
        return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]

    before = threads()
    with Crew(2):
        assert set(threads()) == {1}
    assert threads() == before


def test_nobody_stays_behind() -> None:
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt), Crew(4) as crew:
        crew.run(lambda number: number)
        assert threading.active_count() == before + 3
        raise KeyboardInterrupt
    assert threading.active_count() == before
