import io
import json
import logging
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipeline.desk.forms.form import Form
from pipeline.desk.forms.regions import Region
from pipeline.engine.errors import UsageError
from pipeline.model import PRETRAINED_READER
from pipeline.reader import PRETRAINED, PictureError, PipelineError, Reader, Result, load, save
from tests.drawings import enlarge, place, sample_digits, write_row
from tests.pipeline.models import make_model
from tests.processes import capture, environment

ROW = (3, 4, 17)  # test images
WRONG_SHAPES = ((), (40,), (40, 40, 2), (5, 40, 40), (2, 40, 40, 3))  # of pictures


@pytest.fixture(scope="module")
def reader() -> Reader:
    return load(PRETRAINED)


def make_picture() -> NDArray[np.uint8]:
    """Return three digits in black on white: uint8 (h, w)."""
    return 255 - enlarge(write_row([sample_digits()[0][index] for index in ROW], 8), 3)


def truth() -> str:
    return "".join(str(sample_digits()[1][index]) for index in ROW)


def test_a_region_of_a_large_scan_is_read_in_its_full_resolution(reader: Reader) -> None:
    """The digits are too small for the whole page."""
    row = write_row([sample_digits()[0][index] for index in ROW], 8)
    page = 255 - place(enlarge(row, 0.8), (2000, 1500), 1200, 900)
    (found,) = reader.read(page, form=Form((Region("a", ("800", "1100", "1200", "1300")),))).rows
    assert found.text == truth()
    assert (np.abs(found.boxes[0, :2] - (910, 1205)) < 20).all()


def assert_same(result: Result, expected: Result) -> None:
    assert (result.text, result.confidence, result.alternatives) == (
        expected.text,
        expected.confidence,
        expected.alternatives,
    )
    assert np.array_equal(result.boxes, expected.boxes)


def test_predictions_are_like_those_of_scikit_learn(reader: Reader) -> None:
    images, labels = sample_digits()
    probabilities = reader.predict_proba(images)
    assert (probabilities.shape, probabilities.dtype) == ((500, 10), np.dtype(np.float32))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert reader.classes_.tolist() == list(range(10))
    assert np.array_equal(reader.predict(images), reader.classes_[probabilities.argmax(axis=1)])
    assert (reader.predict(images) == labels).mean() > 0.98
    assert np.array_equal(reader.predict_proba(images[7]), reader.predict_proba(images[7:8]))
    assert reader.predict_proba(images[:0]).shape == (0, 10)


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.int8, bool])
def test_other_arrays_are_refused(dtype: Any, reader: Reader) -> None:
    for method in (reader.predict_proba, reader.read):
        with pytest.raises(TypeError, match="uint8"):
            method(np.zeros((28, 28), dtype))


@pytest.mark.parametrize("shape", [(), (784,), (5, 784), (27, 28), (2, 28, 29), (2, 1, 28, 28)])
def test_other_shapes_of_images_are_refused(shape: tuple[int, ...], reader: Reader) -> None:
    with pytest.raises(ValueError, match="shape"):
        reader.predict_proba(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("value", [None, b"photo.jpg", ["photo.jpg"], *(np.zeros(s, np.uint8) for s in WRONG_SHAPES)])
def test_other_pictures_are_refused(value: Any, reader: Reader) -> None:
    with pytest.raises((TypeError, ValueError), match="must be"):
        reader.read(value)


def test_result_of_a_row(reader: Reader) -> None:
    picture = make_picture()
    result = reader.read(picture)
    assert result.text == truth()
    assert 0.9 < result.confidence <= 1
    assert len(result.alternatives) <= 3
    assert all(text != truth() and probability < result.confidence for text, probability in result.alternatives)
    assert (result.size, result.boxes.shape, result.boxes.dtype) == (picture.shape, (3, 4), np.dtype(np.int64))
    (row,) = result.rows
    assert (row.text, row.digits) == (truth(), truth())
    assert row.confidence >= result.confidence  # what is not reported elsewhere counts, too
    (number,) = row.numbers
    assert (number.text, number.box) == (truth(), (*row.boxes[0, :2], *row.boxes[-1, 2:]))
    assert number.probability >= row.confidence
    assert (row.alternatives, row.boxes.tolist()) == (result.alternatives, result.boxes.tolist())
    assert np.array_equal(row.probabilities, result.probabilities)
    assert f"<td>{row.text}</td><td>{row.confidence:.1%}</td>" in result._repr_html_()


@pytest.mark.parametrize("mode", ["1", "PA", "F", "HSV", "La", "RGBa"])
def test_images_of_pillow_are_read_in_every_mode(mode: str, reader: Reader) -> None:
    between = {"PA": "P", "La": "LA", "RGBa": "RGBA"}.get(mode, mode)
    image = Image.fromarray(make_picture()).convert("RGB").convert(between).convert(mode)
    before = image.tobytes()
    assert reader.read(image).text == truth()
    assert image.tobytes() == before


def test_all_ways_to_pass_a_picture_agree(reader: Reader, tmp_path: Path) -> None:
    picture, path = make_picture(), tmp_path / "row.png"
    Image.fromarray(picture).save(path)
    expected = reader.read(picture)
    for same in (path, str(path), np.asfortranarray(picture), io.BytesIO(path.read_bytes())):
        assert_same(reader.read(same), expected)
    colours = np.stack([picture] * 3, axis=-1)
    for array in (colours, np.dstack([colours, np.full_like(picture, 255)])):
        assert reader.read(array).text == truth()
    with path.open("rb") as file, Image.open(path) as image:
        for again in (file, image, image):
            assert_same(reader.read(again), expected)


def test_open_file_is_read_from_its_position_and_keeps_it(reader: Reader, tmp_path: Path) -> None:
    blank, file = io.BytesIO(), io.BytesIO()
    Image.new("L", (90, 60), 255).save(blank, "PNG")
    Image.fromarray(make_picture()).save(file, "PNG")
    both = io.BytesIO(blank.getvalue() + file.getvalue())
    assert reader.read(both).text == ""
    both.seek(len(blank.getvalue()))
    for _ in range(2):
        assert reader.read(both).text == truth()
    assert file.tell() == len(file.getvalue())
    assert reader.read(file).text == truth()  # just written


@pytest.mark.parametrize("method", ["predict", "predict_proba", "read"])
def test_masked_values_are_refused(method: str, reader: Reader) -> None:
    image = np.zeros((28, 28), np.uint8)
    with pytest.raises(ValueError, match="masked"):
        getattr(reader, method)(np.ma.masked_array(image, np.eye(28, dtype=bool)))
    getattr(reader, method)(np.ma.masked_array(image))  # nothing is masked


@pytest.mark.parametrize("threads", [0, -1])
def test_less_than_one_thread_is_refused(threads: int, reader: Reader) -> None:
    with pytest.raises(ValueError, match="threads"):
        reader.read(make_picture(), threads=threads)


def test_form_is_an_object(reader: Reader) -> None:
    with pytest.raises(TypeError, match="load_form"):
        reader.read(make_picture(), form="form.toml")  # type: ignore[arg-type]


def test_unreadable_pictures_are_errors(reader: Reader, tmp_path: Path) -> None:
    for picture, words in (
        (tmp_path / "missing.png", "missing.png does not exist"),
        (tmp_path, "Is a directory"),
        (np.zeros((0, 5), np.uint8), "the picture is too small"),
        (io.StringIO("hello"), "the picture is damaged"),
    ):
        with pytest.raises(PictureError, match=words) as caught:
            reader.read(picture)  # type: ignore[arg-type]
        assert isinstance(caught.value, PipelineError)


def test_threads_may_share_a_reader(reader: Reader) -> None:
    picture, results = make_picture(), []
    threads = [threading.Thread(target=lambda: results.append(reader.read(picture).text)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [truth()] * 8


def test_process_that_is_forked_while_another_thread_reads_can_read(reader: Reader) -> None:
    code = "import os, threading\nfrom pipeline.reader import interface\n"
    code += "threading.Thread(target=lambda: interface._lock.acquire()).start()\n"
    code += "while not interface._lock.locked(): pass\n"
    code += "os._exit(os.waitstatus_to_exitcode(os.wait()[1]) if os.fork() else not interface._lock.acquire(timeout=9))"
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", code], env=environment()).returncode == 0


@pytest.mark.parametrize("weight", [65504, 3e38])
def test_huge_parameters_raise_no_warning(weight: float, reader: Reader) -> None:
    assert reader.detector
    fill = lambda parameters: tuple(np.full_like(flat, weight) for flat in parameters)  # noqa: E731
    row = replace(reader.detector.row, parameters=fill(reader.detector.row.parameters))
    detector = replace(reader.detector, parameters=fill(reader.detector.parameters), row=row)
    huge = Reader(replace(reader.model, parameters=fill(reader.model.parameters)), detector)
    assert huge.predict_proba(np.zeros((1, 28, 28), np.uint8)).shape == (1, 10)
    huge.read(make_picture())


def test_default_is_the_trained_model_if_it_exists(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "pipeline.reader")
    monkeypatch.chdir(tmp_path)
    pretrained = load()
    assert pretrained.digest == load(PRETRAINED).digest
    (tmp_path / "artifacts").symlink_to(built)
    trained = load()
    assert trained.digest == load(str(built / "train")).digest != pretrained.digest
    assert "pretrained" in caplog.messages[0]
    assert caplog.messages[2] == caplog.messages[0]  # pictures are read by a separate network
    images = load(pictures=False)
    assert images.detector is None
    assert images.digest != trained.digest
    accuracy = json.loads((built / "train/model.json").read_bytes())["validation_accuracy"]
    assert caplog.messages[-1].startswith(f"model: artifacts/train, {accuracy:.2%} correct on validation images")
    load(built / "train")
    assert str(built / "train") in caplog.messages[-1]  # also if another network reads the rows


@pytest.mark.parametrize("negative_class", [True, False])
def test_model_of_other_classes_reads_pictures_itself(
    negative_class: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "pipeline.reader")
    names = ("1", "02", "coat")
    model = make_model("6", shape=(28, 28), class_names=names, negative_class=negative_class)
    save(model, tmp_path / "model.safetensors")
    reader = load(tmp_path)
    assert (reader.detector, reader.names, reader.classes_.tolist()) == (None, names, list(names))
    assert set(reader.predict(sample_digits()[0]).tolist()) <= set(names)
    assert reader.read(make_picture()).text in (*names, "")
    assert ("without a reject class" in caplog.messages[-1]) is not negative_class


@pytest.mark.parametrize("stage", ["detector", "reader"])  # as it is, and until 1.1.0
def test_trained_reader_of_other_characters_needs_no_trained_classifier(
    stage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("artifacts", stage).mkdir(parents=True)
    detector, names = load(PRETRAINED).detector, tuple("abcdefghij")
    assert detector
    letters = replace(detector, class_names=names, row=replace(detector.row, class_names=names))
    save(letters, f"artifacts/{stage}/model.safetensors")
    assert load().read(make_picture()).text == "".join(names[int(digit)] for digit in truth())


def test_model_that_reads_pictures_or_rows_predicts_no_images(tmp_path: Path) -> None:
    detector = load(PRETRAINED_READER).detector
    assert detector
    save(detector.row, tmp_path / "model.safetensors")
    with pytest.raises(UsageError, match="reads pictures"):
        load(PRETRAINED_READER, pictures=False)
    with pytest.raises(UsageError, match="recogniser"):
        load(tmp_path)


def test_exported_model_reads_like_the_trained_one(built: Path) -> None:
    trained = load(built / "train").read(make_picture())
    for path in (built / "export", built / "export" / "model.safetensors"):
        assert_same(load(path).read(make_picture()), trained)


def test_any_page_of_a_file_is_read(reader: Reader, tmp_path: Path) -> None:
    image = Image.fromarray(make_picture())
    Image.new("L", (90, 80), 255).save(tmp_path / "pages.tif", save_all=True, append_images=[image])
    first, second = (reader.read(tmp_path / "pages.tif", page=page) for page in (0, 1))
    assert (first.text, first.size, first.more_pages) == ("", (80, 90), True)
    assert_same(second, reader.read(image))
    image.save(tmp_path / "one.png")
    assert not reader.read(tmp_path / "one.png").more_pages
    for name, page in (("pages.tif", 2), ("one.png", 1)):
        with pytest.raises(PictureError, match=f"{name} has no page {page + 1}"):
            reader.read(tmp_path / name, page=page)


def test_damaged_and_missing_models_are_errors(built: Path, tmp_path: Path) -> None:
    shutil.copytree(built, tmp_path / "a", symlinks=True)
    for path, name in ((tmp_path / "a/train", "layer-1-biases.npy"), (tmp_path / "a/export", "model.safetensors")):
        (path / name).write_bytes(b"damaged")
        with pytest.raises(PipelineError, match=name):
            load(path)
    os.mkfifo(tmp_path / "pipe")
    for path, words in (
        (tmp_path / "pipe", "run the stage detector first"),
        (tmp_path / "nowhere", r"nowhere cannot be read \(No such file"),
        (tmp_path, "run the stage detector first"),
        (tmp_path / "a/parse", "is the result of the stage parse, not of detector"),
        (tmp_path / "a/parse/manifest.json", "not a model"),
        (tmp_path / ("x" * 300), "name too long"),
    ):
        with pytest.raises(PipelineError, match=words):
            load(path)
    with pytest.raises(PipelineError, match="run the stage train first"):
        load(tmp_path, pictures=False)


def test_heavy_packages_are_not_imported() -> None:
    code = "import sys; from pipeline.reader import load; import numpy as np; "
    code += "load().predict(np.zeros((28, 28), np.uint8)); "
    heavy = {"scipy", "dask", "typer", "matplotlib", "requests", "onnx", "jinja2", "stages"}
    code += f"assert not {heavy} & sys.modules.keys()"
    result = capture([sys.executable, "-c", code], cwd="/")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
