"""The numbers of the scenes on a kernel, on shapes and on rubbing out, and the pictures that are chosen for them."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.html.lesson import pictures
from pipeline.html.lesson.packing import pack
from pipeline.html.lesson.page import model_values
from tests.drawings import sample_digits
from tests.pipeline.html.lesson.numerals import parse
from tests.pipeline.javascript import evaluate
from tests.pipeline.models import make_model

DIGITS = tuple("0123456789")
INK = (sample_digits()[0][0] / 255).reshape(-1)


def lesson_model(**parts: Any) -> Any:
    return make_model("conv4x4,conv5x3/1,conv6x4,7", shape=(28, 28), **{"class_names": DIGITS, **parts})


def test_numbers_are_shown_in_two_decimals_and_shares_in_percent() -> None:
    shown = evaluate("(all) => all.map((value) => [two(value), signed(value)])", [0.504, -0.501, -0.001])
    assert shown == [["0.50", "+0.50"], ["\u22120.50", "\u22120.50"], ["0.00", "+0.00"]]
    shares = [0, 0.0004, 0.006, 0.0994, 0.454, 0.994, 0.9996, 1]
    texts = evaluate("(all) => all.map((share) => percent(share, true))", shares)
    expected = ["< 0.1 %", "< 0.1 %", "0.6 %", "9.9 %", "45 %", "99.4 %", "> 99.9 %", "> 99.9 %"]
    assert [text.replace("\xa0", " ") for text in texts] == expected
    assert evaluate("(values) => sumShown(values)", [0.004, 0.004, 0.333]) == 0.33


@pytest.mark.parametrize("name", ["A", "B", "C", "Edge", "Blur"])
def test_map_of_a_kernel_is_a_convolution_of_stride_2_cut_off_at_0(name: str) -> None:
    kernel, found, answer = evaluate(
        """(ink, name) => {
            const numbers = kernelOf(name);
            return [numbers, [...kernelMap(ink, [28, 28], numbers, 144)], multiplyAt(ink, [28, 28], numbers, 30)];
        }""",
        INK.tolist(),
        name,
    )
    windows = np.lib.stride_tricks.sliding_window_view(INK.reshape(28, 28), (5, 5))[::2, ::2].reshape(144, 25)
    np.testing.assert_allclose(found, np.maximum(windows @ kernel, 0), atol=0.26)  # 25 products, rounded to 0.01
    assert answer["sum"] == pytest.approx(sum(answer["products"]), abs=1e-9)
    np.testing.assert_allclose(answer["products"], np.multiply(answer["under"], kernel), atol=0.0051)


@pytest.mark.parametrize("name", ["Edge", "Blur"])
def test_another_kernel_fills_its_map_and_shows_its_strongest_stop(name: str) -> None:
    own, sums = evaluate(
        """(ink, name) => {
            const page = { model: { shape: [28, 28] }, pictures: { stroke: { ink } } };
            const own = { ...kernel.begin(), stop: 143 };
            const scene = { page, own, change: (patch) => Object.assign(own, patch) };
            chooseKernel(scene, name);
            return [{ ...own, isSliding: isSliding(scene) }, [...kernelMap(ink, [28, 28], kernelOf(name), own.filled)]];
        }""",
        INK.tolist(),
        name,
    )
    assert (own["isSliding"], own["choice"]) == (False, name)
    assert sums[own["stop"]] == max(sums)


def test_changes_of_a_kernel_are_told_by_the_score_of_the_answer_before() -> None:
    model = lesson_model(ensemble_size=1)
    found = evaluate(
        """(packed, image) => {
            const page = { model: unpackModel(packed), edges: 0 };
            state.tested = { image: Uint8Array.from(image), label: 0 };
            const read = (changes) => readDrawn({ model: withChanges(page, changes) });
            const readings = [{}, { 0: 1.5, 20: -1 }].map(read);
            const logits = readings.map((reading) => [...reading.logits]);
            return { text: describeChanges(page, 2, readings[1]), logits };
        }""",
        model_values(model, pack(model)),
        (255 * INK).astype(int).tolist(),
    )
    before, after = found["logits"]
    best = int(np.argmax(before))
    count, digit, *shown = parse(found["text"])
    assert [int(count), int(digit)] == [2, best]
    assert [float(value) for value in shown] == pytest.approx([before[best], after[best]], abs=0.00501)
    assert shown[0] != shown[1]


def test_rubbing_out_takes_a_disc_of_ink() -> None:
    left, gone, radius = evaluate(
        """(ink) => {
            const left = rubOut(Float32Array.from(ink), 28, [[11, 16], [12, 17]]);
            return [[...left], shareGone(ink, [...left]), ERASER.radius];
        }""",
        INK.tolist(),
    )
    y, x = np.indices((28, 28)).reshape(2, -1) + 0.5
    kept = np.prod([np.clip(np.hypot(y - row, x - column) - 2.2, 0, 1) for column, row in ((11, 16), (12, 17))], axis=0)
    np.testing.assert_allclose(left, INK * kept, atol=1e-6)
    assert gone == pytest.approx(1 - (INK * kept).sum() / INK.sum(), abs=1e-6)
    assert radius == pictures.RADIUS


@pytest.fixture(scope="module")
def data(file: Path) -> Any:
    """Return the data of the page, without its pictures to learn from."""
    found = json.loads(re.findall('id="data">(.*?)</script>', file.read_text(encoding="utf-8"), re.DOTALL)[0])
    return {name: value for name, value in found.items() if name != "lessons"}


def test_ring_holds_the_ink_without_which_the_8_is_a_3(data: Any) -> None:
    call = """(data, ways) => {
        const [model, { rub }] = [unpackModel(data), unpackPictures(data.pictures.chosen)];
        const [x, y] = data.pictures.ring;
        const read = (way) => readInk(model, rubOut(rub.ink, 28, way.map(([right, down]) => [x + right, y + down])));
        return ways.map((way) => read(way).digit);
    }"""
    ways = [[], [[0, 0]], [[1, 0]], [[-1, 0]], [[0, 1]], [[0, -1]], [[0, -1], [0, 0], [0, 1], [1, 0]]]
    assert evaluate(call, data, ways) == [8, 3, 3, 3, 3, 3, 3]


@pytest.mark.parametrize("logits", [[6.681, 0.023, -4.984], [1.204, 1.196, 1.2], [-2.5, -3.7, -2.6, -9.9], [11.23, 4]])
def test_softmax_is_calculated_from_the_numbers_that_are_shown(logits: list[float]) -> None:
    found = evaluate("(logits) => softmaxAsShown(logits)", logits)
    exact = np.exp(logits) / np.exp(logits).sum()
    assert found["scores"] == [pytest.approx(logit, abs=0.00501) for logit in logits]
    assert found["powers"] == [pytest.approx(math.exp(score), abs=0.00501) for score in found["scores"]]
    assert round(100 * found["sum"]) == sum(round(100 * power) for power in found["powers"])
    assert found["shares"] == [power / found["sum"] for power in found["powers"]]
    np.testing.assert_allclose(found["shares"], exact, atol=0.02)


def test_lines_show_what_flows_as_shares_of_the_largest() -> None:
    model = lesson_model(ensemble_size=1)
    shares, tangents = evaluate(
        """(packed, image) => {
            const model = unpackModel(packed);
            const { values } = readImage(model, Uint8Array.from(image));
            const shares = sharesOf(model.layers, values, 1, 3, 20);
            const scaled = (unit) => values[1].map((value, k) => value * (Math.floor(k / 169) === unit ? 1.001 : 1));
            const after = (unit) => forward(model.layers.slice(1, 3), scaled(unit)).at(-1)[20];
            return [[...shares], [0, 1, 2, 3].map((unit) => (after(unit) - values[3][20]) / 0.001)];
        }""",
        model_values(model, pack(model)),
        np.random.default_rng(3).integers(0, 256, 784).tolist(),
    )
    np.testing.assert_allclose(shares, tangents, atol=0.02)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"activation": "tanh"}, False),
        ({"loss": "mean-squared-error"}, False),
        ({"class_names": tuple("abcdefghij")}, False),
    ],
)
def test_scenes_need_digits_and_sums_of_open_paths(change: dict[str, Any], expected: bool) -> None:
    assert pictures.can_teach(lesson_model(**change)) is expected
    assert pictures.can_teach(make_model("conv4,8", shape=(28, 28), class_names=DIGITS)) is False
    assert pictures.choose_pictures(lesson_model(**change), *sample_digits(), None) is None


def test_excited_patches_are_ranked_by_the_peaks_of_each_map() -> None:
    model = lesson_model()
    images = sample_digits()[0][:60]
    ranked = pictures._rank_excitation(replace(model), images)
    positions = np.prod(model.networks[0].layers[1].output_shape[1:])
    indices, places = np.divmod(ranked, positions)
    values = evaluate(
        """(packed, images) => {
            const model = unpackModel(packed);
            return images.map((image) => [...forward(model.layers, inkOf(image))[2]]);
        }""",
        model_values(model, pack(model)),
        images.reshape(60, -1).tolist(),
    )
    maps = np.array(values).reshape(60, len(ranked), positions)
    for unit, (index, place) in enumerate(zip(indices, places, strict=True)):
        peaks = maps[index, unit, place]
        np.testing.assert_allclose(peaks, np.sort(maps[:, unit].max(axis=1))[::-1][: len(peaks)], atol=0.02)
