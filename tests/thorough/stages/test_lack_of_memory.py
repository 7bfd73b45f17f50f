import resource
import subprocess

import pytest
from stages.cli.console import run as run_here

from tests.processes import Run
from tests.stages.common import assert_one_line


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("can't start new thread")])
def test_memory_error_is_one_line(error: Exception, call: Run, capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> str:
        raise error

    status = run_here({"One": [work], "Two": []}, ["work"])
    assert_one_line(subprocess.CompletedProcess("", status, *capsys.readouterr()), 1, "not enough memory")


def test_low_address_space_limit_is_reported(run: Run) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (500 << 20, 500 << 20))

    assert_one_line(run("download", "--dataset", "sample", preexec_fn=limit), 1, "not enough memory", "500 MB")
    assert run("download", "--help", preexec_fn=limit).returncode == 0
