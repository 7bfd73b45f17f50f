"""What a data set lacks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.data.check import DataCheck, check_data, list_warnings
from pipeline.data.dataset import Description, save_description
from pipeline.engine.arrays import save_array

NAMES = ("a", "b", "c")


def check(tmp_path: Path, images: Mapping[str, Any]) -> DataCheck:
    save_description(tmp_path, Description("mine", NAMES))
    for part, array in images.items():
        save_array(tmp_path / f"{part}-pixels.npy", array)
        save_array(tmp_path / f"{part}-images.npy", array.astype(np.float32))
        save_array(tmp_path / f"{part}-labels.npy", np.arange(len(array), dtype=np.uint8) % 3)
    return check_data(tmp_path, len(NAMES))


def draw() -> dict[str, Any]:
    generator = np.random.default_rng(1)
    return {
        part: generator.integers(256, size=(count, 5, 4), dtype=np.uint8)
        for part, count in (("train", 60), ("validation", 30), ("test", 30))
    }


def test_good_data_give_no_warning(tmp_path: Path) -> None:
    found = check(tmp_path, draw())
    assert found == DataCheck({"train": (20, 20, 20), "validation": (10, 10, 10), "test": (10, 10, 10)}, 0)
    assert list_warnings(found, NAMES) == []


def test_test_images_in_other_parts_are_counted(tmp_path: Path) -> None:
    images = draw()
    images["test"][[3, 4, 5]] = images["train"][[7, 7, 8]]
    images["test"][9] = images["validation"][2]
    images["test"][10] = images["test"][11]  # twice in the test images only
    images["test"][12] = images["train"][0]
    images["test"][12, 0, 0] ^= 1  # almost
    found = check(tmp_path, images)
    assert found.duplicates == 4
    (line,) = list_warnings(found, NAMES)
    assert "4 of 30 test images" in line


def test_missing_classes_are_named_for_each_part() -> None:
    counts = {"train": (5, 5, 0), "validation": (5, 0, 0), "test": (5, 5, 5)}
    lines = list_warnings(DataCheck(counts, 0), NAMES)
    assert [("training" in line, "validation" in line) for line in lines] == [(True, False), (False, True)]
    assert lines[0].endswith(" c") and lines[1].endswith(" b, c")


def test_unequal_classes_are_named() -> None:
    def lines(fewest: int) -> list[str]:
        return list_warnings(DataCheck(dict.fromkeys(("train", "validation", "test"), (100, fewest, 50)), 0), NAMES)

    assert lines(5) == []
    (line,) = lines(4)
    assert "100 training images of a" in line and "4 of b" in line
