"""When a stage works, when it is let be, and what it writes down."""

import json
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.engine.artifacts import Manifest, read_manifest
from pipeline.engine.provenance import Reason
from pipeline.engine.stage import Input, Output, run, stage
from tests.pipeline.engine.garden import harvest, plant, stored, visible, water


def weighed(given: Mapping[str, Any]) -> dict[str, Any]:
    return {"kilos": float(given["kilos"]), "unit": "kg"}


@stage(resolve=weighed, unhashed=("seconds.txt",))
def weigh(output: Output, kilos: str = "1") -> str:
    assert isinstance(kilos, float)
    (output / "kilos.txt").write_text(str(kilos))
    (output / "seconds.txt").write_text(str(time.time_ns()))
    return f"{kilos} kg"


def read(given: Mapping[str, Any]) -> dict[str, Any]:
    return {"content": given["file"].read_text()}


@stage(resolve=read)
def look(output: Output, file: Path, write: str) -> str:
    """Somebody writes into the file while it is looked at."""
    file.write_text(write)
    return f"looked at {file.read_text()}"


replant = plant  # which is the name of its input below


@stage
def slow(plant: Input, output: Output, other: int) -> str:
    """Somebody publishes another input before this one is read."""
    shutil.copy(plant / "numbers.npy", output.parent.parent / "first.npy")
    replant(output=output.parent.parent / "plant", number=other)
    (output / "bytes.txt").write_text(str((plant / "numbers.npy").stat().st_size))
    return "worked"


def test_a_stage_says_what_it_made_and_where(tmp_path: Path) -> None:
    assert plant(output=tmp_path / "plant", number=3) == f"3 numbers -> {tmp_path / 'plant'}"
    assert plant.name == "plant"
    assert plant.__doc__ == "Makes numbers."


def test_the_manifest_accounts_for_everything(tmp_path: Path) -> None:
    plant(output=tmp_path / "plant", number=3, threads=8)
    water(plant=tmp_path / "plant", output=tmp_path / "water")
    content = json.loads((tmp_path / "plant" / "manifest.json").read_text())
    assert content["stage"] == "plant"
    assert content["parameters"] == {"number": 3, "place": "somewhere"}
    assert content["environment"]["numpy"] == np.__version__
    assert "tests/pipeline/engine/garden.py" in content["code"]
    assert content["summary"] == "3 numbers"
    assert content["seconds"] >= 0
    facts = content["outputs"]["numbers.npy"]
    body = (tmp_path / "plant" / "numbers.npy").read_bytes()
    assert facts["bytes"] == len(body)
    assert (facts["dtype"], facts["shape"]) == ("float32", [3])
    assert set(content["outputs"]) == {"numbers.npy"}
    made = read_manifest(tmp_path / "plant")
    assert read_manifest(tmp_path / "water").provenance.inputs == {"plant": made.digest}


def test_the_digest_is_of_the_content_alone(tmp_path: Path) -> None:
    def digest(number: int, threads: int) -> str:
        plant(output=tmp_path / "plant", number=number, threads=threads)
        return read_manifest(tmp_path / "plant").digest

    assert digest(3, 1) == digest(3, 2) != digest(4, 1)


def test_a_new_result_replaces_the_old_one_which_stays_in_the_store(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        plant(output=tmp_path / "plant", number=number)
        assert len(np.load(tmp_path / "plant" / "numbers.npy")) == number
    assert visible(tmp_path) == ["plant"]
    assert stored(tmp_path) == ["plant", "plant", "plant"]


def test_a_result_that_is_wanted_again_is_shown_again(tmp_path: Path) -> None:
    plant(output=tmp_path / "plant", number=3)
    first = (tmp_path / "plant" / "manifest.json").read_bytes()
    plant(output=tmp_path / "plant", number=4)
    said = plant(output=tmp_path / "plant", number=3)
    assert said.startswith("restored what was made on 2")
    assert said.endswith(f": 3 numbers -> {tmp_path / 'plant'}")
    assert (tmp_path / "plant" / "manifest.json").read_bytes() == first


def test_what_is_not_wanted_any_more_is_not_read_to_be_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[float] = []

    def damages(folder: Path, manifest: Manifest) -> list[Reason]:
        read.append(manifest.provenance.parameters["number"])
        return []

    monkeypatch.setattr("pipeline.engine.artifacts.damages", damages)
    for number in (3, 4, 3):
        plant(output=tmp_path / "plant", number=number)
    assert read == [3]  # the one that is shown again


def test_a_result_that_is_there_is_let_be(tmp_path: Path) -> None:
    plant(output=tmp_path / "plant", number=3)
    said = plant(tmp_path / "plant", 3, threads=2)
    assert said == f"up to date: nothing that counts has changed -> {tmp_path / 'plant'}"


def test_force_works_in_any_case(tmp_path: Path) -> None:
    plant(output=tmp_path / "plant", number=3)
    before = read_manifest(tmp_path / "plant")
    arguments = {"output": tmp_path / "plant", "number": 3, "threads": 1, "place": Path("somewhere")}
    assert run(plant, arguments, force=True).startswith("3 numbers")
    after = read_manifest(tmp_path / "plant")
    assert (after.provenance, after.digest) == (before.provenance, before.digest)
    assert after.made > before.made
    assert stored(tmp_path) == ["plant"]


def test_a_volatile_output_is_no_part_of_the_digest(tmp_path: Path) -> None:
    weigh(output=tmp_path / "weigh")
    first = read_manifest(tmp_path / "weigh")
    run(weigh, {"output": tmp_path / "weigh", "kilos": "1"}, force=True)
    second = read_manifest(tmp_path / "weigh")
    assert first.outputs["seconds.txt"]["sha256"] != second.outputs["seconds.txt"]["sha256"]
    assert first.digest == second.digest


def test_what_settle_makes_of_the_parameters_is_what_counts(tmp_path: Path) -> None:
    assert weigh(tmp_path / "weigh", kilos="1").startswith("1.0 kg")
    assert read_manifest(tmp_path / "weigh").provenance.parameters == {"kilos": 1.0, "unit": "kg"}
    assert weigh(tmp_path / "weigh", kilos="1.00").startswith("up to date")
    assert weigh(tmp_path / "weigh", kilos="2").startswith("2.0 kg")


def test_a_parameter_that_changes_while_the_stage_works_is_no_part_of_any_key(tmp_path: Path) -> None:
    scale = tmp_path / "scale"
    scale.write_text("1")
    assert look(tmp_path / "look", scale, write="2").startswith("looked at 2")
    scale.write_text("1")
    assert look(tmp_path / "look", scale, write="1").startswith("looked at 1")
    assert look(tmp_path / "look", scale, write="1").startswith("up to date")


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
    assert harvest(*ways).startswith("up to date")
    assert stored(tmp_path) == ["harvest", "plant", "water"]
    assert not list((tmp_path / ".store").glob("*.partial"))


def test_what_an_input_was_at_the_start_is_what_is_read(tmp_path: Path) -> None:
    plant(output=tmp_path / "plant", number=1)
    slow(tmp_path / "plant", tmp_path / "slow", other=5)
    assert (tmp_path / "slow" / "bytes.txt").read_text() == str((tmp_path / "first.npy").stat().st_size)
    assert len(np.load(tmp_path / "plant" / "numbers.npy")) == 5
    assert slow(tmp_path / "plant", tmp_path / "slow", other=5).startswith("worked")  # for now the input is another


def test_an_environment_that_changes_while_the_stage_works_is_no_part_of_any_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = iter(["1", "2", "1"])
    monkeypatch.setattr("pipeline.engine.stage.environment", lambda packages: {"python": next(versions)})
    plant(output=tmp_path / "plant")
    assert read_manifest(tmp_path / "plant").provenance.environment["python"].startswith("changed while it ran")
