"""Pictures become images like MNIST's, whatever their format, size and colours."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.data.dataset import DatasetError
from pipeline.own_data.conversion import sort_naturally
from tests.pipeline.own_data.common import CLASSES, SHAPE, convert, draw, load, save, write_folder


def measure(image: NDArray[np.uint8]) -> tuple[int, int, NDArray[np.float64]]:
    """Return height and width of the ink, and its centre of mass."""
    rows, columns = np.nonzero(image >= 128)
    places = np.indices(image.shape).reshape(2, -1)
    centre = np.average(places, axis=1, weights=image.reshape(-1).astype(float))
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1, centre


def test_ink_of_either_polarity_becomes_the_same_light_ink(tmp_path: Path) -> None:
    for dark, words in ((True, "dark on light"), (False, "light on dark")):
        description = convert(write_folder(tmp_path / f"in {dark}", dark=dark), tmp_path / str(dark))
        assert words in "; ".join(description.preparation)
    one, other = load(tmp_path / "True"), load(tmp_path / "False")
    assert all(np.array_equal(one[name], other[name]) for name in one)
    assert (one["train"][:, 0] < 20).all() and (one["train"].max(axis=(1, 2)) == 255).all()


def test_majority_decides_about_the_ink(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "in")
    other = draw("bar") // 2 + 60
    other[20, 3] = 0
    save(folder / "bar" / "0.png", other)
    assert "dark on light (98%" in "; ".join(convert(folder, tmp_path / "out").preparation)


@pytest.mark.parametrize("shape", [(28, 28), (32, 24)])
def test_ink_is_fitted_as_in_mnist(shape: tuple[int, int], tmp_path: Path) -> None:
    convert(write_folder(tmp_path / "in"), tmp_path / "out", shape)
    images, labels = load(tmp_path / "out")["train"], load(tmp_path / "out")["train_labels"]
    box = 20 / 28 * min(shape)
    for image, label in zip(images, labels, strict=True):
        height, width, centre = measure(image)
        assert max(height, width) == pytest.approx(box, abs=1.01)
        assert np.abs(centre - np.array(shape) // 2).max() <= 0.51
        assert height > 2 * width if CLASSES[label] == "bar" else True  # the aspect ratio is kept
        assert width > 2 * height if CLASSES[label] == "10" else True


def test_images_like_those_of_mnist_are_left_unchanged(tmp_path: Path) -> None:
    images = np.random.default_rng(1).integers(0, 256, (40, *SHAPE), np.uint8)
    images[:, [0, -1]] = 0
    images[:, :, [0, -1]] = 0
    for index, image in enumerate(images):
        part = "train" if index < 30 else "test"
        save(tmp_path / "in" / part / str(index % 2) / f"{index:02}.png", image)
    description = convert(tmp_path / "in", tmp_path / "out")
    assert "unchanged" in description.preparation[1]
    found = load(tmp_path / "out")
    assert sorted(map(bytes, [*found["train"], *found["test"]])) == sorted(map(bytes, images))
    assert description.class_names == ("0", "1")


@pytest.mark.parametrize(("count", "held_out"), [(21, 3), (2, 1)])
def test_a_seventh_of_every_class_is_held_out_for_the_test(count: int, held_out: int, tmp_path: Path) -> None:
    description = convert(write_folder(tmp_path / "in", count), tmp_path / "out")
    found = load(tmp_path / "out")
    assert np.bincount(found["test_labels"]).tolist() == 3 * [held_out]
    assert np.bincount(found["train_labels"]).tolist() == 3 * [count - held_out]
    assert f"{3 * held_out} test images" in description.preparation[-1]
    convert(tmp_path / "in", tmp_path / "again")
    assert all(np.array_equal(found[name], array) for name, array in load(tmp_path / "again").items())


def test_test_pictures_are_used_if_there_are_any(tmp_path: Path) -> None:
    write_folder(tmp_path / "root" / "train")
    for label in CLASSES:
        save(tmp_path / "root" / "test" / label / "0.png", 240 - draw(label, 99))
    convert(tmp_path / "root", tmp_path / "out")
    found = load(tmp_path / "out")
    assert sorted(found["test_labels"]) == [0, 1, 2]
    assert len(found["train"]) == 3 * 14


def test_classes_are_in_natural_order() -> None:
    names = ["9", "10", "A", "a", "a02", "a2", "a10", "b"]
    assert sort_naturally(sorted(names)) == names


def test_unusable_pictures_are_named_and_counted(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "in")
    (folder / "10" / "0.txt").write_text("not a picture")
    for path in sorted(folder.rglob("*.png"))[:20]:
        path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DatasetError, match="^21 of 43 .* and 17 more: .*10/0.txt: ") as raised:
        convert(folder, tmp_path / "out")
    assert "\n" not in str(raised.value)
    assert not list((tmp_path / "out").iterdir())


def test_picture_without_ink_is_named(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "in")
    save(folder / "bar" / "3.png", np.full((40, 32), 200, np.uint8))
    with pytest.raises(DatasetError, match=r"1 of 42 .*bar/3.png: shows no dark ink"):
        convert(folder, tmp_path / "out")


@pytest.mark.parametrize("count", [1, 257])
def test_number_of_classes_must_be_supported(count: int, tmp_path: Path) -> None:
    for index in range(count):
        save(tmp_path / "in" / f"class {index}" / "a.png", draw("2"))
    with pytest.raises(DatasetError, match="2 to 256 classes"):
        convert(tmp_path / "in", tmp_path / "out")


def test_classes_of_one_picture_leave_none_for_the_test(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="only one picture"):
        convert(write_folder(tmp_path / "in", count=1), tmp_path / "out")
