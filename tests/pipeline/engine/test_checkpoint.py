"""Interrupted runs keep a checkpoint, from which a run with the same key resumes."""

import importlib.util
import logging
import time
from pathlib import Path
from typing import Any

import pytest
from numpy.typing import NDArray

from pipeline.engine.arrays import save_array
from pipeline.engine.errors import PipelineError
from pipeline.engine.run import describe_outcome, run_stage
from pipeline.engine.store import entry_of, private_folder
from pipeline.scheduling.jobs import JobInterruptedError
from tests.docs.pages import read_page
from tests.pipeline.engine.garden import grow, stored, visible
from tests.processes import ROOT

KEPT = "grow: progress is kept: run the same command again to resume"


@pytest.mark.parametrize(
    ("how", "error"), [pytest.param("stopped", KeyboardInterrupt, marks=pytest.mark.slow), ("full", OSError)]
)
def test_interrupted_stage_resumes_from_its_checkpoint(
    how: str, error: type[BaseException], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with pytest.raises(error):
        grow(tmp_path / "grow", until=2, how=how)
    assert caplog.messages == [KEPT]
    assert not visible(tmp_path)
    with pytest.raises(error):
        grow(tmp_path / "grow", until=4, how=how)
    (partial,) = tmp_path.glob(".store/grow-*.partial")
    (partial / "half.txt").write_text("as of a run that was killed")
    assert grow(tmp_path / "grow").startswith("5 rings, 4 of them old")
    assert (tmp_path / "grow" / "tree.txt").read_text() == "ooooo"
    assert sorted(path.name for path in (tmp_path / "grow").iterdir()) == ["leaf.txt", "manifest.json", "tree.txt"]
    assert stored(tmp_path) == ["grow"]


def test_example_of_the_reference_resumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = read_page(ROOT / "docs/reference/stage.md").blocks
    (code,) = (block.text for block in blocks if "CHECKPOINT" in block.text and block.language == "python")
    (tmp_path / "simulate.py").write_text(code)
    spec = importlib.util.spec_from_file_location("simulate", tmp_path / "simulate.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    saved: list[str] = []

    def save(path: Path, array: NDArray[Any]) -> None:
        if len(saved) == 3:
            saved.append("interrupted")
            raise KeyboardInterrupt
        save_array(path, array)
        saved.append(path.name)

    with monkeypatch.context() as patch:
        patch.setattr("pipeline.engine.fingerprint.STARTED", time.time_ns())  # after the module was written
        patch.setattr("numpy.save", save)
        with pytest.raises(KeyboardInterrupt):
            module.simulate(parts=5, output=tmp_path / "out/simulate")
        module.simulate(parts=5, output=tmp_path / "out/simulate")
    assert len(saved) == 6  # three parts, the interruption, the other two parts
    parts = [f"part-{number}.npy" for number in range(5)]
    assert visible(tmp_path / "out/simulate") == ["manifest.json", *parts]


@pytest.mark.slow
def test_run_with_another_key_ignores_and_keeps_the_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        grow(tmp_path / "grow", until=2, how="stopped")
    assert grow(tmp_path / "grow", rings=3).startswith("3 rings, 0 of them old")
    assert grow(tmp_path / "grow").startswith("5 rings, 2 of them old")


@pytest.mark.slow
def test_forced_run_neither_uses_nor_keeps_a_checkpoint(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    arguments = {"output": tmp_path / "grow", "rings": 5, "until": 99, "how": "stopped"}
    with pytest.raises(KeyboardInterrupt):
        grow(tmp_path / "grow", until=2, how="stopped")
    caplog.clear()
    with pytest.raises(KeyboardInterrupt):
        run_stage(grow, {**arguments, "until": 4}, force=True)
    assert caplog.messages == []
    assert describe_outcome(run_stage(grow, arguments)).startswith("5 rings, 0 of them old")
    with pytest.raises(KeyboardInterrupt):
        grow(tmp_path / "grow", rings=6, until=2, how="stopped")
    assert describe_outcome(run_stage(grow, {**arguments, "rings": 6}, force=True)).startswith("6 rings, 0 of them old")


@pytest.mark.parametrize(
    ("error", "file", "is_kept"),
    [
        (JobInterruptedError("all workers have gone"), "trunk.txt", True),
        (PipelineError("it diverged"), "trunk.txt", False),
        (KeyboardInterrupt(), ".trunk.txt", False),  # an incomplete file is no checkpoint
    ],
)
def test_only_resumable_errors_keep_a_checkpoint(
    error: BaseException, file: str, is_kept: bool, tmp_path: Path
) -> None:
    with pytest.raises(type(error)), private_folder(entry_of(tmp_path / "grow", "grow", 64 * "0")) as partial:
        (partial / "checkpoint").mkdir()
        (partial / "checkpoint" / file).write_text("oo")
        raise error
    assert partial.exists() == is_kept
