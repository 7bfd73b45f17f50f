"""The comparison of notes: stages to start, stages that are up to date, and cases that need the exact keys."""

import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from pipeline.engine import look, notes
from pipeline.engine.artifacts import read_manifest
from pipeline.engine.stage import Stage, run
from tests.pipeline.engine.garden import plant, water

EXACT = None  # the exact keys are needed

FindStale = Callable[..., list[str] | None]


def call(stage: Stage[...], *options: str, **arguments: object) -> str:
    """Run a stage as its command does with these options."""
    inputs = {name: Path("artifacts") / name for name in stage.inputs}
    defaults = {"number": 1, "threads": 1, "place": Path("somewhere")} if stage is plant else {}
    return run(stage, {**defaults, **inputs, "output": Path("artifacts") / stage.name, **arguments}, options=options)


@pytest.fixture
def find_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> FindStale:
    """Run `plant` and `water`; return a function that compares their notes and returns the stages to start."""
    monkeypatch.chdir(tmp_path)
    call(plant)
    call(water)

    def find_stale(requests: Sequence[str] = ("plant", "water")) -> list[str] | None:
        capsys.readouterr()
        status = look.main("artifacts", requests)
        return capsys.readouterr().out.split() if status == 0 else EXACT

    assert find_stale() == []
    return find_stale


def test_stage_without_note_is_started(find_stale: FindStale) -> None:
    Path("artifacts/.notes/water.json").unlink()
    assert find_stale() == ["water"]


def test_two_stages_to_start_need_the_exact_keys(find_stale: FindStale) -> None:
    Path("artifacts/.notes/plant.json").unlink()
    assert find_stale(["plant"]) == ["plant"]
    assert find_stale() is EXACT


@pytest.mark.parametrize("text", ["", "{", "null", "\0"])
def test_damaged_note_starts_its_stage(text: str, find_stale: FindStale) -> None:
    Path("artifacts/.notes/water.json").write_text(text)
    assert find_stale() == ["water"]


def test_changed_options_start_the_stage_unless_unkeyed(find_stale: FindStale) -> None:
    assert find_stale(["plant --number 2"]) == ["plant"]
    assert find_stale(["plant", "water --number 2"]) == ["water"]
    assert find_stale(["plant --threads 3", "water"]) == []
    assert find_stale(["plant --threads=3", "water"]) == []
    call(plant, "--threads", "2", "--number", "2", threads=2, number=2)
    assert find_stale(["plant --number 2"]) == []
    assert find_stale(["plant"]) == ["plant"]


def test_touched_files_are_unchanged_and_hashed_once(find_stale: FindStale, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in [*Path("artifacts/plant").iterdir(), *Path("artifacts/water").iterdir()]:
        path.touch()
    assert find_stale() == []
    monkeypatch.setattr(look, "sha256", lambda path: pytest.fail(f"{path} is hashed again"))
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


def test_missing_file_needs_the_exact_keys(find_stale: FindStale) -> None:
    Path("artifacts/plant/numbers.npy").unlink()
    assert find_stale() is EXACT


def test_changed_link_needs_the_exact_keys(find_stale: FindStale) -> None:
    note = Path("artifacts/.notes/plant.json").read_text()
    call(plant, number=2)
    Path("artifacts/.notes/plant.json").write_text(note)
    assert find_stale(["plant"]) is EXACT


def test_new_module_new_defaults_or_moved_project_need_the_exact_keys(
    find_stale: FindStale, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = json.loads(Path("artifacts/.notes/plant.json").read_text())
    note["modules"][str(tmp_path)] = look.list_modules(str(tmp_path))
    Path("artifacts/.notes/plant.json").write_text(json.dumps(note))
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


def test_stage_runs_if_its_note_cannot_be_written(find_stale: FindStale) -> None:
    shutil.rmtree("artifacts/.notes")
    Path("artifacts/.notes").write_text("not a folder")
    assert call(plant, "--number", "3", number=3).startswith("3 numbers")
    assert find_stale(["plant"]) == ["plant"]


def test_call_from_python_writes_no_note(find_stale: FindStale) -> None:
    plant(output=Path("artifacts/plant"), number=2)
    assert find_stale(["plant"]) == ["plant"]


def test_code_edited_during_the_run_gives_no_note(find_stale: FindStale, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.engine.stage.find_outdated", lambda function, files: ["library/near.py"])
    call(plant, number=5)
    assert find_stale(["plant"]) == ["plant"]


def test_no_note_for_a_result_published_by_another_process(find_stale: FindStale) -> None:
    manifest = read_manifest(Path("artifacts/plant"))
    snapshot = json.loads(Path("artifacts/.notes/plant.json").read_text())
    call(plant, number=7)
    notes.write(Path("artifacts/plant"), snapshot, manifest)
    assert find_stale(["plant"]) == ["plant"]


@pytest.mark.parametrize("name", [".notes/plant.json", "plant/manifest.json"])
def test_pipe_instead_of_a_file_does_not_block(name: str, find_stale: FindStale) -> None:
    path = Path("artifacts", name)
    path.unlink()
    os.mkfifo(path)
    assert find_stale(["plant"]) in (["plant"], EXACT)
    assert call(plant).startswith("1 numbers" if name.startswith("plant") else "up to date")


def test_new_extra_file_needs_the_exact_keys(find_stale: FindStale, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plant, "extra_files", ("tests/pipeline/engine/garden*",))
    call(plant)
    assert find_stale(["plant"]) == []
    note = json.loads(Path("artifacts/.notes/plant.json").read_text())
    (pattern,) = [pattern for pattern in note["patterns"] if pattern.endswith("garden*")]
    assert [Path(path).name for path in note["patterns"][pattern]] == ["garden.py"]
    note["patterns"][pattern] = []  # as if the file were new
    Path("artifacts/.notes/plant.json").write_text(json.dumps(note))
    assert find_stale(["plant"]) is EXACT


def test_folder_of_artifacts_is_no_module(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "results/.store").mkdir(parents=True)
    (tmp_path / "main.py").touch()
    assert look.list_modules(str(tmp_path)) == ["code", "main.py"]
