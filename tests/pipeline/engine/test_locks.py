import threading
from pathlib import Path

import pytest

from pipeline.engine.errors import PipelineError
from pipeline.engine.locks import writing


def test_one_at_a_time_writes_and_another_is_told(tmp_path: Path) -> None:
    with writing(tmp_path / "lock", None) as mine:
        assert mine
        with writing(tmp_path / "lock", None) as other:
            assert not other
    with writing(tmp_path / "lock", None) as mine:
        assert mine


def test_who_has_waited_for_a_lock_that_was_removed_gets_the_one_that_is_there(tmp_path: Path) -> None:
    path, waits, done = tmp_path / "lock", threading.Event(), threading.Event()
    found = []

    def wait() -> None:
        with writing(path, lambda line: waits.set()) as mine, writing(path, None) as other:  # as another process would
            found.append((mine, other))
        done.set()

    with writing(path, None):
        thread = threading.Thread(target=wait)
        thread.start()
        assert waits.wait(20)
        path.unlink()
    assert done.wait(20)
    thread.join()
    assert found == [(True, False)]


@pytest.mark.parametrize("target", ["important", "nothing"])
def test_a_lock_that_is_a_link_is_refused_and_what_it_shows_stays(target: str, tmp_path: Path) -> None:
    (tmp_path / "important").write_text("mine")
    (tmp_path / "lock").symlink_to(target)
    with (
        pytest.raises(PipelineError, match="lock is a symbolic link, not a lock: remove it"),
        writing(tmp_path / "lock", None),
    ):
        pass
    assert (tmp_path / "important").read_text() == "mine"
    assert not (tmp_path / "nothing").exists()
