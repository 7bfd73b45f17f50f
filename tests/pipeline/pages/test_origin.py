"""Where a report comes from."""

import subprocess
from pathlib import Path

import pytest

from pipeline.pages import origin
from pipeline.pages.origin import find_commit, find_processor, format_command
from pipeline.training.recipe import to_dict
from pipeline.training.recipes import RECIPES


def test_command_has_the_values_that_are_not_defaults() -> None:
    parameters, images = {"recipe": "quick", **to_dict(RECIPES["quick"])}, {"training": 110, "validation": 10}
    assert format_command("train", "mnist", parameters, images) == "make train DATASET=mnist RECIPE=quick"
    changed, images = {**parameters, "epochs": 3, "layers": ""}, {"training": 111, "validation": 9}
    words = "make export DATASET=custom FROM=my-data VALIDATION=9 RECIPE=quick LAYERS='' EPOCHS=3"
    assert format_command("export", "custom", changed, images) == words


def test_commit_is_that_of_the_project_and_not_of_a_repository_around_it(tmp_path: Path) -> None:
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=b"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    assert find_commit(tmp_path) == ""  # no commit yet
    (tmp_path / "file").write_text("1")
    subprocess.run([*git, "add", "file"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", "first"], check=True)
    commit = find_commit(tmp_path)
    assert len(commit) >= 7
    (tmp_path / "file").write_text("2")
    assert find_commit(tmp_path) == f"{commit}-dirty"
    (tmp_path / "inner").mkdir()
    assert find_commit(tmp_path / "inner") == ""


def test_processor_has_a_name_and_cores_even_without_a_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = tmp_path / "cpuinfo"
    listed.write_text("processor\t: 0\nmodel name\t: A 100\n\nprocessor\t: 1\nmodel name\t: A 100\n")
    monkeypatch.setattr(origin, "count_cores", lambda: 2)
    monkeypatch.setattr(origin, "CPUINFO", listed)
    assert find_processor() == "A 100, 2 cores"
    monkeypatch.setattr(origin, "CPUINFO", tmp_path / "none")
    assert find_processor().endswith(", 2 cores")
