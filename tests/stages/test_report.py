"""When the report is stale, and which inputs it refuses."""

import json
from pathlib import Path

from tests.processes import Run, environment
from tests.stages.common import assert_one_line, untimed, update_manifests

STATUS = ("status", "DATASET=sample", "RECIPE=quick")


def page(project: Path) -> str:
    return (project / "artifacts/report/index.html").read_text(encoding="utf-8")


def untimed_page(project: Path) -> bytes:
    return untimed((project / "artifacts/report/index.html").read_bytes())


def test_report_is_stale_while_there_is_a_new_training_run(run: Run, project: Path) -> None:
    before, untimed_before = page(project), untimed_page(project)
    assert "report     up to date" in run(*STATUS).stdout
    assert run("report").stdout.startswith("up to date")
    assert run("train", "--recipe", "quick", "--epochs", "1").returncode == 0
    assert run("train", "--recipe", "quick").stdout.startswith("restored")
    status = run(*STATUS, "--explain").stdout
    assert "because of parameter runs: 1 new\n" in status
    result = run("report")
    assert result.stdout.startswith("index.html")
    assert result.stderr == "report: parameter runs: 1 new\n"
    after = page(project)
    assert "epochs\u00a01" in after
    assert "epochs\u00a01" not in before
    assert after.count("this run") == 1
    assert run("report").stdout.startswith("up to date")
    for entry in (project / "artifacts/.store").glob("train-*"):
        if entry.is_dir() and json.loads((entry / "manifest.json").read_text())["parameters"]["epochs"] == 1:
            assert run("prune", "--keep", "1").returncode == 0
            assert not entry.exists()
    assert run("report").returncode == 0
    assert untimed_page(project) == untimed_before


def test_name_of_a_run_does_not_make_the_report_stale(run: Run, project: Path) -> None:
    assert run("runs", "name", "wide").returncode == 0
    assert "report     up to date" in run(*STATUS).stdout
    assert run("report").stdout.startswith("up to date")


def test_damaged_input_is_named_in_one_line(run: Run, project: Path) -> None:
    before = page(project)
    (project / "artifacts/train/history.csv").write_text("network,epoch\n")
    update_manifests(project / "artifacts/train")
    assert_one_line(run("report", "--force"), 1, "history.csv is missing or damaged: run the stage train again")
    assert page(project) == before


def test_matplotlib_settings_of_the_user_are_ignored(run: Run, project: Path) -> None:
    before = untimed_page(project)
    (project / "settings").write_bytes(b"axes.grid: maybe\nno.such.key: 1\n")
    foreign = {"MPLBACKEND": "module://no_such_module.backend", "MATPLOTLIBRC": str(project / "settings")}
    result = run("report", "--force", env={**environment(), **foreign})
    assert (result.returncode, result.stderr) == (0, "")
    assert untimed_page(project) == before
