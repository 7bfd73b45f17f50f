"""When the report is stale, and which inputs it refuses."""

from pathlib import Path

import pytest

from tests.processes import Run, environment
from tests.stages.common import assert_one_line, untimed, update_manifests

STATUS = ("status", "DATASET=sample", "RECIPE=quick")


def page(project: Path) -> str:
    return (project / "artifacts/report/index.html").read_text(encoding="utf-8")


def untimed_page(project: Path) -> bytes:
    return untimed((project / "artifacts/report/index.html").read_bytes())


@pytest.mark.slow
def test_report_is_stale_while_there_is_a_new_training_run(run: Run, project: Path) -> None:
    before = page(project)
    assert run("train", "--recipe", "quick", "--epochs", "1").returncode == 0
    assert run("train", "--recipe", "quick").stdout.startswith("restored")
    assert "because of parameter runs: 1 new\n" in run(*STATUS, "--explain").stdout
    result = run("report")
    assert (result.stdout[:10], result.stderr) == ("index.html", "report: parameter runs: 1 new\n")
    after = page(project)
    assert ("epochs\u00a01" in after, "epochs\u00a01" in before, after.count("this run")) == (True, False, 1)
    (project / "artifacts/wide").symlink_to((project / "artifacts/train").readlink())
    assert run("report").stdout.startswith("up to date")


def test_damaged_input_is_named_in_one_line(run: Run, project: Path) -> None:
    before = page(project)
    (project / "artifacts/train/history.csv").write_text("network,epoch\n")
    update_manifests(project / "artifacts/train")
    assert_one_line(run("report", "--force"), 1, "history.csv is missing or damaged: run the stage train again")
    assert page(project) == before


@pytest.mark.slow
def test_matplotlib_settings_of_the_user_are_ignored(run: Run, project: Path) -> None:
    before = untimed_page(project)
    (project / "settings").write_bytes(b"axes.grid: maybe\nno.such.key: 1\n")
    foreign = {"MPLBACKEND": "module://no_such_module.backend", "MATPLOTLIBRC": str(project / "settings")}
    result = run("report", "--force", env={**environment(), **foreign})
    assert (result.returncode, result.stderr) == (0, "")
    assert untimed_page(project) == before
