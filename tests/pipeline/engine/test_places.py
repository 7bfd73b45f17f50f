"""Publication: complete results only, and only at an output of the same stage."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from pipeline.engine import store
from pipeline.engine.errors import PipelineError, UsageError
from pipeline.engine.stage import Output, stage
from tests.pipeline.engine.garden import harvest, plant, stored, visible, water


@stage
def harvest_nothing(output: Output) -> str:
    return "nothing"


def test_artifacts_folder_can_be_moved(tmp_path: Path) -> None:
    plant(output=tmp_path / "before" / "plant")
    (tmp_path / "before").rename(tmp_path / "after")
    water(plant=tmp_path / "after" / "plant", output=tmp_path / "after" / "water")
    assert visible(tmp_path / "after") == ["plant", "water"]


def test_copied_link_keeps_its_result(tmp_path: Path) -> None:
    plant(output=tmp_path / "plant", number=1)
    shutil.copy(tmp_path / "plant", tmp_path / "best", follow_symlinks=False)
    plant(output=tmp_path / "plant", number=2)
    assert len(np.load(tmp_path / "best" / "numbers.npy")) == 1
    assert len(np.load(tmp_path / "plant" / "numbers.npy")) == 2


def test_output_permissions_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        plant(output=tmp_path / "plant")
    finally:
        os.umask(before)
    assert (tmp_path / "plant").stat().st_mode & 0o777 == 0o750


def test_nothing_is_published_without_a_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("pipeline.engine.stage.write_manifest", fail)
    with pytest.raises(OSError, match="disk full"):
        plant(output=tmp_path / "plant")
    assert visible(tmp_path) == stored(tmp_path) == []


def test_leftovers_of_a_killed_run_are_removed_by_the_next(tmp_path: Path) -> None:
    leftovers = [tmp_path / ".store" / f"plant-0123456789abcdef{suffix}" for suffix in (".partial", ".old")]
    for leftover in [*leftovers, tmp_path / ".store" / "plants-0123456789abcdef.partial"]:
        leftover.mkdir(parents=True)
        (leftover / "file").touch()
    plant(output=tmp_path / "plant")
    assert stored(tmp_path) == ["plant", "plants"]


def test_result_is_locked_while_it_is_restored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(output=tmp_path / "plant", number=3)
    plant(output=tmp_path / "plant", number=4)
    original, removed = store.publish, []

    def publish(entry: Path, output: Path) -> None:
        removed.append(store.remove(entry))
        original(entry, output)

    monkeypatch.setattr(store, "publish", publish)
    assert plant(output=tmp_path / "plant", number=3).startswith("restored")
    assert removed == [False]


@pytest.mark.parametrize("target", ["elsewhere", "nowhere", "link"])
def test_foreign_link_is_not_replaced(target: str, tmp_path: Path) -> None:
    (tmp_path / "elsewhere" / ".store").mkdir(parents=True)
    (tmp_path / "link").symlink_to(target)
    with pytest.raises(UsageError, match="is not a link that a stage has made"):
        plant(output=tmp_path / "link")
    assert (tmp_path / "link").readlink() == Path(target)


def test_result_of_another_stage_is_not_replaced(tmp_path: Path) -> None:
    plant(output=tmp_path / "plant")
    with pytest.raises(UsageError, match="is the result of the stage plant: choose another output"):
        water(plant=tmp_path / "plant", output=tmp_path / "plant")
    (tmp_path / "plant" / "manifest.json").rename(tmp_path / "manifest.json")
    with pytest.raises(UsageError, match="is the result of the stage plant"):  # damaged, but of another stage
        harvest_nothing(output=tmp_path / "plant")
    (tmp_path / "manifest.json").rename(tmp_path / "plant" / "manifest.json")
    with pytest.raises(PipelineError, match="is the result of the stage plant, not of water"):
        harvest(tmp_path / "plant", tmp_path / "plant", tmp_path / "harvest")


def test_output_inside_a_published_result_is_refused(tmp_path: Path) -> None:
    plant(output=tmp_path / "plant")
    for output in ("plant/inner/plant", "plant/plant", ".store/plant", ".store/inner/plant"):
        with pytest.raises(UsageError, match="lies within a published result"):
            plant(output=tmp_path / output)
    assert visible(tmp_path / "plant") == ["manifest.json", "numbers.npy"]


def test_foreign_folder_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "plant").mkdir()
    (tmp_path / "plant" / "mine.txt").write_text("mine")
    with pytest.raises(PipelineError, match="is not a link that a stage has made"):
        plant(output=tmp_path / "plant")
    assert (tmp_path / "plant" / "mine.txt").read_text() == "mine"
