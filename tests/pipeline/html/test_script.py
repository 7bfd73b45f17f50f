"""The arithmetic of the drawing demo: its scripts that need no page, run by Node, calculate as Python does."""

from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipeline.html.demo.drawing_page import model_values
from pipeline.html.demo.packing import LIMITS, pack
from pipeline.model.model import Model
from pipeline.model.prediction import predict_with_negative
from pipeline.pictures.ink import InkStatistics, measure_ink
from pipeline.pictures.preparation import find_ink, prepare
from tests.drawings import sample_digits
from tests.pipeline.html.strokes import DIGITS, Strokes, place
from tests.pipeline.javascript import evaluate
from tests.pipeline.models import make_model

DIGIT_NAMES = tuple("0123456789")
PREDICT = """(packed, images) => {
    const model = unpackModel(packed);
    return images.map((image) => Array.from(predict(model, image).probabilities));
}"""


def predict_in_script(model: Model, images: NDArray[np.uint8], bits: int = 16) -> NDArray[np.float64]:
    """Return the probabilities, (n, outputs)."""
    packed = model_values(model, pack(model, {bits: LIMITS[8]}))
    return np.array(evaluate(PREDICT, packed, images.reshape(len(images), -1).tolist()))


@pytest.mark.parametrize(
    ("layers", "networks", "activation", "loss", "negative_class", "scale"),
    [
        ("", 2, "relu", "cross-entropy", True, 1),
        ("6,5", 3, "sigmoid", "mean-squared-error", True, 1),
        ("conv4x2/1,conv3x3/2", 2, "sigmoid", "mean-squared-error", False, 1),
        ("conv4x3/1,conv3x3/2,6", 3, "relu", "cross-entropy", True, 1),
        ("conv4", 1, "relu", "cross-entropy", False, 1000),
        ("6,5", 1, "relu", "mean-squared-error", False, 1000),
    ],
)
def test_every_kind_of_model_predicts_as_in_python(
    layers: str, networks: int, activation: Any, loss: Any, negative_class: bool, scale: float
) -> None:
    model = make_model(layers, networks, (9, 7), activation=activation, loss=loss, negative_class=negative_class)
    for network in model.networks:
        for weights, _ in network.parameters.layers:
            weights *= scale  # large logits, which must not overflow
    images = np.random.default_rng(1).integers(0, 256, (20, 9, 7), dtype=np.uint8)
    found = predict_in_script(model, images)
    np.testing.assert_allclose(found, predict_with_negative(model, images)[:, : found.shape[1]], atol=1e-3)


def test_weights_of_8_bits_are_those_that_were_rounded() -> None:
    model = make_model("conv24x4,conv48x3/1,conv96x4,160", shape=(28, 28), class_names=DIGIT_NAMES)
    images = np.random.default_rng(1).integers(0, 256, (5, 28, 28), dtype=np.uint8)
    unrounded = predict_with_negative(model, images)[:, :-1]
    found = predict_in_script(model, images, 8)
    for weights, _ in model.networks[0].parameters.layers:
        rows = weights.reshape(len(weights), -1)
        steps = np.abs(rows).max(axis=1, keepdims=True) / 127
        rows[...] = steps * np.rint(rows / steps)
    np.testing.assert_allclose(found, predict_with_negative(model, images)[:, :-1], atol=1e-3)
    assert np.abs(found - unrounded).max() > 2e-3


def drawings() -> list[NDArray[np.uint8]]:
    """Return light digits of varying size and position on a dark background."""
    generator = np.random.default_rng(0)
    found = []
    for image in sample_digits()[0][:30]:
        size = tuple(generator.integers(20, 180, 2).tolist())
        large = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))
        found.append(np.pad(large, generator.integers(0, 60, (2, 2)).tolist()))
    return found


@pytest.mark.parametrize("shape", [(28, 28), (17, 20)])
def test_drawings_are_prepared_as_in_python(shape: tuple[int, int]) -> None:
    usual = InkStatistics(measure_ink(sample_digits()[0]).box)  # strokes of any width are usual
    keys = ("grey", "height", "width")
    planes = [dict(zip(keys, (each.ravel().tolist(), *each.shape), strict=True)) for each in drawings()]
    given = [[plane, shape, asdict(usual)] for plane in planes]
    found = evaluate("(all) => all.map((each) => Array.from(prepare(...each)))", given)
    for drawing, image in zip(drawings(), found, strict=True):
        ink = find_ink(drawing)
        assert ink is not None
        expected = prepare(ink, shape, usual).ravel().astype(int)
        assert np.abs(np.array(image) - expected).max() <= 2


def test_pen_has_the_width_of_the_strokes_of_the_training_images() -> None:
    call = "(all) => all.map((each) => penIn([28, 28], each) / LONG_SIDE * 20)"
    given = [asdict(InkStatistics(20, *usual)) for usual in ((0, 9), (3, 9), (1, 2))]
    assert evaluate(call, given) == pytest.approx([2.4, 3, 2])


def test_improbable_classes_and_the_negative_class_are_rejected() -> None:
    given = [[0.1, 0.39, 0.1], [0.1, 0.41, 0.1], [0.2, 0.3, 0.5], [0.2, 0.5, 0.3]]
    assert evaluate("(all) => all.map((probabilities) => choose(probabilities, 2))", given) == [None, 1, None, 1]


def to_points(strokes: Strokes) -> list[list[dict[str, float]]]:
    return [[{"x": x, "y": y} for x, y in stroke] for stroke in strokes]


def test_digit_is_compared_with_the_runner_up_or_the_chosen_class_and_never_with_itself() -> None:
    given = [([0.01, 0.93, 0.02, 0.04], chosen) for chosen in (None, 0, 1, 3)]
    given += [([0.1, 0.2, 0.2, 0.5], None), ([0.0, 0.513, 0.004, 0.483], None)]  # a close "none" is the runner-up
    found = evaluate("(all) => all.map(([each, chosen]) => contenders(each, chosen, 3))", given)
    assert found == [[1, 2], [1, 0], [1, 2], [1, 3], [3, 1], [1, 3]]


INVALID = "# #s #s= #s=. #s=AAAAA #s=AAAA. #s=%20%2 #s=éAAA #s=Q-AA #s=AAQ- #e= #e=99 #e=-1 #e=1.5 #any"
DECODE = "(fragments) => fragments.map((each) => decodeLink(each, 0.75, 10, 8))"
NOTHING: dict[str, object] = {"drawing": None, "training": None, "signs": [], "scene": None}


def test_links_are_short_and_restore_drawings_and_invalid_ones_are_refused() -> None:
    drawn = [place(strokes, 0.1, 0.1, 0.6) for strokes in DIGITS.values()]
    fragments = evaluate(
        "(all) => all.map((strokes) => encodeLink({ strokes, example: null }))", [to_points(each) for each in drawn]
    )
    assert max(map(len, fragments)) < 300
    for strokes, found in zip(drawn, evaluate(DECODE, fragments), strict=True):
        for stroke, expected in zip(found["drawing"]["strokes"], strokes, strict=True):
            np.testing.assert_allclose([(point["x"], point["y"]) for point in stroke], expected, atol=0.001)
    invalid = [*INVALID.split(), "#s=" + "A" * 40_000, "#s=" + "_" * 9_000, "#scene=7", "#t=x!AAAA", "#l=1.9.3.0"]
    assert evaluate(DECODE, invalid) == [NOTHING] * len(invalid)
    assert evaluate("() => encodeLink({ strokes: [], example: 2 })") == "#e=2"
    assert evaluate(DECODE, ["#scene=3&e=2"]) == [
        {**NOTHING, "drawing": {"strokes": [], "example": 2}, "scene": 3},
    ]
    long = [{"x": number % 2, "y": 0} for number in range(9999)]
    assert evaluate("(long) => encodeLink({ strokes: [long], example: null })", long) == ""


def test_links_repeat_trainings_and_signs() -> None:
    training = {"seed": 3, "rate": 4, "steps": 120, "byHand": 2}
    signs = [{"name": name, "drawings": [[[{"x": k / 10, "y": 0.5}]] for k in range(5)]} for name in ("♥", "a&b!")]
    fragment = evaluate("(...all) => `#e=1${encodeTraining(...all)}`", training, signs)
    (found,) = evaluate(DECODE, [fragment])
    assert (found["training"], found["signs"]) == (training, signs)
    assert evaluate("() => encodeTraining(null, [])") == ""


@pytest.mark.parametrize(("reach", "expected"), [(9, True), (-1, False)])
def test_each_dot_raises_the_other_class_the_first_one_most(reach: int, expected: bool) -> None:
    """A linear network of 8 x 8 pixels: ink speaks for the first class, at the top for the second one, too."""
    weights = np.full((2, 8, 8), 0.1)
    weights[0, 7] = -99  # ink there reduces the lead, but does not raise the second class
    weights[1] = 0
    weights[1, :2] = reach
    weights[1, :2, :4] *= 2
    layer: dict[str, Any] = {"kind": "dense", "activation": None, "inputShape": [1, 8, 8], "outputShape": [2]}
    layer |= {"window": [8, 8], "dilation": 1, "stride": [1, 1], "padding": [0, 0], "residual": 0}
    call = """async (layer, weights, image) => {
        const layers = [{ ...layer, weights: Float32Array.from(weights), biases: Float32Array.from([5, 0]) }];
        const model = { networks: [layers], loss: "cross-entropy", temperature: 1, shape: [8, 8] };
        const pixels = Uint8Array.from(image);
        const explained = explainDifference([layers], pixels, 0, 1);
        const dots = (await helpfulDots(model, pixels, 0, 1, explained, () => true)).filter((dot) => dot.isRaising);
        return [explained.difference, dots, [...addDot(pixels, dots[0]?.at ?? 0, [8, 8])]];
    }"""
    image = np.zeros((8, 8), int)
    image[5, 2:6] = 255
    difference, dots, inked = evaluate(call, layer, weights.reshape(-1).tolist(), image.reshape(-1).tolist())
    assert bool(dots) is expected
    leads = [dot["lead"] for dot in dots]
    assert leads == sorted(leads) and all(lead < difference for lead in leads)
    if expected:
        at = dots[0]["at"]
        assert at < 3
        assert np.flatnonzero(np.array(inked) != image.reshape(-1)).tolist() == [at, at + 1, at + 8, at + 9]
