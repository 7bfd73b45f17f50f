from pathlib import Path

from pipeline.training.ablation import ablation_steps
from tests.processes import Run
from tests.stages.common import assert_one_line, snapshot


def test_ablation_prints_every_step_and_publishes_nothing(run: Run, project: Path) -> None:
    before = snapshot(project / "artifacts")
    result = run("ablation", "--seeds", "1")
    assert result.returncode == 0, result.stderr
    head, *steps, end = result.stdout.splitlines()
    assert head.split() == ["accuracy", "(min..max)", "training"]
    assert len(steps) == len(ablation_steps())
    for line, (change, _) in zip(steps, ablation_steps(), strict=True):
        assert line.startswith(change)
        accuracy, spread = line[len(change) :].split()[:2]
        assert spread == f"({accuracy}..{accuracy})"  # one seed
    first, last = (line.split("%")[0].split()[-1] for line in (steps[0], steps[-1]))
    assert end == f"{len(steps)} steps, validation accuracy from {first}% to {last}%"
    assert float(last) > 85 > float(first)
    assert snapshot(project / "artifacts") == before


def test_missing_arrays_are_an_error(run: Run) -> None:
    assert_one_line(run("ablation"), 1, "run the stage parse first")
