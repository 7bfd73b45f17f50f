"""Parameters: a change reruns the stage, and changing back restores the earlier result."""

import shutil
from pathlib import Path

from tests.make.common import SAMPLE, STAGES, assert_quiet, copy, digests, make, outcome, stage, worked


def test_switching_data_sets_restores_results(project: Path, tmp_path: Path) -> None:
    before = digests(project)
    other = tmp_path / "other"
    shutil.copytree(project / "pipeline/data/sample", other)
    (other / "class-names.txt").write_text("\n".join("abcdefghij"))
    custom = ("DATASET=custom", f"FROM={other}", "RECIPE=quick")
    assert worked(make(project, "all", *custom)) == list(STAGES)
    restored = dict.fromkeys(STAGES, "restored")
    assert outcome(make(project, "all", *SAMPLE)) == {**restored, "report": "worked"}  # it lists one more run
    assert digests(project) == before
    assert_quiet(project)
    assert outcome(make(project, "all", *custom)) == restored


def test_manual_run_is_not_repeated(fresh: Path, project: Path, tmp_path: Path) -> None:
    assert "up to date" in stage(project, "train", "--recipe", "quick").stdout
    assert outcome(make(project, "train", *SAMPLE)) == {}
    by_hand = copy(fresh, tmp_path / "copy")
    for name in STAGES:
        options = {"download": ["--dataset", "sample"], "train": ["--recipe", "quick"]}.get(name, [])
        assert stage(by_hand, name, *options).returncode == 0
    assert worked(make(by_hand, "all", *SAMPLE)) == []
