"""The list of training runs."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.engine.artifacts import describe_outputs, read_manifest, write_manifest
from pipeline.engine.store import entry_of, publish_result
from pipeline.training.history import Epoch, write_history
from tests.processes import Run
from tests.stages.common import assert_one_line

Add = Callable[..., Path]


@pytest.fixture
def add(project: Path) -> Add:
    """Return a function that adds a run to the store, with other parameters, digests of code or data, and metrics."""

    def add(
        accuracy: float = 0.5,
        created: str = "2020-02-03T04:05:06.000+00:00",
        seconds: float = 3,
        code: dict[str, str] | None = None,
        data: str = "",
        **parameters: Any,
    ) -> Path:
        train = project / "artifacts/train"
        manifest = read_manifest(train)
        old = manifest.provenance
        provenance = replace(
            old,
            parameters={**old.parameters, **parameters},
            code={**old.code, **(code or {})},
            inputs={**old.inputs, "normalize": data} if data else old.inputs,
        )
        entry = entry_of(train, "train", provenance.key)
        shutil.copytree(train, entry)
        model = json.loads((entry / "model.json").read_text())
        changes = {name: (value, None) for name, value in parameters.items()}
        model |= {"validation_accuracy": accuracy, "training": {**model["training"], "changes": changes}}
        (entry / "model.json").write_text(json.dumps(model))
        write_history(entry / "history.csv", [[Epoch(1, 0.5, 0.5, accuracy, 0.1, seconds)]])
        outputs = describe_outputs(entry, ["history.csv"])  # another model.json, so that it has no evaluation
        write_manifest(entry, replace(manifest, provenance=provenance, created=created, outputs=outputs))
        return entry

    return add


def short(entry: Path) -> str:
    return entry.name.removeprefix("train-")[:6]


def listed(call: Run, *options: str) -> list[dict[str, Any]]:
    result = call("runs", "--json", *options)
    assert result.returncode == 0, result.stderr
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def test_empty_store_is_no_failure(call: Run) -> None:
    result = call("runs")
    assert (result.returncode, result.stderr, len(result.stdout.splitlines())) == (0, "", 1)
    assert "train" in result.stdout
    assert listed(call) == []


def test_line_of_each_run_newest_first(call: Run, add: Add, project: Path) -> None:
    added = add(layers="96,64", epochs=2)
    (project / "artifacts/wide").symlink_to(Path(".store") / added.name)
    head, published, other = call("runs").stdout.splitlines()
    assert head.split() == ["run", "name", "created", "validation", "test", "seconds", "recipe"]
    accuracy = json.loads((project / "artifacts/evaluate/metrics.json").read_text())["accuracy"]
    assert published.startswith(f"-> {short((project / 'artifacts/train').resolve())}  ")
    assert f"{accuracy:.2%}" in published
    assert published.split()[-1] == "quick"
    assert other.split()[:2] == [short(added), "wide"]
    assert other.split()[-6:] == ["50.00%", "–", "3.0", "quick", "layers=96,64", "epochs=2"]


def test_data_set_is_listed_only_if_it_differs(call: Run, add: Add) -> None:
    add(epochs=2)
    assert "sample" not in call("runs").stdout
    add(epochs=2, data="ab" * 32)
    lines = call("runs").stdout.splitlines()
    assert [" on sample (" in line for line in lines] == [False, True, True, True]
    assert sum(line.endswith(" epochs=2 on sample (ababab)") for line in lines) == 1


@pytest.mark.parametrize("columns", ["60", "100"])
def test_lines_fit_the_width(columns: str, call: Run, add: Add, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    added = add(
        epochs=2, layers="conv16x5/2,conv64x5/2,128,96", data="ab" * 32, learning_rate=0.25, schedule="constant"
    )
    publish_result(added, project / "artifacts/a-rather-long-name")
    monkeypatch.setenv("COLUMNS", columns)
    shown = call("runs").stdout
    assert max(map(len, shown.splitlines())) <= int(columns)
    assert all(word in shown for word in (short(added), "50.00%"))
    assert "a-rather-long-name" in shown or columns == "60"


def test_json_has_names_changes_and_metrics(call: Run, add: Add, project: Path) -> None:
    added = add(epochs=2, layers="")
    (project / "artifacts/wide").symlink_to(Path(".store") / added.name)
    published, other = listed(call)
    assert (published["names"], published["published"], published["changes"]) == ([], True, {})
    assert (other["names"], other["published"], other["changes"]) == (["wide"], False, {"epochs": 2, "layers": ""})
    assert (other["validation_accuracy"], other["test_accuracy"], other["seconds"]) == (0.5, None, 3)


@pytest.mark.slow
def test_run_beside_the_published_one_has_the_name_of_its_folder_until_it_is_removed(
    call: Run, run: Run, project: Path
) -> None:
    wide, train = project / "artifacts/wide", (project / "artifacts/train").readlink()
    assert run("train", "--recipe", "quick", "--epochs", "1", "--output", "artifacts/wide").returncode == 0
    assert (project / "artifacts/train").readlink() == train != wide.readlink()
    assert call("predict", "artifacts/parse/test-images.npy", "--model", "artifacts/wide").returncode == 0
    assert call("prune", "--keep", "1").returncode == 0
    assert [run["names"] for run in listed(call)] == [["wide"], []]
    wide.unlink()
    assert call("prune", "--keep", "1").returncode == 0
    assert len(listed(call)) == 1


def test_wrong_usage_is_one_line(call: Run) -> None:
    assert_one_line(call("runs", "diff"), 2, "See: handwriting runs --help")
