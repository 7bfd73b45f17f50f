"""Parameters: a change reruns the stage, and changing back restores the earlier result."""

from pathlib import Path

from tests.make.common import SAMPLE, STAGES, copy, make, outcome, stage, worked


def test_manual_run_is_not_repeated(fresh: Path, project: Path, tmp_path: Path) -> None:
    assert "up to date" in stage(project, "train", "--recipe", "quick").stdout
    assert outcome(make(project, "train", *SAMPLE)) == {}
    by_hand = copy(fresh, tmp_path / "copy")
    for name in STAGES:
        options = {"download": ["--dataset", "sample"], "train": ["--recipe", "quick"]}.get(name, [])
        assert stage(by_hand, name, *options).returncode == 0
    assert worked(make(by_hand, "all", *SAMPLE)) == []
