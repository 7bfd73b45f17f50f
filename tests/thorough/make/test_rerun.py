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

REAL_EDITS = {
    # imported by train through another module
    "pipeline/network/optimizers.py": (
        "beta2: float = 0.999",
        "beta2: float = 0.99",
        ["train", "evaluate", "export", "report"],
    ),
    # imported by train and report inside a function
    "pipeline/training/history.py": ('"epoch", "loss"', '"epoch", "cost"', ["train", "report"]),
    # all that read data sets import it; the arrays do not change
    "pipeline/data/idx.py": ("CHUNK = ", "CHUNK = 2 * ", ["download", "parse", "train", "report"]),
    # not imported by train
    "pipeline/evaluation/metrics.py": ("BINS = 15", "BINS = 16", ["evaluate", "export", "report"]),
    "pipeline/model/onnx.py": ('PRODUCER = "', 'PRODUCER = "my ', ["export"]),
    # the module of the stage
    "stages/normalize.py": ("mean {scaling.mean:.4f}", "mean {scaling.mean:.5f}", ["normalize"]),
    # not a module
    "pipeline/html/templates/report.css": ("/* Styles of the report. */", "/* Styles. */", ["report"]),
    "pipeline/html/templates/network.js": ('"use strict";', '"use strict"; // always', ["export"]),
    # a recipe that is not trained, in the signature of train; the model card and the report compare with all recipes
    "pipeline/training/recipes.py": ("learning_rate=1.0", "learning_rate=1.5", ["train", "export", "report"]),
    # messages of the commands and the engine affect no result; the report reads the store
    "pipeline/engine/command.py": ("Existing results are unchanged", "Results are unchanged", []),
    "stages/cli/main.py": ("Show the version and exit.", "Show it.", []),
    "pipeline/scheduling/progress.py": ("BAR = 12", "BAR = 20", []),
    "pipeline/engine/plan.py": ("nothing relevant has changed", "unchanged", []),
    "pipeline/engine/store.py": ("KEY_LENGTH = 16", "KEY_LENGTH = 16 + 0", ["report"]),
}


@pytest.mark.parametrize("source", REAL_EDITS)
def test_code_edit_reruns_importing_and_later_stages(source: str, project: Path) -> None:
    old, new, again = REAL_EDITS[source]
    edit(project / source, old, new)
    result = make(project, "all", *SAMPLE)
    assert worked(result) == again
    if again:
        assert f"{again[0]}: {'code' if source.endswith('.py') else 'file'} {source}: changed\n" in result.stderr
    assert_quiet(project)
