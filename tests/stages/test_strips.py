"""The stage strips, on the sample and the faces of the program."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.reader.composition.composing import compose_strip
from pipeline.reader.composition.lettering import list_faces, split_faces
from pipeline.reader.composition.parallel import count_strips, load_sources
from stages.strips import strips

COUNT, FEWEST = 12, 5


@pytest.fixture(scope="module", autouse=True)
def _few_strips() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline.reader.composition.parallel.FEWEST", FEWEST)
        yield


@pytest.fixture(scope="module")
def composed(built: Path, lines: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("composed") / "artifacts" / "strips"
    strips(
        normalize=built / "normalize", faces=lines / "faces", strips=COUNT, seed=7, scheduler="threads", output=output
    )
    return output


def arrays(folder: Path) -> dict[str, Any]:
    return {path.name: np.load(path) for path in folder.glob("*.npy")}


@pytest.mark.parametrize(("number", "part", "count"), [(0, "train", COUNT), (1, "validation", FEWEST)])
def test_only_training_strips_show_the_first_images_and_most_faces(
    number: int, part: str, count: int, built: Path, composed: Path
) -> None:
    held_out = part == "validation"
    chosen = split_faces(list_faces("script"), held_out)
    made: Any = compose_strip(
        load_sources(built / "normalize", part), chosen, np.random.default_rng((7, number, count - 1))
    )
    found = [np.load(composed / f"{part}-{name}.npy") for name in ("strips", "marks", "digits")]
    assert [len(each) for each in found] == [count] * 3
    assert all(np.array_equal(each[-1], one) for each, one in zip(found, made, strict=True))


def test_strips_are_the_same_for_any_scheduler_and_blocks(
    built: Path, lines: Path, composed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.reader.composition.parallel.BLOCK", 5)
    other = tmp_path / "artifacts" / "strips"
    strips(
        normalize=built / "normalize", faces=lines / "faces", strips=COUNT, seed=7, scheduler="processes", output=other
    )
    found, expected = arrays(other), arrays(composed)
    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[name], expected[name]) for name in expected)


def test_no_face_is_both_for_training_and_for_validation() -> None:
    known = list_faces("script")
    training, validation = (split_faces(known, held_out) for held_out in (False, True))
    assert not set(training) & set(validation)
    assert set(training) | set(validation) == set(known)
    assert len(validation) == 2  # of twenty


def test_long_runs_have_many_validation_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.reader.composition.parallel.FEWEST", 2_000)
    assert count_strips(90_000) == {"train": 90_000, "validation": 3_000}
    assert count_strips(30_000)["validation"] == 2_000
    assert count_strips(40)["validation"] == 40
