"""Missing and damaged files are reported before they are used."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.engine.artifacts import read_manifest
from pipeline.engine.errors import PipelineError
from tests.pipeline.engine.garden import harvest, plant, water


@pytest.mark.parametrize(
    ("folder", "advice"),
    [("artifacts/plant", "make plant"), ("artifacts/tall", "--output artifacts/tall"), ("plant", "--output plant")],
)
@pytest.mark.parametrize("fault", ["missing", "damaged", "output"])
def test_advice_is_about_the_folder_that_was_named(
    folder: str, advice: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if fault != "missing":
        plant(output=Path(folder))
    if fault == "damaged":
        Path(folder, "manifest.json").write_text("")
    if fault == "output":
        Path(folder, "numbers.npy").write_bytes(b"")
    with pytest.raises(PipelineError) as error:
        water(plant=Path(folder), output=Path("artifacts/water"))
    assert str(error.value).startswith(folder)
    assert advice in str(error.value)


@pytest.mark.parametrize("body", ["", "null", '{"stage": "plant"}'])
def test_damaged_manifest_is_reported_and_repaired_by_rerun(body: str, tmp_path: Path) -> None:
    plant(output=tmp_path / "plant")
    before = read_manifest(tmp_path / "plant")
    (tmp_path / "plant" / "manifest.json").write_text(body)
    with pytest.raises(PipelineError, match=r"is damaged: run the stage plant again"):
        water(plant=tmp_path / "plant", output=tmp_path / "water")
    assert plant(output=tmp_path / "plant").startswith("1 numbers")
    assert read_manifest(tmp_path / "plant").digest == before.digest


def test_manifest_of_another_stage_is_refused_and_replaced_by_rerun(tmp_path: Path) -> None:
    plant(output=tmp_path / "plant")
    path = tmp_path / "plant" / "manifest.json"
    path.write_text(path.read_text().replace('"stage": "plant"', '"stage": "weed"'))
    with pytest.raises(PipelineError, match="is the result of the stage weed, not of plant"):
        water(plant=tmp_path / "plant", output=tmp_path / "water")
    assert plant(output=tmp_path / "plant").startswith("1 numbers")
    assert water(plant=tmp_path / "plant", output=tmp_path / "water").startswith("wet")


@pytest.mark.parametrize(
    "damage", ["flip", *(pytest.param(each, marks=pytest.mark.slow) for each in ("decay", "cut", "delete"))]
)
def test_damaged_output_is_reported_before_use_and_repaired_by_rerun(
    damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(output=tmp_path / "plant")
    if damage == "decay":  # on the disk, so that size, times and inode stay the same
        monkeypatch.setattr("pipeline.engine.digests.file_stamp", lambda path: [1, 1, 1, 1])
        plant(output=tmp_path / "plant")
    path = tmp_path / "plant" / "numbers.npy"
    body = path.read_bytes()
    if damage == "delete":
        path.unlink()
    else:
        path.write_bytes(body[:-1] if damage == "cut" else body[:-1] + bytes([body[-1] ^ 1]))
    change = "missing" if damage == "delete" else "damaged"
    with pytest.raises(PipelineError, match=rf"numbers\.npy is {change}: run the stage plant again"):
        water(plant=tmp_path / "plant", output=tmp_path / "water")
    assert plant(output=tmp_path / "plant").startswith("1 numbers")
    assert (tmp_path / "plant" / "numbers.npy").read_bytes() == body


def test_damaged_store_entry_is_not_restored(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    plant(output=tmp_path / "plant", number=3)
    entry = (tmp_path / "plant").resolve()
    plant(output=tmp_path / "plant", number=4)
    (entry / "numbers.npy").write_bytes(b"")
    with caplog.at_level("INFO"):
        assert plant(output=tmp_path / "plant", number=3).startswith("3 numbers")
    assert caplog.messages == ["plant: parameter number: 4 -> 3; stored result numbers.npy: is damaged"]
    assert len(np.load(tmp_path / "plant" / "numbers.npy")) == 3


def test_inconsistent_inputs_are_refused(tmp_path: Path) -> None:
    plant(output=tmp_path / "plant", number=1)
    water(plant=tmp_path / "plant", output=tmp_path / "water")
    plant(output=tmp_path / "plant", number=2)
    with pytest.raises(PipelineError, match="water was made from another result of plant .* with --output .*water"):
        harvest(plant=tmp_path / "plant", water=tmp_path / "water", output=tmp_path / "harvest")
