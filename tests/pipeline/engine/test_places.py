"""Publication: complete results only, and only at an output of the same stage."""

import os
from pathlib import Path

import pytest

from pipeline.engine.errors import PipelineError, UsageError
from tests.pipeline.engine.garden import harvest, plant, visible, water


def test_output_permissions_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        plant(output=tmp_path / "plant")
    finally:
        os.umask(before)
    assert (tmp_path / "plant").stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize("target", ["elsewhere", "nowhere", "mine", None])
def test_foreign_link_or_folder_is_not_replaced(target: str | None, tmp_path: Path) -> None:
    (tmp_path / "elsewhere" / ".store").mkdir(parents=True)
    mine = tmp_path / "mine"
    if target:
        mine.symlink_to(target)
    else:
        mine.mkdir()
        (mine / "numbers.npy").write_text("mine")
    with pytest.raises(UsageError, match="is not a link that a stage has made"):
        plant(output=mine)
    assert (str(mine.readlink()) if target else (mine / "numbers.npy").read_text()) == (target or "mine")


def test_result_of_another_stage_is_not_replaced(tmp_path: Path) -> None:
    plant(output=tmp_path / "plant")
    with pytest.raises(UsageError, match="is the result of the stage plant: choose another output"):
        water(plant=tmp_path / "plant", output=tmp_path / "plant")
    with pytest.raises(PipelineError, match="is the result of the stage plant, not of water"):
        harvest(tmp_path / "plant", tmp_path / "plant", tmp_path / "harvest")


def test_output_inside_a_published_result_is_refused(tmp_path: Path) -> None:
    plant(output=tmp_path / "plant")
    for output in ("plant/inner/plant", "plant/plant", ".store/plant", ".store/inner/plant"):
        with pytest.raises(UsageError, match="lies within a published result"):
            plant(output=tmp_path / output)
    assert visible(tmp_path / "plant") == ["manifest.json", "numbers.npy"]


def test_link_to_itself_is_an_error_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "artifacts").symlink_to("artifacts")
    with pytest.raises(OSError, match="Too many levels of symbolic links"):
        plant(output=tmp_path / "artifacts/plant")
