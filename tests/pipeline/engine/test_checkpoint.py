"""What a run that was cut off has left is gone on from, by the run that wants just that result."""

import logging
from pathlib import Path

import pytest

from pipeline.engine.errors import PipelineError
from pipeline.engine.prune import prune
from pipeline.engine.stage import run
from pipeline.engine.store import entry_of, private_folder
from pipeline.scheduling.jobs import CutOffError
from tests.pipeline.engine.garden import grow, stored, visible

KEPT = "grow: what it has done is kept: the same command goes on from there"


@pytest.mark.parametrize(("how", "error"), [("stopped", KeyboardInterrupt), ("full", OSError)])
def test_a_stage_goes_on_where_it_was_cut_off(
    how: str, error: type[BaseException], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with pytest.raises(error):
        grow(tmp_path / "grow", until=2, how=how)
    assert caplog.messages == [KEPT]
    assert not visible(tmp_path)
    with pytest.raises(error):
        grow(tmp_path / "grow", until=4, how=how)
    assert grow(tmp_path / "grow").startswith("5 rings, 4 of them old")
    assert (tmp_path / "grow" / "tree.txt").read_text() == "ooooo"
    assert sorted(path.name for path in (tmp_path / "grow").iterdir()) == ["leaf.txt", "manifest.json", "tree.txt"]
    assert stored(tmp_path) == ["grow"]


def test_what_was_half_made_beside_the_checkpoint_is_gone(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="storm"):
        grow(tmp_path / "grow", until=2, how="full")
    (partial,) = (tmp_path / ".store").glob("*.partial")
    (partial / "half.txt").write_text("half")
    grow(tmp_path / "grow")
    assert not (tmp_path / "grow" / "half.txt").exists()


def test_of_a_run_that_is_cut_off_nothing_but_the_checkpoint_stays(tmp_path: Path) -> None:
    entry = entry_of(tmp_path / "grow", "grow", 64 * "0")
    with pytest.raises(KeyboardInterrupt), private_folder(entry) as partial:
        (partial / "checkpoint").mkdir()
        (partial / "checkpoint" / "trunk.txt").write_text("oo")
        (partial / "half.txt").write_text("half")
        raise KeyboardInterrupt
    assert [path.name for path in partial.rglob("*")] == ["checkpoint", "trunk.txt"]


def test_nothing_is_kept_that_was_cut_off_before_its_first_checkpoint(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(KeyboardInterrupt):
        grow(tmp_path / "grow", until=0, how="stopped")
    assert KEPT not in caplog.messages
    assert not list((tmp_path / ".store").glob("*.partial"))


def test_a_checkpoint_that_is_half_written_under_a_hidden_name_is_none(tmp_path: Path) -> None:
    left = tmp_path / ".store" / f"grow-{16 * '0'}.partial"
    (left / "checkpoint").mkdir(parents=True)
    (left / "checkpoint" / ".trunk.txt").write_text("o")
    grow(tmp_path / "grow")
    assert not left.exists()


def test_nothing_is_kept_of_work_that_fails_by_its_own_word(tmp_path: Path) -> None:
    with pytest.raises(PipelineError):
        grow(tmp_path / "grow", until=2, how="rotten")
    assert not list((tmp_path / ".store").glob("*.partial"))


def test_another_result_does_not_go_on_from_there_nor_takes_it_away(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        grow(tmp_path / "grow", until=2, how="stopped")
    assert grow(tmp_path / "grow", rings=3).startswith("3 rings, 0 of them old")
    assert grow(tmp_path / "grow").startswith("5 rings, 2 of them old")


def test_prune_takes_it_away(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        grow(tmp_path / "grow", until=2, how="stopped")
    (name,) = prune(tmp_path, keep=9).removed
    assert name.startswith("grow-")
    assert grow(tmp_path / "grow").startswith("5 rings, 0 of them old")


def test_a_run_of_code_that_was_edited_meanwhile_leaves_nothing_to_go_on_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("pipeline.engine.stage.load", lambda function, files: list(files)[:1])
        with pytest.raises(KeyboardInterrupt):
            run(grow, {"output": tmp_path / "grow", "rings": 5, "until": 2, "how": "stopped"})
    assert not list((tmp_path / ".store").glob("*.partial"))
    assert grow(tmp_path / "grow").startswith("5 rings, 0 of them old")


@pytest.mark.parametrize("resumable", [True, False])
def test_of_work_that_fails_the_error_says_whether_it_is_worth_going_on(resumable: bool, tmp_path: Path) -> None:
    error = CutOffError("all workers have gone") if resumable else PipelineError("it diverged")
    with pytest.raises(PipelineError), private_folder(entry_of(tmp_path / "grow", "grow", 64 * "0")) as partial:
        (partial / "checkpoint").mkdir()
        (partial / "checkpoint" / "trunk.txt").write_text("oo")
        raise error
    assert partial.exists() == resumable
