"""The lesson reads as Python does, and its links restore what they contain; its scripts are run by Node."""

from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipeline.data.ink import InkStatistics, measure_ink
from pipeline.html.lesson.packing import SIZE_LIMITS, pack
from pipeline.html.lesson.page import model_values
from pipeline.html.report.report_page import link_demo
from pipeline.model.model import Model
from pipeline.model.prediction import predict_with_negative
from pipeline.pictures.preparation import fit_into_image, measure_ink_shares
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
    packed = model_values(model, pack(model, {bits: SIZE_LIMITS[8]}))
    return np.array(evaluate(PREDICT, packed, images.reshape(len(images), -1).tolist()))


@pytest.mark.parametrize(
    ("layers", "activation", "loss", "negative_class", "scale"),
    [
        ("", "relu", "cross-entropy", True, 1),
        ("6,5", "sigmoid", "mean-squared-error", True, 1),
        ("conv4x2/1,conv3x3/2", "sigmoid", "mean-squared-error", False, 1),
        ("conv4x3/1,conv3x3/2,6", "relu", "cross-entropy", True, 1),
        ("conv4", "relu", "cross-entropy", False, 1000),
        ("6,5", "relu", "mean-squared-error", False, 1000),
    ],
)
def test_every_kind_of_model_predicts_as_in_python(
    layers: str, activation: Any, loss: Any, negative_class: bool, scale: float
) -> None:
    model = make_model(layers, shape=(9, 7), activation=activation, loss=loss, negative_class=negative_class)
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
        ink = measure_ink_shares(drawing)
        assert ink is not None
        expected = fit_into_image(ink, shape, usual).ravel().astype(int)
        assert np.abs(np.array(image) - expected).max() <= 2


def test_pen_has_the_width_of_the_strokes_of_the_training_images() -> None:
    call = "(all) => all.map((each) => penIn([28, 28], each) / LONG_SIDE * 20)"
    given = [asdict(InkStatistics(20, *usual)) for usual in ((0, 9), (3, 9), (1, 2))]
    assert evaluate(call, given) == pytest.approx([2.4, 3, 2])


def test_improbable_classes_and_none_are_withheld() -> None:
    given = [[0.1, 0.39, 0.1], [0.1, 0.41, 0.1], [0.2, 0.3, 0.5], [0.2, 0.5, 0.3]]
    assert evaluate("(all) => all.map((probabilities) => choose(probabilities, 2).digit)", given) == [None, 1, None, 1]


def to_points(strokes: Strokes) -> list[list[dict[str, float]]]:
    return [[{"x": x, "y": y} for x, y in stroke] for stroke in strokes]


INVALID = "# #s #s= #s=. #s=AAAAA #s=AAAA. #s=%20%2 #s=éAAA #s=Q-AA #s=AAQ- #scene=0 #scene=10 #i=3 #i=3.AA= #any"
DECODE = """(fragments) => fragments.map((each) => {
    const { tested, ...rest } = decodeLink(each, { shape: [3, 4], classNames: ["a", "b"] });
    return { ...rest, tested: tested && { ...tested, image: [...tested.image] } };
})"""
NOTHING: dict[str, object] = {"scene": None, "step": None, "strokes": None, "tested": None, "isPresenting": False}


def test_links_are_short_and_restore_drawings_and_invalid_ones_are_refused() -> None:
    drawn = [place(strokes, 0.1, 0.1, 0.6) for strokes in DIGITS.values()]
    encode = "(all) => all.map((strokes) => encodeLink({ scene: 3, strokes, tested: null, isPresenting: true }))"
    fragments = evaluate(encode, [to_points(each) for each in drawn])
    assert max(map(len, fragments)) < 300
    for strokes, found in zip(drawn, evaluate(DECODE, fragments), strict=True):
        assert (found["scene"], found["isPresenting"], found["tested"]) == (3, True, None)
        for stroke, expected in zip(found["strokes"], strokes, strict=True):
            np.testing.assert_allclose([(point["x"], point["y"]) for point in stroke], expected, atol=0.001)
    invalid = [*INVALID.split(), "#s=" + "A" * 40_000, "#s=" + "_" * 9_000]
    assert evaluate(DECODE, invalid) == [NOTHING] * len(invalid)
    long = [{"x": number % 2, "y": 0} for number in range(9999)]
    encode = "(long) => encodeLink({ scene: 9, strokes: [long], tested: null, isPresenting: false })"
    assert evaluate(encode, long) == "#scene=9"


def test_link_of_the_report_contains_a_test_image() -> None:
    image = np.arange(12, dtype=np.uint8).reshape(3, 4) * 23
    fragment = link_demo(image, 1).partition("#")[2]
    (found,) = evaluate(DECODE, [f"#{fragment}"])
    assert (found["tested"]["label"], found["tested"]["image"]) == (1, image.reshape(-1).tolist())
    assert found["scene"] is None
    again = "(state) => encodeLink(state)"
    (repeated,) = evaluate(DECODE, [evaluate(again, {**found, "scene": 9})])
    assert repeated["tested"] == found["tested"]
