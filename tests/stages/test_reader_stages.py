"""The stages compose and reader, on the sample."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.composition.composing import compose as compose_picture
from pipeline.composition.parallel import load_parsed
from pipeline.engine.errors import UsageError
from pipeline.model.model import load_model
from pipeline.reader import load
from stages.compose import compose
from stages.faces import faces
from stages.reader import reader
from stages.rows import rows
from stages.strips import strips
from tests.drawings import enlarge, on_paper, sample_digits, write_row

SMALL: dict[str, Any] = {"layers": "conv4,conv8,conv8x3/1,conv8x3/1,conv8x3/1", "epochs": 1, "batch_size": 8}


@pytest.fixture(scope="module", autouse=True)
def _little_work() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline.composition.parallel.FEWEST", 6)
        patch.setattr("pipeline.composition.parallel.FEWEST_STRIPS", 5)
        yield


@pytest.fixture(scope="module")
def composed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("composed") / "artifacts" / "compose"
    compose(parse=built / "parse", pictures=40, scheduler="sync", output=output)
    return output


@pytest.fixture(scope="module")
def seventh(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few composed pictures, of another seed."""
    output = tmp_path_factory.mktemp("seventh") / "artifacts" / "compose"
    compose(parse=built / "parse", pictures=20, seed=7, scheduler="sync", output=output)
    return output


def arrays(folder: Path) -> dict[str, Any]:
    return {path.name: np.load(path) for path in folder.glob("*.npy")}


def test_composed_pictures_are_the_same_for_any_scheduler_and_blocks(
    built: Path, composed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.composition.parallel.BLOCK", 16)
    other = tmp_path / "artifacts" / "compose"
    compose(parse=built / "parse", pictures=40, scheduler="threads", output=other)
    found, expected = arrays(other), arrays(composed)
    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[name], expected[name]) for name in expected)


@pytest.mark.parametrize(("number", "part", "count"), [(0, "train", 20), (1, "validation", 6)])
def test_each_picture_has_its_own_seed_and_only_training_pictures_show_the_first_images(
    number: int, part: str, count: int, built: Path, seventh: Path
) -> None:
    shown, held_out = (load_parsed(built / "parse", each) for each in (False, True))
    assert len(held_out.images) < len(shown.images)
    picture, digits = compose_picture(
        shown if part == "train" else held_out, np.random.default_rng((7, number, count - 1))
    )
    pictures, all_digits = (np.load(seventh / f"{part}-{name}.npy") for name in ("pictures", "digits"))
    assert len(pictures) == len(all_digits) == count
    assert np.array_equal(pictures[-1], picture)
    assert np.array_equal(all_digits[-1], digits)


@pytest.fixture(scope="module")
def trained_rows(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rows") / "artifacts"
    faces(faces="included", output=folder / "faces")
    strips(parse=built / "parse", faces=folder / "faces", strips=16, scheduler="sync", output=folder / "strips")
    layers = "conv4x5/8x2p2,conv6x5x3/1p0x1"
    rows(strips=folder / "strips", output=folder / "rows", fresh=True, layers=layers, epochs=1, batch_size=8)
    return folder / "rows"


def test_reader_is_trained_and_reads(
    composed: Path, trained_rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    output = tmp_path / "artifacts" / "reader"
    reader(compose=composed, rows=trained_rows, output=output, recipe="quick", **SMALL)
    model, row = load_model(output), load_model(trained_rows)
    assert (model.sliding, model.negative_class, model.image_shape) == (True, True, (37, 37))
    assert model.row
    assert np.array_equal(model.row.parameters[0].flat, row.parameters[0].flat)
    with open(output / "history.csv") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1"]
    assert "# " in (output / "MODEL_CARD.md").read_text()
    found = load(output)
    assert found.finder is not None
    page = on_paper(enlarge(write_row(list(sample_digits()[0][:3])), 2)).astype(np.uint8)
    assert found.read(page).size == page.shape


def test_dense_layers_and_other_classes_are_refused(composed: Path, trained_rows: Path, tmp_path: Path) -> None:
    output = tmp_path / "artifacts" / "reader"
    with pytest.raises(UsageError, match="128"):
        reader(compose=composed, rows=trained_rows, output=output, layers="conv16,128")
    with pytest.MonkeyPatch.context() as patch:
        letters = replace(load_model(trained_rows), class_names=tuple("abcdefghij"))
        patch.setattr("pipeline.model.model.load_model", lambda folder: letters)
        with pytest.raises(UsageError, match="other classes"):
            reader(compose=composed, rows=trained_rows, output=output)
