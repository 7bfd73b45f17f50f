import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from pipeline.engine.errors import PipelineError
from pipeline.scheduling.pool import AHEAD, map_in_processes
from tests.pipeline.scheduling.tasks import double, end_on_seven, fail_on_seven, record
from tests.processes import ROOT, environment


@pytest.mark.parametrize("count", [0, 1, 50])
def test_results_are_in_order(count: int) -> None:
    assert list(map_in_processes(double, range(count), 2)) == [2 * item for item in range(count)]


def test_exception_is_raised_in_its_turn() -> None:
    results = map_in_processes(fail_on_seven, range(50), 2)
    assert [next(results) for _ in range(7)] == list(range(7))
    with pytest.raises(ValueError, match="seven"):
        next(results)


def test_lost_process_is_an_error() -> None:
    with pytest.raises(PipelineError, match="killed"):
        list(map_in_processes(end_on_seven, range(50), 2))


def test_work_is_not_far_ahead_of_the_results(tmp_path: Path) -> None:
    results = map_in_processes(record, [tmp_path / str(item) for item in range(100)], 2)
    next(results)
    time.sleep(1)
    assert len(list(tmp_path.iterdir())) <= 1 + 2 * AHEAD
    results.close()
    done = len(list(tmp_path.iterdir()))
    time.sleep(0.5)
    assert len(list(tmp_path.iterdir())) == done


def test_processes_end_with_the_first_one(tmp_path: Path) -> None:
    program = f"""
        import os, signal
        from pathlib import Path
        from pipeline.scheduling.pool import map_in_processes
        from tests.pipeline.scheduling.tasks import record

        if __name__ == "__main__":
            results = map_in_processes(record, [Path({str(tmp_path)!r}, str(item)) for item in range(10**4)], 2)
            for _ in range(10):
                print(next(results))
            os.kill(os.getpid(), signal.SIGKILL)
    """
    (tmp_path / "program.py").write_text(textwrap.dedent(program))
    result = subprocess.run(
        [sys.executable, str(tmp_path / "program.py")], env=environment(), cwd=ROOT, capture_output=True, text=True
    )
    assert result.returncode == -signal.SIGKILL
    for process in set(map(int, result.stdout.split())):
        wait_until_ended(process)


def wait_until_ended(process: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    raise AssertionError("the process is still there")
