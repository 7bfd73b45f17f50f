"""Too little memory is told in one line, whatever the library that meets it calls it."""

import resource

import pytest

from stages.memory import is_lack_of_memory
from tests.processes import Run
from tests.stages.common import assert_one_line


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        ImportError("libscipy_openblas64_-32a4b2a6.so: failed to map segment from shared object"),
        ImportError("libz.so.1: cannot open shared object file: Cannot allocate memory"),
        RuntimeError("can't start new thread"),
    ],
)
def test_every_word_for_too_little_memory_is_known_also_behind_another_error(error: Exception) -> None:
    try:
        try:
            raise error
        except Exception as met:
            raise ImportError("Importing the numpy C-extensions failed") from met
    except ImportError as outer:
        assert is_lack_of_memory(outer)


@pytest.mark.parametrize("error", [ImportError("No module named 'numpy'"), RuntimeError("no"), None])
def test_other_errors_are_no_lack_of_memory(error: Exception | None) -> None:
    assert not is_lack_of_memory(error)


@pytest.mark.parametrize("size", [100, 300, 800])
def test_too_few_addresses_are_told_before_a_library_ends_the_process(size: int, run: Run) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (size << 20, size << 20))

    assert_one_line(run("download", "--dataset", "sample", preexec_fn=limit), 1, "not enough memory", f"{size} MB")
    assert run("download", "--help", preexec_fn=limit).returncode == 0
