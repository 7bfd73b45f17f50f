import os
import threading
from pathlib import Path

from pipeline.engine.locks import file_lock


def test_waiter_for_a_deleted_lock_file_locks_the_new_one(tmp_path: Path) -> None:
    path, waiting, done = tmp_path / "lock", threading.Event(), threading.Event()
    found = []

    def wait() -> None:
        with file_lock(path, lambda line: waiting.set()) as acquired, file_lock(path, None) as other:
            found.append((acquired, other))
        done.set()

    with file_lock(path, None):
        thread = threading.Thread(target=wait)
        thread.start()
        assert waiting.wait(20)
        path.unlink()
    assert done.wait(20)
    thread.join()
    assert found == [(True, False)]


def test_pipe_in_place_of_a_lock_file_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "lock")
    with file_lock(tmp_path / "lock", None) as first, file_lock(tmp_path / "lock", None) as second:
        assert (first, second) == (True, False)
