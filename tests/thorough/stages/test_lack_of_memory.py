import subprocess

import pytest

from pipeline.engine.command import run_command
from tests.stages.common import assert_one_line


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("can't start new thread")])
def test_memory_error_is_one_line(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> str:
        raise error

    status = run_command("work", work)
    assert_one_line(subprocess.CompletedProcess("", status, *capsys.readouterr()), 1, "not enough memory")
