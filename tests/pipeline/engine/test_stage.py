import json
import os
import shutil
from pathlib import Path
from typing import Annotated

import numpy as np
import pytest

from pipeline.engine.arrays import save_array
from pipeline.engine.artifacts import read_manifest
from pipeline.engine.errors import PipelineError, UsageError
from pipeline.engine.stage import Input, Output, Role, stage


@stage
def plant(
    output: Output, number: int = 1, threads: Annotated[int, Role.UNKEYED] = 1, place: Path = Path("somewhere")
) -> str:
    """Makes numbers."""
    save_array(output / "numbers.npy", np.arange(number, dtype=np.float32))
    return f"{number} numbers"


@stage
def water(plant: Input, output: Output) -> str:
    (output / "wet.txt").write_bytes((plant / "numbers.npy").read_bytes())
    return "wet"


@stage
def harvest(plant: Input, water: Input, output: Output, fail: bool = False) -> str:
    (output / "early.txt").write_text("half a result")
    if fail:
        raise RuntimeError("hail")
    return "harvested"


@stage
def harvest_nothing(output: Output) -> str:
    return "nothing"


WITHOUT_INPUTS = json.dumps(
    {"stage": "plant", "parameters": {}, "inputs": None, "outputs": {}, "versions": {}, "seconds": 1}
)


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def stored(folder: Path) -> list[str]:
    return sorted(path.name.partition("-")[0] for path in (folder / ".store").iterdir())


def test_a_stage_says_what_it_made_and_where(tmp_path: Path) -> None:
    assert plant(output=tmp_path / "plant", number=3) == f"3 numbers -> {tmp_path / 'plant'}"
    assert plant.__name__ == "plant"
    assert plant.__doc__ == "Makes numbers."


def test_the_manifest_accounts_for_everything(tmp_path: Path) -> None:
    plant(output=tmp_path / "plant", number=3, threads=8)
    water(plant=tmp_path / "plant", output=tmp_path / "water")
    content = json.loads((tmp_path / "plant" / "manifest.json").read_text())
    assert content["stage"] == "plant"
    assert content["parameters"] == {"number": 3, "place": "somewhere"}
    assert content["versions"]["numpy"] == np.__version__
    assert content["seconds"] >= 0
    facts = content["outputs"]["numbers.npy"]
    body = (tmp_path / "plant" / "numbers.npy").read_bytes()
    assert facts["bytes"] == len(body)
    assert (facts["dtype"], facts["shape"]) == ("float32", [3])
    assert set(content["outputs"]) == {"numbers.npy"}
    made = read_manifest(tmp_path / "plant")
    assert read_manifest(tmp_path / "water").inputs == {"plant": made.digest}


def test_the_digest_is_of_the_content_alone(tmp_path: Path) -> None:
    def digest(number: int, threads: int) -> str:
        plant(output=tmp_path / "plant", number=number, threads=threads)
        return read_manifest(tmp_path / "plant").digest

    assert digest(3, 1) == digest(3, 2) != digest(4, 1)


def test_an_output_is_a_relative_link_so_that_the_folder_can_be_moved(tmp_path: Path) -> None:
    plant(output=tmp_path / "before" / "plant")
    (tmp_path / "before").rename(tmp_path / "after")
    water(plant=tmp_path / "after" / "plant", output=tmp_path / "after" / "water")
    assert visible(tmp_path / "after") == ["plant", "water"]


def test_a_new_result_replaces_the_old_one_and_leaves_nothing_behind(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        plant(output=tmp_path / "plant", number=number)
        assert len(np.load(tmp_path / "plant" / "numbers.npy")) == number
    assert visible(tmp_path) == ["plant"]
    assert stored(tmp_path) == ["plant"]


def test_a_failure_leaves_the_old_result_and_no_half_of_a_new_one(tmp_path: Path) -> None:
    plant(output=tmp_path / "plant")
    water(plant=tmp_path / "plant", output=tmp_path / "water")
    ways = (tmp_path / "plant", tmp_path / "water", tmp_path / "harvest")
    with pytest.raises(RuntimeError, match="hail"):
        harvest(*ways, fail=True)
    assert visible(tmp_path) == ["plant", "water"]
    harvest(*ways)
    before = (tmp_path / "harvest" / "manifest.json").read_bytes()
    with pytest.raises(RuntimeError, match="hail"):
        harvest(*ways, fail=True)
    assert (tmp_path / "harvest" / "manifest.json").read_bytes() == before
    assert stored(tmp_path) == ["harvest", "plant", "water"]


def test_a_missing_input_names_the_stage_to_run(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"manifest\.json is missing: run the stage plant first \(make plant\)"):
        water(plant=tmp_path / "plant", output=tmp_path / "water")
    assert not (tmp_path / ".store").exists()


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "null", "[" * 100_000, '{"stage": "plant"}', '{"outputs": {"a": {}}}', WITHOUT_INPUTS]
)
def test_a_damaged_manifest_names_the_stage_to_run(body: str, tmp_path: Path) -> None:
    plant(output=tmp_path / "plant")
    (tmp_path / "plant" / "manifest.json").write_text(body)
    with pytest.raises(PipelineError, match="is damaged: remove it and run the stage plant again"):
        water(plant=tmp_path / "plant", output=tmp_path / "water")


def test_inputs_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    plant(output=tmp_path / "plant", number=1)
    water(plant=tmp_path / "plant", output=tmp_path / "water")
    plant(output=tmp_path / "plant", number=2)
    with pytest.raises(PipelineError, match="water was made from another result of plant .* run the stage water again"):
        harvest(plant=tmp_path / "plant", water=tmp_path / "water", output=tmp_path / "harvest")


def test_the_manifest_is_there_before_the_result_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> None:
        raise OSError("no room for a manifest")

    monkeypatch.setattr("pipeline.engine.stage.write_manifest", fail)
    with pytest.raises(OSError, match="no room"):
        plant(output=tmp_path / "plant")
    assert visible(tmp_path) == stored(tmp_path) == []


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
    with pytest.raises(UsageError, match="lies within a published result"):
        plant(output=tmp_path / "plant" / "inner" / "plant")
    assert visible(tmp_path / "plant") == ["manifest.json", "numbers.npy"]


def test_somebodys_own_folder_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "plant").mkdir()
    (tmp_path / "plant" / "mine.txt").write_text("mine")
    with pytest.raises(PipelineError, match="is not a link that a stage has made"):
        plant(output=tmp_path / "plant")
    assert (tmp_path / "plant" / "mine.txt").read_text() == "mine"
