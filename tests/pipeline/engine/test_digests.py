"""What is remembered of a file is used only as long as the file is the same."""

import hashlib
import itertools
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.engine import digests


@pytest.fixture(autouse=True)
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Begin with an empty memory in a folder with artifacts; yield its file."""
    monkeypatch.chdir(tmp_path)
    Path("artifacts").mkdir()
    forget()
    yield tmp_path / digests.MEMORY
    forget()


def forget() -> None:
    """Begin as the next process does."""
    digests._memory.cache_clear()
    digests._doubted.clear()


HAY, OAT = (hashlib.sha256(text).hexdigest() for text in (b"hay", b"oat"))


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
def test_changed_file_is_read_again_and_an_unchanged_one_is_not(
    change: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    file, now = Path("food.txt"), time.time_ns()
    file.write_text("hay")
    monkeypatch.setattr("pipeline.engine.digests.time.time_ns", lambda: now + digests.SECOND)
    assert digests.sha256(file) == HAY
    digests._save()
    forget()
    known = digests.file_stamp(file)
    assert digests.remember("sha256", file, known, str, lambda: pytest.fail("read again")) == HAY
    change(file)
    assert digests.sha256(file) == OAT


@pytest.mark.parametrize(("fraction", "age", "is_known"), [(0, 1, False), (0, 3, True), (7, 0, False), (7, 1, True)])
def test_file_that_a_write_may_leave_with_the_same_times_is_read_again(
    fraction: int, age: int, is_known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The times of some file systems have no fractions of a second; those of others advance every few milliseconds."""
    file, moment = Path("food.txt"), 1_800_000_000 * digests.SECOND + fraction
    clock = itertools.count(moment + age * digests.SECOND)
    monkeypatch.setattr("pipeline.engine.digests.time.time_ns", lambda: next(clock))
    monkeypatch.setattr(digests, "file_stamp", lambda path: [3, moment, moment, 1])
    file.write_text("hay")
    assert digests.sha256(file) == HAY
    digests._save()
    forget()
    file.write_text("oat")
    assert digests.sha256(file) == (HAY if is_known else OAT)


@pytest.mark.parametrize("text", ["{", "null", '{"sha256 PATH": [STATE, 5]}'])
def test_damaged_memory_is_forgotten(text: str, memory: Path) -> None:
    file = Path("food.txt")
    file.write_text("hay")
    memory.parent.mkdir()
    memory.write_text(text.replace("PATH", str(file.absolute())).replace("STATE", json.dumps(digests.file_stamp(file))))
    assert digests.sha256(file) == HAY
    digests._save()
    forget()
    assert digests.sha256(file) == HAY


def test_memory_needs_room_and_artifacts(memory: Path) -> None:
    Path("food.txt").write_text("hay")
    digests.sha256("food.txt")
    memory.parent.write_text("not a folder")
    digests._save()
    memory.parent.unlink()
    Path("artifacts").rmdir()
    digests._save()
    assert not Path("artifacts").exists()
