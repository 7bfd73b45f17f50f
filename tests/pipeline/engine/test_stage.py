"""When a stage runs, and what it records."""

import json
import os
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.engine.artifacts import read_manifest
from pipeline.engine.errors import PipelineError, UsageError
from pipeline.engine.plan import plan_call
from pipeline.engine.provenance import Reason
from pipeline.engine.results import prune
from pipeline.engine.run import run_stage
from pipeline.engine.stage import Input, Output, stage
from tests.pipeline.engine.garden import feed, harvest, plant, stored, visible, water


def resolve_kilos(given: Mapping[str, Any]) -> dict[str, Any]:
    return {"kilos": float(given["kilos"]), "unit": "kg"}


@stage(resolve=resolve_kilos, unhashed=("seconds.txt",))
def weigh(output: Output, kilos: str = "1") -> str:
    assert isinstance(kilos, float)
    (output / "kilos.txt").write_text(str(kilos))
    (output / "seconds.txt").write_text(str(time.time_ns()))
    return f"{kilos} kg"


def resolve_pots(given: Mapping[str, Any]) -> dict[str, Any]:
    if given["pots"] < 0:
        raise UsageError("pots must be at least 0")
    return dict(given)


def read_file(given: Mapping[str, Any]) -> dict[str, Any]:
    return {"content": given["file"].read_text()}


@stage(resolve=read_file)
def read_scale(output: Output, file: Path, write: str) -> str:
    """Change the file, whose content is part of the key, during the run."""
    file.write_text(write)
    return f"read {file.read_text()}"


replant = plant  # `plant` is an argument below


@stage()
def copy(plant: Input, output: Output, other: int) -> str:
    """Publish another result of `plant`, and delete the earlier one, before reading the input."""
    shutil.copy(plant / "numbers.npy", output.parent.parent / "first.npy")
    replant(output=output.parent.parent / "plant", number=other)
    prune(output.parent.parent, keep=1)
    (output / "bytes.txt").write_text(str((plant / "numbers.npy").stat().st_size))
    return "copied"


@stage()
def sift(plant: Input, output: Output, also: int = 1) -> str:
    """List the input, after a file has been added to it."""
    (output.parent.parent / "plant/late.npy").touch()
    (output / "list.txt").write_text(" ".join(sorted(path.name for path in plant.rglob("*"))))
    (plant / "cache.npy").touch()
    return (output / "list.txt").read_text()


def test_manifest_records_provenance_and_outputs(tmp_path: Path) -> None:
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
    assert set(content["outputs"]) == {"numbers.npy"}
    made = read_manifest(tmp_path / "plant")
    assert read_manifest(tmp_path / "water").provenance.inputs == {"plant": made.digest}


def test_earlier_result_is_restored(tmp_path: Path) -> None:
    plant(output=tmp_path / "plant", number=3)
    first = (tmp_path / "plant" / "manifest.json").read_bytes()
    plant(output=tmp_path / "plant", number=4)
    line = plant(output=tmp_path / "plant", number=3)
    assert line.startswith("restored the result of 2")
    assert line.endswith(f": 3 numbers -> {tmp_path / 'plant'}")
    assert (tmp_path / "plant" / "manifest.json").read_bytes() == first


def test_result_with_the_same_key_is_up_to_date(tmp_path: Path) -> None:
    plant(output=tmp_path / "plant", number=3)
    line = plant(tmp_path / "plant", 3, threads=2)
    assert line == f"up to date: nothing relevant has changed -> {tmp_path / 'plant'}"


def test_unhashed_output_is_not_part_of_the_digest(tmp_path: Path) -> None:
    weigh(output=tmp_path / "weigh")
    first = read_manifest(tmp_path / "weigh")
    run_stage(weigh, {"output": tmp_path / "weigh", "kilos": "1"}, force=True)
    second = read_manifest(tmp_path / "weigh")
    assert first.outputs["seconds.txt"]["sha256"] != second.outputs["seconds.txt"]["sha256"]
    assert first.digest == second.digest


def test_resolved_parameters_are_part_of_the_key(tmp_path: Path) -> None:
    assert weigh(tmp_path / "weigh", kilos="1").startswith("1.0 kg")
    assert read_manifest(tmp_path / "weigh").provenance.parameters == {"kilos": 1.0, "unit": "kg"}
    assert weigh(tmp_path / "weigh", kilos="1.00").startswith("up to date")
    assert weigh(tmp_path / "weigh", kilos="2").startswith("2.0 kg")


def test_wrong_parameter_is_reported_even_if_an_input_is_missing(tmp_path: Path) -> None:
    @stage(resolve=resolve_pots)
    def pot(plant: Input, output: Output, pots: int) -> str:
        raise AssertionError

    with pytest.raises(UsageError, match="pots"):
        run_stage(pot, {"plant": tmp_path / "plant", "output": tmp_path / "pot", "pots": -1})
    assert not any(tmp_path.iterdir())


def test_parameter_changed_during_the_run_invalidates_the_result(tmp_path: Path) -> None:
    scale = tmp_path / "scale"
    scale.write_text("1")
    assert read_scale(tmp_path / "read_scale", scale, write="2").startswith("read 2")
    scale.write_text("1")
    assert read_scale(tmp_path / "read_scale", scale, write="1").startswith("read 1")
    assert read_scale(tmp_path / "read_scale", scale, write="1").startswith("up to date")


def test_content_of_a_file_is_part_of_the_key_and_its_path_is_not(tmp_path: Path) -> None:
    food, output = tmp_path / "food.txt", tmp_path / "feed"
    food.write_text("hay")
    assert feed(food=food, output=output) == f"fed hay -> {output}"
    assert feed(food=food.rename(tmp_path / "moved.txt"), output=output).startswith("up to date")
    food.write_text("oats")
    status = plan_call(feed, {"food": food, "output": output}, {})
    assert (status.state, status.reasons) == ("stale", (Reason("input", "food", "changed"),))
    assert feed(food=food, output=output) == f"fed oats -> {output}"
    food.write_text("hay")
    assert feed(food=food, output=output).startswith("restored")


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: None], ids=["folder", "pipe", "missing"])
def test_file_that_cannot_be_read_is_wrong_usage(make: Callable[[Path], object], tmp_path: Path) -> None:
    make(tmp_path / "food.txt")
    with pytest.raises(UsageError, match="food is .*food.txt, which is not a file"):
        feed(food=tmp_path / "food.txt", output=tmp_path / "feed")


def test_stage_without_a_summary_fails_and_publishes_nothing(tmp_path: Path) -> None:
    @stage()
    def forget(output: Output) -> str:
        return None  # type: ignore[return-value]

    with pytest.raises(PipelineError, match="forget returned None"):
        forget(output=tmp_path / "forget")
    assert visible(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("manifest.json", Path.touch),
        ("manifest.json", lambda path: path.symlink_to("nowhere")),
        ("checkpoint", Path.touch),
    ],
)
def test_output_with_a_name_that_the_engine_uses_is_refused(
    name: str, make: Callable[[Path], object], tmp_path: Path
) -> None:
    @stage()
    def scribble(output: Output) -> str:
        make(output / name)
        return "scribbled"

    with pytest.raises(PipelineError, match=f"scribble wrote {name}, a name that the engine uses"):
        scribble(output=tmp_path / "scribble")
    assert visible(tmp_path) == []


def test_names_that_the_engine_uses_are_free_in_subfolders(tmp_path: Path) -> None:
    names = ("deep/manifest.json", "deep/checkpoint", "checkpoint/manifest.json")

    @stage()
    def scribble(output: Output) -> str:
        for name in names:
            (output / name).parent.mkdir(exist_ok=True)
            (output / name).write_text("{}")
        return "scribbled"

    scribble(output=tmp_path / "scribble")
    assert set(read_manifest(tmp_path / "scribble").outputs) == {"deep/manifest.json", "deep/checkpoint"}
    (tmp_path / "scribble/deep/manifest.json").write_text("damaged")
    assert scribble(output=tmp_path / "scribble").startswith("scribbled")


def test_package_that_is_not_installed_is_refused(tmp_path: Path) -> None:
    @stage(packages=("numpy", "no-such-package"))
    def import_(output: Output) -> str:
        return "imported"

    with pytest.raises(PipelineError, match="no-such-package, in packages of the stage import_, is not installed"):
        import_(output=tmp_path / "import_")


@pytest.mark.slow
def test_input_published_during_the_run_is_not_read(tmp_path: Path) -> None:
    plant(output=tmp_path / "plant", number=1)
    copy(tmp_path / "plant", tmp_path / "copy", other=5)
    assert (tmp_path / "copy" / "bytes.txt").read_text() == str((tmp_path / "first.npy").stat().st_size)
    assert len(np.load(tmp_path / "plant" / "numbers.npy")) == 5
    assert copy(tmp_path / "plant", tmp_path / "copy", other=5).startswith("copied")  # the input has changed


@pytest.mark.parametrize(
    "add",
    [
        lambda folder: (folder / "stray.npy").touch(),
        lambda folder: (folder / ".numbers.npy.swp").touch(),
        lambda folder: (folder / "deep").mkdir(),
        lambda folder: (folder / "link.npy").symlink_to("numbers.npy"),
        lambda folder: (folder / "link").symlink_to(folder.parent),
        lambda folder: os.mkfifo(folder / "pipe.npy"),
    ],
    ids=["file", "hidden", "folder", "link", "link to a folder", "pipe"],
)
def test_stage_reads_nothing_that_the_manifest_of_its_input_lacks(
    add: Callable[[Path], object], tmp_path: Path
) -> None:
    plant(output=tmp_path / "plant")
    add(tmp_path / "plant")
    before = visible(tmp_path / "plant")
    assert sift(tmp_path / "plant", tmp_path / "sift").startswith("manifest.json numbers.npy ->")
    assert visible(tmp_path / "plant") == sorted([*before, "late.npy"])
    assert stored(tmp_path) == ["plant", "sift"]


def test_manifest_that_names_a_file_outside_of_its_folder_is_damaged(tmp_path: Path) -> None:
    plant(output=tmp_path / "plant")
    manifest = tmp_path / "plant/manifest.json"
    content = manifest.read_text()
    for name in ("/etc/hostname", "deep/../../numbers.npy"):
        manifest.write_text(content.replace("numbers.npy", name))
        with pytest.raises(PipelineError, match="manifest.json is damaged"):
            water(plant=tmp_path / "plant", output=tmp_path / "water")


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


def test_link_to_itself_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "artifacts").symlink_to("artifacts")
    with pytest.raises(UsageError, match="leads nowhere"):
        plant(output=tmp_path / "artifacts/plant")
