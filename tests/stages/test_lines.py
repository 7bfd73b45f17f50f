"""The stage lines, on the sample and the fonts of the program."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.reader_training.synthesis.lettering import list_fonts, split_fonts
from pipeline.reader_training.synthesis.line_images import synthesise_line
from pipeline.reader_training.synthesis.parallel import count_lines, load_source_images
from stages.lines import lines
from tests.stages.common import FEWEST, LINES


def arrays(folder: Path) -> dict[str, Any]:
    return {path.name: np.load(path) for path in folder.glob("*.npy")}


@pytest.mark.parametrize(
    ("number", "part", "count"), [pytest.param(0, "train", LINES, marks=pytest.mark.slow), (1, "validation", FEWEST)]
)
def test_only_training_lines_show_the_first_images_and_most_fonts(
    number: int, part: str, count: int, built: Path, reader_inputs: Path
) -> None:
    held_out = part == "validation"
    chosen = split_fonts(list_fonts("script"), held_out)
    made: Any = synthesise_line(
        load_source_images(built / "normalize", part), chosen, np.random.default_rng((7, number, count - 1))
    )
    found = [np.load(reader_inputs / "lines" / f"{part}-{name}.npy") for name in ("lines", "labels", "digits")]
    assert [len(each) for each in found] == [count] * 3
    assert all(np.array_equal(each[-1], one) for each, one in zip(found, made, strict=True))


@pytest.mark.slow
def test_lines_are_the_same_for_any_scheduler_and_blocks(
    built: Path, reader_inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.reader_training.synthesis.parallel.FEWEST_LINES", FEWEST)
    monkeypatch.setattr("pipeline.reader_training.synthesis.parallel.BLOCK", 5)
    other = tmp_path / "artifacts" / "lines"
    lines(
        normalize=built / "normalize",
        fonts=reader_inputs / "fonts",
        lines=LINES,
        seed=7,
        scheduler="processes",
        workers=1,
        output=other,
    )
    found, expected = arrays(other), arrays(reader_inputs / "lines")
    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[name], expected[name]) for name in expected)


def test_no_font_is_both_for_training_and_for_validation() -> None:
    known = list_fonts("script")
    training, validation = (split_fonts(known, held_out) for held_out in (False, True))
    assert not set(training) & set(validation)
    assert set(training) | set(validation) == set(known)
    assert len(validation) == 2  # of twenty


def test_long_runs_have_many_validation_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.reader_training.synthesis.parallel.FEWEST_LINES", 2_000)
    assert count_lines(90_000) == {"train": 90_000, "validation": 3_000}
    assert count_lines(30_000)["validation"] == 2_000
    assert count_lines(40)["validation"] == 40
