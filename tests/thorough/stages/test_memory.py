"""However many images there are, what works on them in blocks needs no more memory."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.data import idx
from pipeline.data.dataset import FILES
from tests.processes import measure_cost

COUNTS = (6_000, 60_000)
SIDE = 28
LINES = {
    "download": ["--dataset", "custom", "--from", "mine"],
    "parse": [],
    "normalize": [],
    "train": ["--recipe", "quick", "--epochs", "1", "--layers", "8"],
    "evaluate": ["--scheduler", "threads"],
    "predict": ["artifacts/parse/train-images.npy", "--probabilities", "probabilities.npy", "--block-size", "1024"],
}
BOUNDED = [command for command in LINES if command != "train"]  # for that reads all images again and again
LEEWAY = 12_000_000  # bytes; either part has 42 million more in the larger set


def write_set(folder: Path, count: int) -> None:
    """A data set with `count` training images, gzipped, and as many test images, plain."""
    folder.mkdir()
    images = np.arange(count * SIDE**2, dtype=np.uint32).astype(np.uint8).reshape(count, SIDE, SIDE)
    labels = np.arange(count, dtype=np.uint32).astype(np.uint8) % 10
    for name, array in zip((f"{FILES[0]}.gz", *FILES[1:]), (images, labels, images, labels), strict=True):
        idx.save(folder / name, array)


@pytest.fixture(scope="module")
def peaks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[int]]:
    """The most memory that each command had, in bytes, by the size of the set."""
    found: dict[str, list[int]] = {command: [] for command in LINES}
    for count in COUNTS:
        folder = tmp_path_factory.mktemp(f"of-{count}")
        write_set(folder / "mine", count)
        for command, line in LINES.items():
            found[command].append(
                measure_cost([sys.executable, "-m", "stages.cli.main", command, *line], folder).memory
            )
        shutil.rmtree(folder)  # the larger one has half a gigabyte
    return found


@pytest.mark.parametrize("command", BOUNDED)
def test_ten_times_as_many_images_need_no_more_memory(command: str, peaks: dict[str, list[int]]) -> None:
    few, many = peaks[command]
    assert many - few < LEEWAY


def test_what_holds_all_images_is_seen_to_need_more(peaks: dict[str, list[int]]) -> None:
    few, many = peaks["train"]
    assert many - few > LEEWAY
