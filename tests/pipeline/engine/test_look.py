"""What the comparison of notes starts, what it lets be, and when it leaves the decision to the exact keys."""

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

EXACT = None  # only the exact keys can tell

Look = Callable[..., list[str] | None]


def call(stage: Stage[...], *options: str, **arguments: object) -> str:
    """Run a stage as its command would with these options."""
    inputs = {name: Path("artifacts") / name for name in stage.inputs}
    defaults = {"number": 1, "threads": 1, "place": Path("somewhere")} if stage is plant else {}
    return run(stage, {**defaults, **inputs, "output": Path("artifacts") / stage.name, **arguments}, options=options)


@pytest.fixture
def looked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Look:
    """Compare the notes of `plant` and `water`, which have both run; the stages to start."""
    monkeypatch.chdir(tmp_path)
    call(plant)
    call(water)

    def looked(requests: Sequence[str] = ("plant", "water")) -> list[str] | None:
        capsys.readouterr()
        status = look.main("artifacts", requests)
        return capsys.readouterr().out.split() if status == 0 else EXACT

    assert looked() == []
    return looked


def test_what_was_never_run_is_started_and_so_is_what_follows(looked: Look) -> None:
    Path("artifacts/.notes/plant.json").unlink()
    assert looked() == ["plant", "water"]


@pytest.mark.parametrize("text", ["", "{", "null", "\0"])
def test_a_damaged_note_starts_its_stage(text: str, looked: Look) -> None:
    Path("artifacts/.notes/water.json").write_text(text)
    assert looked() == ["water"]


def test_other_options_start_the_stage_and_those_that_decide_nothing_do_not(looked: Look) -> None:
    assert looked(["plant --number 2", "water"]) == ["plant", "water"]
    assert looked(["plant", "water --number 2"]) == ["water"]
    assert looked(["plant --threads 3", "water"]) == []
    assert looked(["plant --threads=3", "water"]) == []
    call(plant, "--threads", "2", "--number", "2", threads=2, number=2)
    assert looked(["plant --number 2"]) == []
    assert looked(["plant"]) == ["plant"]


def test_a_touch_is_no_change_and_is_looked_at_once(looked: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in [*Path("artifacts/plant").iterdir(), *Path("artifacts/water").iterdir()]:
        path.touch()
    assert looked() == []
    monkeypatch.setattr(look, "sha256", lambda path: pytest.fail(f"{path} is read again"))
    assert looked() == []


@pytest.mark.parametrize("times", ["new", "restored"])
def test_changed_content_is_left_to_the_keys(times: str, looked: Look) -> None:
    path = Path("artifacts/water/wet.txt")
    before = path.stat()
    path.write_bytes(bytes(before.st_size))
    if times == "restored":
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert looked() is EXACT
    assert looked(["plant"]) == []


def test_a_missing_file_is_left_to_the_keys(looked: Look) -> None:
    Path("artifacts/plant/numbers.npy").unlink()
    assert looked() is EXACT


def test_another_result_behind_the_link_is_left_to_the_keys(looked: Look) -> None:
    note = Path("artifacts/.notes/plant.json").read_text()
    call(plant, number=2)
    Path("artifacts/.notes/plant.json").write_text(note)
    assert looked(["plant"]) is EXACT


def test_a_new_module_a_declared_default_and_another_place_are_left_to_the_keys(
    looked: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = json.loads(Path("artifacts/.notes/plant.json").read_text())
    note["modules"][str(tmp_path)] = look.list_modules(str(tmp_path))
    Path("artifacts/.notes/plant.json").write_text(json.dumps(note))
    assert looked(["plant"]) == []
    Path("numpy.py").touch()
    assert looked(["plant"]) is EXACT
    Path("numpy.py").unlink()
    Path("pyproject.toml").touch()
    assert looked(["plant"]) is EXACT
    Path("pyproject.toml").unlink()
    assert looked(["plant"]) == []
    shutil.copytree(tmp_path, tmp_path / "copy", symlinks=True)
    monkeypatch.chdir(tmp_path / "copy")
    assert looked(["plant"]) is EXACT


def test_where_no_note_can_be_written_the_stage_runs_all_the_same(looked: Look) -> None:
    shutil.rmtree("artifacts/.notes")
    Path("artifacts/.notes").write_text("in the way")
    assert call(plant, "--number", "3", number=3).startswith("3 numbers")
    assert looked(["plant"]) == ["plant"]


def test_a_call_without_a_command_line_leaves_no_note(looked: Look) -> None:
    plant(output=Path("artifacts/plant"), number=2)
    assert looked(["plant"]) == ["plant"]


def test_a_result_of_code_that_was_edited_meanwhile_is_not_noted(looked: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.engine.stage.load", lambda function, files: ["library/near.py"])
    call(plant, number=5)
    assert looked(["plant"]) == ["plant"]


def test_a_note_is_not_written_of_what_another_process_has_published_meanwhile(looked: Look) -> None:
    manifest = read_manifest(Path("artifacts/plant"))
    seen = json.loads(Path("artifacts/.notes/plant.json").read_text())
    call(plant, number=7)
    notes.write(Path("artifacts/plant"), seen, manifest)
    assert looked(["plant"]) == ["plant"]


@pytest.mark.parametrize("name", [".notes/plant.json", "plant/manifest.json"])
def test_a_pipe_in_the_place_of_a_file_hangs_nobody(name: str, looked: Look) -> None:
    path = Path("artifacts", name)
    path.unlink()
    os.mkfifo(path)
    assert looked(["plant"]) in (["plant"], EXACT)
    assert call(plant).startswith("1 numbers" if name.startswith("plant") else "up to date")


def test_files_beside_the_modules_are_left_to_the_keys(looked: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plant, "extra_files", ("tests/pipeline/engine/garden*",))
    call(plant)
    assert looked(["plant"]) == []
    note = json.loads(Path("artifacts/.notes/plant.json").read_text())
    (pattern,) = [pattern for pattern in note["patterns"] if pattern.endswith("garden*")]
    assert [Path(path).name for path in note["patterns"][pattern]] == ["garden.py"]
    note["patterns"][pattern] = []  # as if the file had come since
    Path("artifacts/.notes/plant.json").write_text(json.dumps(note))
    assert looked(["plant"]) is EXACT
