"""Files and links are replaced atomically: by `store.publish`, checkpoints, the memory of digests and outputs."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.engine.files import new_file, replacement


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_replacement_is_complete_or_did_not_happen(tmp_path: Path) -> None:
    path = tmp_path / "link"
    path.symlink_to("old")
    with replacement(path) as temporary:
        temporary.symlink_to("new")
        with replacement(path) as other:  # by another process
            other.symlink_to("other")
        assert path.readlink() == Path("other")
    assert (path.readlink(), names(tmp_path)) == (Path("new"), ["link"])
    with pytest.raises(KeyboardInterrupt), replacement(path) as temporary:
        temporary.symlink_to("late")
        raise KeyboardInterrupt
    assert (path.readlink(), names(tmp_path)) == (Path("new"), ["link"])


@pytest.mark.parametrize(
    "create", [lambda temporary: temporary.symlink_to("old"), lambda temporary: temporary.write_text("new")]
)
def test_error_is_about_the_file_that_should_be_replaced(create: Callable[[Path], object], tmp_path: Path) -> None:
    path = tmp_path / "missing" / "file"
    with pytest.raises(FileNotFoundError) as caught, replacement(path) as temporary:
        create(temporary)
    assert caught.value.filename == str(path)


def test_new_file_replaces_the_earlier_one_once_it_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, synced = tmp_path / "file", list[tuple[bytes, int]]()
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", lambda file: synced.append((path.read_bytes(), os.fstat(file).st_size)))
    with new_file(path) as file:
        file.write(b"longer")
    assert (synced, path.read_bytes(), names(tmp_path)) == ([(b"old", 6)], b"longer", ["file"])
