"""Where results are published: whole, in one's own place, and nowhere else."""

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


def test_an_output_is_a_relative_link_so_that_the_folder_can_be_moved(tmp_path: Path) -> None:
    plant(output=tmp_path / "before" / "plant")
    (tmp_path / "before").rename(tmp_path / "after")
    water(plant=tmp_path / "after" / "plant", output=tmp_path / "after" / "water")
    assert visible(tmp_path / "after") == ["plant", "water"]


def test_a_result_that_another_link_shows_stays(tmp_path: Path) -> None:
    plant(output=tmp_path / "plant", number=1)
    shutil.copy(tmp_path / "plant", tmp_path / "best", follow_symlinks=False)
    plant(output=tmp_path / "plant", number=2)
    assert len(np.load(tmp_path / "best" / "numbers.npy")) == 1
    assert len(np.load(tmp_path / "plant" / "numbers.npy")) == 2


def test_everybody_may_read_what_their_umask_lets_them(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        plant(output=tmp_path / "plant")
    finally:
        os.umask(before)
    assert (tmp_path / "plant").stat().st_mode & 0o777 == 0o750


def test_the_manifest_is_there_before_the_result_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> None:
        raise OSError("no room for a manifest")

    monkeypatch.setattr("pipeline.engine.stage.write_manifest", fail)
    with pytest.raises(OSError, match="no room"):
        plant(output=tmp_path / "plant")
    assert visible(tmp_path) == stored(tmp_path) == []


def test_what_a_killed_run_has_left_is_removed_by_the_next_of_its_stage(tmp_path: Path) -> None:
    leftovers = [tmp_path / ".store" / f"plant-0123456789abcdef{suffix}" for suffix in (".partial", ".old")]
    for leftover in [*leftovers, tmp_path / ".store" / "plants-0123456789abcdef.partial"]:
        leftover.mkdir(parents=True)
        (leftover / "half").touch()
    plant(output=tmp_path / "plant")
    assert stored(tmp_path) == ["plant", "plants"]


def test_nobody_can_remove_a_result_while_it_is_shown_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(output=tmp_path / "plant", number=3)
    plant(output=tmp_path / "plant", number=4)
    show, asked = store.publish, []

    def publish(entry: Path, output: Path) -> None:
        asked.append(store.remove(entry))
        show(entry, output)

    monkeypatch.setattr(store, "publish", publish)
    assert plant(output=tmp_path / "plant", number=3).startswith("restored")
    assert asked == [False]


@pytest.mark.parametrize("target", ["elsewhere", "nowhere", "link"])
def test_somebodys_own_link_is_not_replaced(target: str, tmp_path: Path) -> None:
    (tmp_path / "elsewhere" / ".store").mkdir(parents=True)
    (tmp_path / "link").symlink_to(target)
    with pytest.raises(UsageError, match="is not a link that a stage has made"):
        plant(output=tmp_path / "link")
    assert (tmp_path / "link").readlink() == Path(target)


def test_another_stages_result_is_not_replaced(tmp_path: Path) -> None:
    plant(output=tmp_path / "plant")
    with pytest.raises(UsageError, match="is the result of the stage plant: choose another output"):
        water(plant=tmp_path / "plant", output=tmp_path / "plant")
    (tmp_path / "plant" / "manifest.json").rename(tmp_path / "manifest.json")
    with pytest.raises(UsageError, match="is the result of the stage plant"):  # damaged, but still another's
        harvest_nothing(output=tmp_path / "plant")
    (tmp_path / "manifest.json").rename(tmp_path / "plant" / "manifest.json")
    with pytest.raises(PipelineError, match="is the result of the stage plant, not of water"):
        harvest(tmp_path / "plant", tmp_path / "plant", tmp_path / "harvest")


def test_nothing_is_published_within_a_published_result(tmp_path: Path) -> None:
    plant(output=tmp_path / "plant")
    for place in ("plant/inner/plant", "plant/plant", ".store/plant", ".store/inner/plant"):
        with pytest.raises(UsageError, match="lies within a published result"):
            plant(output=tmp_path / place)
    assert visible(tmp_path / "plant") == ["manifest.json", "numbers.npy"]


def test_somebodys_own_folder_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "plant").mkdir()
    (tmp_path / "plant" / "mine.txt").write_text("mine")
    with pytest.raises(PipelineError, match="is not a link that a stage has made"):
        plant(output=tmp_path / "plant")
    assert (tmp_path / "plant" / "mine.txt").read_text() == "mine"
