"""What is remembered of a file is used only as long as the file is the same."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.engine import digests


@pytest.fixture(autouse=True)
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Begin with an empty memory in a folder with artifacts; yield its file."""
    monkeypatch.chdir(tmp_path)
    Path("artifacts").mkdir()
    digests._memory.cache_clear()
    yield tmp_path / digests.MEMORY
    digests._memory.cache_clear()


def rewrite_with_the_same_times(file: Path) -> None:
    before = file.stat()
    file.write_text("oat")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(
    "change",
    [
        lambda file: file.write_text("oat"),
        rewrite_with_the_same_times,
        lambda file: (file.with_name("new").write_text("oat"), file.with_name("new").replace(file)),
    ],
)
def test_changed_file_is_read_again_and_an_unchanged_one_is_not(change: Callable[[Path], object]) -> None:
    file = Path("food.txt")
    file.write_text("hay")
    read = lambda: digests.remember("text", file, file.read_text)  # noqa: E731
    assert read() == "hay"
    digests._save()
    digests._memory.cache_clear()  # as in the next process
    assert digests.remember("text", file, lambda: pytest.fail("read again")) == "hay"
    change(file)
    assert read() == "oat"


@pytest.mark.parametrize("text", ["", "{", "null", "\0", '{"sha256 food.txt": 5}', "[" * 100_000])
def test_damaged_memory_is_forgotten(text: str, memory: Path) -> None:
    memory.parent.mkdir()
    memory.write_text(text)
    Path("food.txt").write_text("hay")
    assert len(digests.sha256("food.txt")) == 64


def test_memory_needs_room_and_artifacts(memory: Path) -> None:
    Path("food.txt").write_text("hay")
    digests.sha256("food.txt")
    memory.parent.write_text("not a folder")
    digests._save()
    memory.parent.unlink()
    Path("artifacts").rmdir()
    digests._save()
    assert not Path("artifacts").exists()
