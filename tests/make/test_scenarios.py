"""The real make on the embedded sample: each scenario once; tests/thorough/make has all cases of each."""

import os
import signal
from pathlib import Path

from tests.make.common import (
    SAMPLE,
    STAGES,
    assert_quiet,
    copy,
    digests,
    edit,
    make,
    manifest,
    outcome,
    stages_run,
    start,
    worked,
)
from tests.processes import wait_for

OPTIMIZERS = "pipeline/network/optimizers.py"


def test_nothing_is_started_when_nothing_or_only_times_changed(project: Path) -> None:
    assert_quiet(project)
    for path in [*project.glob("stages/*.py"), *project.glob("pipeline/*/*.py"), *project.glob("artifacts/*/*")]:
        path.touch()
    assert stages_run(make(project, "all", *SAMPLE)) == []
    assert_quiet(project)


def test_an_edit_of_a_comment_starts_nothing_and_one_of_the_code_what_imports_it(project: Path) -> None:
    with open(project / OPTIMIZERS, "a", encoding="utf-8") as file:
        file.write("# a comment\n")
    assert stages_run(make(project, "all", *SAMPLE)) == []
    with open(project / OPTIMIZERS, "a", encoding="utf-8") as file:
        file.write("unused = 1\n")
    result = make(project, "evaluate", *SAMPLE)
    assert outcome(result) == {"train": "worked", "evaluate": "up to date"}  # trained to the same bits
    assert f"train: code {OPTIMIZERS}: changed\n" in result.stderr
    assert make(project, "-q", "evaluate", *SAMPLE).returncode == 0


def test_an_edit_of_a_template_runs_the_stage_that_fills_it_in(project: Path) -> None:
    with open(project / "pipeline/pages/templates/drawing.js", "a", encoding="utf-8") as file:
        file.write("// always\n")
    assert worked(make(project, "export", *SAMPLE)) == ["export"]
    (project / "pipeline/pages/templates/more.js").write_text("// new\n")
    assert worked(make(project, "export", *SAMPLE)) == ["export"]


def test_a_variable_runs_its_stage_and_what_follows_and_without_it_the_earlier_results_return(project: Path) -> None:
    before = digests(project)
    assert worked(make(project, "export", *SAMPLE, "EPOCHS=2")) == ["train", "evaluate", "export"]
    assert digests(project) != before
    summary = manifest(project, "train")["summary"]
    assert outcome(make(project, "export", *SAMPLE)) == dict.fromkeys(("train", "evaluate", "export"), "restored")
    assert digests(project) == before
    status = make(project, "status", *SAMPLE, "EPOCHS=2").stdout.splitlines()
    (stored,) = [line for line in status if line.startswith("train ")]
    assert "in the store" in stored
    assert stored.endswith(f": {summary}")  # which belongs to the stored result, not to the published one


def test_a_damaged_output_is_named_and_made_again(project: Path) -> None:
    before = digests(project)
    path = project / "artifacts/normalize/test-images.npy"
    body = bytearray(path.read_bytes())
    body[-1] ^= 1
    path.write_bytes(body)
    result = make(project, "evaluate", *SAMPLE)
    assert worked(result) == ["normalize"]
    assert "normalize: output test-images.npy: is damaged\n" in result.stderr
    assert digests(project) == before


def test_a_killed_make_leaves_the_model_and_the_next_one_finishes(project: Path) -> None:
    before = digests(project)
    with start(project, "make", "train", *SAMPLE, "EPOCHS=1000") as running:
        wait_for("epoch 2 ", running.stderr)
        os.killpg(running.pid, signal.SIGKILL)
        running.communicate()
    assert digests(project) == before
    assert outcome(make(project, "train", *SAMPLE)) in ({}, {"train": "up to date"})
    assert worked(make(project, "train", *SAMPLE, "EPOCHS=2")) == ["train"]


def test_status_says_what_make_then_does(project: Path) -> None:
    edit(project / "stages/normalize.py", "] = TWELFTH,", "] = 3 * TWELFTH,")
    status = make(project, "status", *SAMPLE, "EPOCHS=1").stdout.splitlines()
    states = {line.split()[0]: line[11:24].strip() for line in status if not line.startswith(" ")}
    assert states == {
        **dict.fromkeys(("download", "parse"), "up to date"),
        **dict.fromkeys(("normalize", "train"), "stale"),
        **dict.fromkeys(("evaluate", "export", "report"), "waiting"),
    }
    assert worked(make(project, "evaluate", *SAMPLE, "EPOCHS=1")) == ["normalize", "train", "evaluate"]


def test_clean_spares_the_store_and_distclean_asks(project: Path) -> None:
    before = digests(project)
    assert make(project, "clean").returncode == 0
    assert not list(project.glob("artifacts/[!.]*"))
    assert outcome(make(project, "train", *SAMPLE)) == dict.fromkeys(STAGES[:4], "restored")
    assert digests(project) == {name: before[name] for name in digests(project)}
    refused = make(project, "distclean")
    assert (refused.returncode, "YES=1" in refused.stderr) == (2, True)
    assert list(project.glob("artifacts/.store/train-*"))
    assert make(project, "distclean", "YES=1").returncode == 0
    assert not (project / "artifacts").exists()
    assert make(project, "distclean").returncode == 0


def test_a_value_is_passed_on_as_it_is_and_an_unknown_variable_is_refused(project: Path) -> None:
    result = make(project, "train", *SAMPLE, "EPOCHS=2; touch 'it''s' $(shell touch here)")
    assert "handwriting train: Invalid value for '--epochs'" in result.stderr
    assert not (project / "here").exists()
    result = make(project, "train", *SAMPLE, "EPOCH=3")
    assert (result.returncode, "No variable is called EPOCH" in result.stderr) == (2, True)


def test_a_flag_has_no_value_and_0_turns_it_off(fresh: Path) -> None:
    for value, ships in (("1", True), ("yes", True), ("0", False), ("", False)):
        result = make(fresh, "-n", "evaluate", "SCHEDULER=tcp://localhost:1", f"SHIP_DATA={value}")
        assert result.stdout.rstrip().endswith(f"--scheduler 'tcp://localhost:1'{' --ship-data' if ships else ''}")


def test_one_line_a_stage_is_what_make_would_run(fresh: Path, tmp_path: Path) -> None:
    project = copy(fresh, tmp_path / "copy")
    lines = make(project, "-n", "train", *SAMPLE).stdout.splitlines()
    assert [line.split()[2] for line in lines] == [f"stages.{name}" for name in STAGES[:4]]
    assert not (project / "artifacts").exists()
