"""Keys are as narrow as what is computed: the modules in them, for these parameters."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.data.sources.catalogue import DATASETS
from pipeline.engine.fingerprint import fingerprint
from pipeline.engine.make import find_stages
from pipeline.engine.plan import find_provenance
from pipeline.engine.provenance import Provenance
from pipeline.reader_training.synthesis.font_packages import load_fonts
from pipeline.training.recipe import Recipe
from pipeline.training.recipes import READER_RECIPES, RECIPES
from stages.detector import detector
from stages.download import download
from stages.fonts import fonts
from stages.shared import recipe_options
from stages.train import train
from tests.pipeline.own_data.common import write_folder
from tests.stages.common import write_custom_dataset

PICTURES = {"pipeline/own_data/conversion.py", "pipeline/own_data/listing.py", "pipeline/pictures/decoding.py"}
IDX = {"pipeline/data/sources/fetch.py", "pipeline/data/idx.py"}


def provenance(stage: Any, **given: Any) -> Provenance:
    values = {name: parameter.default for name, parameter in stage.signature.parameters.items()}
    arguments = {**values, **given}
    return find_provenance(stage, arguments, {})


def test_only_own_data_depend_on_the_modules_that_read_them(tmp_path: Path) -> None:
    own = write_custom_dataset(tmp_path / "idx"), write_folder(tmp_path / "pictures", count=2)
    known, idx, pictures = (
        provenance(download, dataset=name, from_folder=folder).code.keys()
        for name, folder in (("mnist", None), *(("custom", folder) for folder in own))
    )
    assert not known & (PICTURES | IDX)
    assert idx & (PICTURES | IDX) == IDX
    assert pictures >= PICTURES


@pytest.mark.parametrize("name", ["sample", "mnist"])
def test_files_and_class_names_of_a_known_data_set_are_in_the_key(name: str) -> None:
    parameters = provenance(download, dataset=name).parameters
    assert parameters["sha256"] == DATASETS[name].sha256
    assert tuple(parameters["class_names"]) == DATASETS[name].class_names


def test_fonts_depend_on_the_table_alone() -> None:
    found = provenance(fonts)
    assert len(found.parameters["table"]) == len(load_fonts())
    assert "pipeline/data/sources/npm.py" not in found.code
    assert provenance(fonts, fonts="included").parameters == {"fonts": "included", "table": {}}


def test_training_depends_on_the_values_of_its_recipe_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    before = [provenance(train), provenance(train, epochs=3), provenance(detector)]
    assert all("pipeline/training/recipes.py" not in each.code for each in before)
    record = replace(RECIPES["record"], epochs=99)
    changed: dict[str, Recipe] = {**RECIPES, "record": record, "another": record}  # type: ignore[dict-item]
    monkeypatch.setattr(recipe_options, "RECIPES", changed)
    assert [provenance(train), provenance(train, epochs=3), provenance(detector)] == before
    standard = replace(RECIPES["standard"], epochs=11)
    monkeypatch.setattr(recipe_options, "RECIPES", {**RECIPES, "standard": standard})
    assert provenance(train).parameters["epochs"] == 11
    other_detector = replace(READER_RECIPES["standard"], epochs=99)
    monkeypatch.setitem(READER_RECIPES, "standard", other_detector)
    assert provenance(detector) != before[2]


TRAINED = {"train", "detector", "rows"}
IN_THE_KEYS_OF = {
    "pipeline/network/optimizers.py": {*TRAINED, "export", "report"},
    "pipeline/training/task.py": TRAINED,
    "pipeline/training/classification.py": {"train"},
    "pipeline/training/history.py": {*TRAINED, "report"},
    "pipeline/data/idx.py": {"parse"},  # the files of a known data set are determined by their digests
    "pipeline/data/sources/fetch.py": set[str](),
    "pipeline/model/metrics.py": {"evaluate", "export", "report", "rows"},
    "pipeline/data/split.py": {"normalize", "train", "evaluate", "export", "report", "lines"},
    "pipeline/data/check.py": {"normalize", "evaluate", "report"},
    "pipeline/model/onnx.py": {"export"},
    "pipeline/html/report/report.css": {"report"},
    "pipeline/html/lesson/math/network.js": {"export"},
    "pipeline/training/recipes.py": set[str](),
    # Messages, options and the engine affect no result; the report reads the store.
    "stages/shared/recipe_options.py": set[str](),
    "stages/shared/options.py": set[str](),
    "pipeline/engine/program.py": set[str](),
    "pipeline/engine/plan.py": set[str](),
    "pipeline/engine/store.py": {"report"},
}


def test_a_file_is_in_the_keys_of_the_stages_that_it_influences() -> None:
    code = {stage.name: set(fingerprint(stage.function, stage.extra_files).code) for stage in find_stages()}
    found = {file: {name for name, files in code.items() if file in files} for file in IN_THE_KEYS_OF}
    assert found == IN_THE_KEYS_OF


def test_how_jobs_run_is_in_no_key(tmp_path: Path) -> None:
    files = {file for stage in find_stages() for file in fingerprint(stage.function).code}
    files.update(provenance(download, dataset="custom", from_folder=write_folder(tmp_path, count=2)).code)
    assert not [file for file in files if file.startswith("pipeline/scheduling/")]
