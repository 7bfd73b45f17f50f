"""Only stages whose content changed rerun, whatever the file times."""

from pathlib import Path

import pytest

from tests.make.common import (
    SAMPLE,
    assert_quiet,
    edit,
    make,
    worked,
)

EDITS = [
    # imported by train through another module
    (
        "pipeline/network/optimizers.py",
        "beta2: float = 0.999",
        "beta2: float = 0.99",
        ["train", "evaluate", "export", "report"],
    ),
    # imported by train and report inside a function
    ("pipeline/training/history.py", '"epoch", "loss"', '"epoch", "cost"', ["train", "report"]),
    # only parse reads the files of a known data set; the arrays do not change
    ("pipeline/data/idx.py", "CHUNK = ", "CHUNK = 2 * ", ["parse"]),
    # a known data set is determined by the digests of its files
    ("pipeline/data/fetch.py", "WINDOW, MIN_BYTES = 10,", "WINDOW, MIN_BYTES = 20,", []),
    ("pipeline/pictures/decoding.py", "MAX_SIDE = 1024", "MAX_SIDE = 512", []),
    # not imported by train
    ("pipeline/evaluation/metrics.py", "BINS = 15", "BINS = 16", ["evaluate", "export", "report"]),
    ("pipeline/model/onnx.py", 'PRODUCER = "', 'PRODUCER = "my ', ["export"]),
    # the module of the stage
    ("stages/normalize.py", "mean {scaling.mean:.4f}", "mean {scaling.mean:.5f}", ["normalize"]),
    # not a module
    ("pipeline/html/templates/report.css", "/* Styles of the report. */", "/* Styles. */", ["report"]),
    ("pipeline/html/templates/network.js", '"use strict";', '"use strict"; // always', ["export"]),
    # recipes that are not trained: of the classifier, new, and of the reader
    ("pipeline/training/recipes.py", "learning_rate=1.0", "learning_rate=1.5", []),
    ("pipeline/training/recipes.py", '    "mlp": MLP,', '    "mlp": MLP,\n    "new": MLP,', []),
    ("pipeline/training/recipes.py", "batch_size=32", "batch_size=33", []),
    # messages of the commands and the engine affect no result; the report reads the store
    ("stages/cli/recipe_options.py", "resuming after epoch", "going on after epoch", []),
    ("pipeline/engine/command.py", "Existing results are unchanged", "Results are unchanged", []),
    ("stages/cli/main.py", "Show the version and exit.", "Show it.", []),
    ("pipeline/scheduling/progress.py", "BAR = 12", "BAR = 20", []),
    ("pipeline/engine/plan.py", "nothing relevant has changed", "unchanged", []),
    ("pipeline/engine/store.py", "KEY_LENGTH = 16", "KEY_LENGTH = 16 + 0", ["report"]),
]


@pytest.mark.parametrize(("source", "old", "new", "again"), EDITS)
def test_code_edit_reruns_importing_and_later_stages(
    source: str, old: str, new: str, again: list[str], project: Path
) -> None:
    edit(project / source, old, new)
    result = make(project, "all", *SAMPLE)
    assert worked(result) == again
    if again:
        assert f"{again[0]}: {'code' if source.endswith('.py') else 'file'} {source}: changed\n" in result.stderr
    assert_quiet(project)


def test_edit_of_the_recipe_that_is_trained_reruns_training(project: Path) -> None:
    edit(project / "pipeline/training/recipes.py", "learning_rate=0.012", "learning_rate=0.013")
    result = make(project, "all", *SAMPLE)
    assert worked(result) == ["train", "evaluate", "export", "report"]
    assert "train: parameter learning_rate: 0.012 -> 0.013" in result.stderr
