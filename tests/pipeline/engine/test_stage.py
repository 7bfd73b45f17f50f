import json
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest

from pipeline.engine import store
from pipeline.engine.arrays import save_array
from pipeline.engine.artifacts import read_manifest
from pipeline.engine.errors import PipelineError, UsageError
from pipeline.engine.stage import Input, Output, Role, run, stage


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


def weighed(given: Mapping[str, Any]) -> dict[str, Any]:
    return {"kilos": float(given["kilos"]), "unit": "kg"}


@stage(settle=weighed, volatile=("seconds.txt",))
def weigh(output: Output, kilos: str = "1") -> str:
    assert isinstance(kilos, float)
    (output / "kilos.txt").write_text(str(kilos))
    (output / "seconds.txt").write_text(str(time.time_ns()))
    return f"{kilos} kg"


def read(given: Mapping[str, Any]) -> dict[str, Any]:
    return {"content": given["file"].read_text()}


@stage(settle=read)
def look(output: Output, file: Path, write: str) -> str:
    """Somebody writes into the file while it is looked at."""
    file.write_text(write)
    return f"looked at {file.read_text()}"


@stage
def slow(plant: Input, output: Output, other: int) -> str:
    """Somebody publishes another input before this one is read."""
    shutil.copy(plant / "numbers.npy", output.parent.parent / "first.npy")
    globals()["plant"](output=output.parent.parent / "plant", number=other)
    (output / "bytes.txt").write_text(str((plant / "numbers.npy").stat().st_size))
    return "worked"


@stage
def harvest_nothing(output: Output) -> str:
    return "nothing"


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def stored(folder: Path) -> list[str]:
    return sorted(path.name.partition("-")[0] for path in (folder / ".store").iterdir() if path.suffix != ".lock")


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
    assert "tests/pipeline/engine/test_stage.py" in content["code"]
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


def test_an_output_is_a_relative_link_so_that_the_folder_can_be_moved(tmp_path: Path) -> None:
    plant(output=tmp_path / "before" / "plant")
    (tmp_path / "before").rename(tmp_path / "after")
    water(plant=tmp_path / "after" / "plant", output=tmp_path / "after" / "water")
    assert visible(tmp_path / "after") == ["plant", "water"]


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


def test_a_result_that_is_there_is_let_be(tmp_path: Path) -> None:
    plant(output=tmp_path / "plant", number=3)
    before = (tmp_path / "plant" / "manifest.json").stat().st_mtime_ns
    said = plant(tmp_path / "plant", 3, threads=2)
    assert said == f"up to date: nothing that counts has changed -> {tmp_path / 'plant'}"
    assert (tmp_path / "plant" / "manifest.json").stat().st_mtime_ns > before


def test_force_works_in_any_case(tmp_path: Path) -> None:
    plant(output=tmp_path / "plant", number=3)
    before = read_manifest(tmp_path / "plant")
    arguments = {"output": tmp_path / "plant", "number": 3, "threads": 1, "place": Path("somewhere")}
    assert run(plant, arguments, force=True).said.startswith("3 numbers")
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


def test_a_missing_input_names_the_stage_to_run(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"manifest\.json is missing: run the stage plant first \(make plant\)"):
        water(plant=tmp_path / "plant", output=tmp_path / "water")
    assert not (tmp_path / ".store").exists()


DAMAGES: dict[str, list[Any]] = {
    "stage": [None, 3],
    "parameters": [None, [], "x"],
    "inputs": [None, {"a": 3}, []],
    "code": [None, {"a": None}],
    "environment": [None, {"a": 1}],
    "outputs": [
        *(None, [], {"a": {}}, {"a": {"sha256": 1, "bytes": 1}}, {"a": {"sha256": "b", "bytes": "c"}}, {"a": 1}),
        *({"/dev/zero": {"sha256": "b", "bytes": 0}}, {"../plant": {"sha256": "b", "bytes": 0}}),
    ],
    "made": [None, "yesterday", 3, "0001-01-01T00:00:00+14:00"],
    "seconds": [None, "1"],
    "summary": [None, 1],
    "more": [1],
}
BODIES = ["", "{", "[]", "null", "3", "[" * 100_000, "{}", '{"stage": "plant"}', '{"outputs": {"a": {}}}']


@pytest.mark.parametrize(("field", "value"), [(field, value) for field in DAMAGES for value in DAMAGES[field]])
def test_a_manifest_with_a_damaged_field_names_the_stage_to_run(field: str, value: object, tmp_path: Path) -> None:
    plant(output=tmp_path / "plant")
    path = tmp_path / "plant" / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), field: value}))
    with pytest.raises(PipelineError, match=r"is damaged: run the stage plant again \(make plant\)"):
        water(plant=tmp_path / "plant", output=tmp_path / "water")


@pytest.mark.parametrize("body", BODIES)
def test_a_damaged_manifest_names_the_stage_to_run_and_that_makes_it_anew(body: str, tmp_path: Path) -> None:
    plant(output=tmp_path / "plant")
    before = read_manifest(tmp_path / "plant")
    (tmp_path / "plant" / "manifest.json").write_text(body)
    with pytest.raises(PipelineError, match=r"is damaged: run the stage plant again \(make plant\)"):
        water(plant=tmp_path / "plant", output=tmp_path / "water")
    assert plant(output=tmp_path / "plant").startswith("1 numbers")
    assert read_manifest(tmp_path / "plant").digest == before.digest


@pytest.mark.parametrize("damage", ["flip", "cut", "delete"])
def test_a_damaged_output_is_named_before_it_is_used_and_made_anew(damage: str, tmp_path: Path) -> None:
    plant(output=tmp_path / "plant")
    path = tmp_path / "plant" / "numbers.npy"
    body = path.read_bytes()
    if damage == "delete":
        path.unlink()
    else:
        path.write_bytes(body[:-1] if damage == "cut" else body[:-1] + bytes([body[-1] ^ 1]))
    os.utime(tmp_path / "plant" / "manifest.json")
    what = "missing" if damage == "delete" else "damaged"
    with pytest.raises(PipelineError, match=rf"numbers\.npy is {what}: run the stage plant again \(make plant\)"):
        water(plant=tmp_path / "plant", output=tmp_path / "water")
    if damage != "delete":  # so that make, which looks at times, looks at it as well
        assert path.stat().st_mtime_ns > (tmp_path / "plant" / "manifest.json").stat().st_mtime_ns
    assert plant(output=tmp_path / "plant").startswith("1 numbers")
    assert (tmp_path / "plant" / "numbers.npy").read_bytes() == body


def test_a_damaged_entry_of_the_store_is_not_restored(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    plant(output=tmp_path / "plant", number=3)
    entry = (tmp_path / "plant").resolve()
    plant(output=tmp_path / "plant", number=4)
    (entry / "numbers.npy").write_bytes(b"")
    with caplog.at_level("INFO"):
        assert plant(output=tmp_path / "plant", number=3).startswith("3 numbers")
    assert caplog.messages == ["plant: parameter number: 4 -> 3; stored result numbers.npy: is damaged"]
    assert len(np.load(tmp_path / "plant" / "numbers.npy")) == 3


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


def test_what_a_killed_run_has_left_is_removed_by_the_next_of_its_stage(tmp_path: Path) -> None:
    leftovers = [tmp_path / ".store" / f"plant-0123456789abcdef{suffix}" for suffix in (".partial", ".old")]
    for leftover in [*leftovers, tmp_path / ".store" / "plants-0123456789abcdef.partial"]:
        leftover.mkdir(parents=True)
        (leftover / "half").touch()
    plant(output=tmp_path / "plant")
    assert stored(tmp_path) == ["plant", "plants"]


def test_the_youngest_result_is_the_last_whatever_the_clock_says(tmp_path: Path) -> None:
    plant(output=tmp_path / "plant")
    water(plant=tmp_path / "plant", output=tmp_path / "water")
    ahead = 4_000_000_000 * 10**9  # in the year 2096
    for name in ("plant", "water"):
        os.utime(tmp_path / name / "manifest.json", ns=(ahead, ahead))
    plant(output=tmp_path / "plant", number=2)
    times = [(tmp_path / name / "manifest.json").stat().st_mtime_ns for name in ("water", "plant")]
    assert times == [ahead, ahead + 1]


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
