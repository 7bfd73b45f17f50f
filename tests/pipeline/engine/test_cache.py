"""The comparison of records: stages to start, stages that are up to date, and cases that need the exact keys."""

import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from pipeline.engine import cache
from pipeline.engine.artifacts import read_manifest
from pipeline.engine.errors import PipelineError
from pipeline.engine.run import run_stage, write_record
from pipeline.engine.stage import Stage
from tests.pipeline.engine.garden import feed, plant, water

EXACT = None  # the exact keys are needed

FindStale = Callable[..., list[str] | None]


def call(stage: Stage[...], *options: str, **arguments: object) -> str:
    """Run a stage as its command does with these options."""
    inputs = {name: Path("artifacts") / name for name in stage.inputs}
    defaults = {"number": 1, "threads": 1, "place": Path("somewhere")} if stage is plant else {}
    outcome = run_stage(
        stage, {**defaults, **inputs, "output": Path("artifacts") / stage.name, **arguments}, options=options
    )
    return str(outcome)


@pytest.fixture
def find_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> FindStale:
    """Run `plant` and `water`; return a function that compares their records and returns the stages to start."""
    monkeypatch.chdir(tmp_path)
    call(plant)
    call(water)

    def find_stale(requests: Sequence[str] = ("plant", "water")) -> list[str] | None:
        capsys.readouterr()
        status = cache.main("artifacts", requests)
        return capsys.readouterr().out.split() if status == 0 else EXACT

    assert find_stale() == []
    return find_stale


def test_stage_without_record_is_started(find_stale: FindStale) -> None:
    Path("artifacts/.cache/water.json").unlink()
    assert find_stale() == ["water"]


def test_two_stages_to_start_need_the_exact_keys(find_stale: FindStale) -> None:
    Path("artifacts/.cache/plant.json").unlink()
    assert find_stale(["plant"]) == ["plant"]
    assert find_stale() is EXACT


def test_stages_that_may_have_to_be_started_are_printed(
    find_stale: FindStale, capsys: pytest.CaptureFixture[str]
) -> None:
    def printed() -> list[str]:
        assert cache.main("artifacts", ["plant", "water"]) == 1
        return capsys.readouterr().out.split()

    Path("artifacts/water/wet.txt").write_bytes(b"dry")
    assert printed() == ["water"]
    Path("artifacts/plant/numbers.npy").write_bytes(b"weeds")
    assert printed() == ["plant", "water"]


def test_stage_is_started_if_make_does_not_name_one_of_its_inputs(find_stale: FindStale) -> None:
    assert find_stale(["water"]) == ["water"]  # to end with an error
    assert find_stale(["water", "plant"]) == ["water"]
    plant(output=Path("artifacts/best"), number=7)
    call(water, plant=Path("artifacts/best"))
    assert find_stale(["water"]) == []  # not made by make


def test_edited_file_needs_the_exact_keys_and_a_touched_one_does_not(find_stale: FindStale) -> None:
    food = Path("food.txt")
    food.write_text("hay")
    call(feed, food=food)
    assert find_stale(["feed"]) == []
    food.touch()
    assert find_stale(["feed"]) == []
    food.write_text("oat")
    assert find_stale(["feed"]) is EXACT


@pytest.mark.parametrize("text", ["", "{", "{}", "null", "\0"])
def test_damaged_record_starts_its_stage(text: str, find_stale: FindStale) -> None:
    Path("artifacts/.cache/water.json").write_text(text)
    assert find_stale() == ["water"]


def test_changed_options_start_the_stage(find_stale: FindStale) -> None:
    assert find_stale(["plant --number=2"]) == ["plant"]
    assert find_stale(["plant", "water --number=2"]) == ["water"]
    call(plant, "--number", "2", number=2)
    assert find_stale(["plant --number=2"]) == []
    assert find_stale(["plant"]) == ["plant"]


def test_touched_files_are_unchanged_and_hashed_once(find_stale: FindStale, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in [*Path("artifacts/plant").iterdir(), *Path("artifacts/water").iterdir()]:
        path.touch()
    assert find_stale() == []
    monkeypatch.setattr(cache, "sha256", lambda path: pytest.fail(f"{path} is hashed again"))
    assert find_stale() == []


@pytest.mark.parametrize("times", ["new", "restored"])
def test_changed_content_needs_the_exact_keys(times: str, find_stale: FindStale) -> None:
    path = Path("artifacts/water/wet.txt")
    before = path.stat()
    path.write_bytes(bytes(before.st_size))
    if times == "restored":
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert find_stale() is EXACT
    assert find_stale(["plant"]) == []


def test_changed_link_needs_the_exact_keys(find_stale: FindStale) -> None:
    record = Path("artifacts/.cache/plant.json").read_text()
    call(plant, number=2)
    Path("artifacts/.cache/plant.json").write_text(record)
    assert find_stale(["plant"]) is EXACT


def test_new_module_new_defaults_or_moved_project_need_the_exact_keys(
    find_stale: FindStale, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = json.loads(Path("artifacts/.cache/plant.json").read_text())
    record["modules"][str(tmp_path)] = cache.list_modules(str(tmp_path))
    Path("artifacts/.cache/plant.json").write_text(json.dumps(record))
    assert find_stale(["plant"]) == []
    Path("numpy.py").touch()
    assert find_stale(["plant"]) is EXACT
    Path("numpy.py").unlink()
    Path("pyproject.toml").touch()
    assert find_stale(["plant"]) is EXACT
    Path("pyproject.toml").unlink()
    assert find_stale(["plant"]) == []
    shutil.copytree(tmp_path, tmp_path / "copy", symlinks=True)
    monkeypatch.chdir(tmp_path / "copy")
    assert find_stale(["plant"]) is EXACT


def test_stage_runs_if_its_record_cannot_be_written(find_stale: FindStale) -> None:
    shutil.rmtree("artifacts/.cache")
    Path("artifacts/.cache").write_text("not a folder")
    assert call(plant, "--number", "3", number=3).startswith("3 numbers")
    assert find_stale(["plant"]) == ["plant"]


def test_call_from_python_writes_no_record(find_stale: FindStale) -> None:
    plant(output=Path("artifacts/plant"), number=2)
    assert find_stale(["plant"]) == ["plant"]


def test_no_record_for_a_result_published_by_another_process(find_stale: FindStale) -> None:
    manifest = read_manifest(Path("artifacts/plant"))
    snapshot = json.loads(Path("artifacts/.cache/plant.json").read_text())
    call(plant, number=7)
    write_record(Path("artifacts/plant"), manifest, snapshot)
    assert find_stale(["plant"]) == ["plant"]


def test_new_extra_file_needs_the_exact_keys(find_stale: FindStale, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plant, "extra_files", ("tests/pipeline/engine/garden*",))
    call(plant)
    assert find_stale(["plant"]) == []
    record = json.loads(Path("artifacts/.cache/plant.json").read_text())
    (pattern,) = [pattern for pattern in record["patterns"] if pattern.endswith("garden*")]
    assert [Path(path).name for path in record["patterns"][pattern]] == ["garden.py"]
    record["patterns"][pattern] = []  # as if the file were new
    Path("artifacts/.cache/plant.json").write_text(json.dumps(record))
    assert find_stale(["plant"]) is EXACT


def test_folder_of_artifacts_is_no_module(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "results/.store").mkdir(parents=True)
    (tmp_path / "main.py").touch()
    assert cache.list_modules(str(tmp_path)) == ["code", "main.py"]


def test_input_is_refused_unless_its_record_has_the_options_that_make_has_requested(
    find_stale: FindStale, monkeypatch: pytest.MonkeyPatch
) -> None:
    def call_water(**inputs: Path) -> str:
        with monkeypatch.context() as patch:
            patch.setenv("EARLIER_STAGES", "'plant --number=2'")
            return call(water, **inputs)

    with pytest.raises(PipelineError, match="artifacts/plant has been replaced"):
        call_water()
    call(plant, "--number", "2", number=2)
    record = Path("artifacts/.cache/plant.json").read_text()
    assert call_water().startswith("wet")
    plant(output=Path("artifacts/best"), number=7)
    assert call_water(plant=Path("artifacts/best")).startswith("wet")  # another input, as in pyproject.toml
    call(plant, "--number", "5", number=5)
    Path("artifacts/.cache/plant.json").write_text(record)  # as before the other process has written its own
    with pytest.raises(PipelineError, match="artifacts/plant has been replaced"):
        call_water()
    Path("artifacts/.cache/plant.json").unlink()  # nothing is known, as in a folder that cannot be written
    assert call_water().startswith("wet")


def test_input_that_the_makefile_does_not_name_is_refused(
    find_stale: FindStale, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARLIER_STAGES", "")
    with pytest.raises(PipelineError, match=r"reads plant: add it to water\.inputs"):
        call(water)
    plant(output=Path("artifacts/best"), number=7)
    assert call(water, plant=Path("artifacts/best")).startswith("wet")  # not made by make
