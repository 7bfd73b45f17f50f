"""Numbers of the scenes on loss, slope and the walk back are what they say; see test_sheets.py for those on paper."""

import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from pipeline.html.lesson.packing import pack
from pipeline.html.lesson.page import model_values
from pipeline.model.prediction import predict_with_negative
from tests.drawings import sample_digits
from tests.pipeline.html.lesson.numerals import parse
from tests.pipeline.javascript import evaluate
from tests.pipeline.models import make_model


def test_losses_are_minus_the_logarithm_of_the_share_that_is_shown() -> None:
    shares = [1.0, 0.9996, 0.994, 0.97, 0.5, 0.448, 0.1, 0.0896, 0.0061, 0.0004]
    call = "(shares) => shares.map((share) => [formatShare(share), percent(share, true), formatLoss(share)])"
    for share, (text, percentage, loss) in zip(shares, evaluate(call, shares), strict=True):
        if percentage[0] in "<>":
            assert float(text) == pytest.approx(share, abs=0.00005)
        else:
            assert Decimal(text) == parse(percentage)[0] / 100
        assert float(loss) == pytest.approx(-math.log(float(text)), abs=0.00501)
        assert (float(loss) == 0) == (share == 1)


@pytest.mark.parametrize(("torn", "wrong"), [(0.45, 0.0896), (0.45, 0.3), (0.45, 0.006), (0.2, 0.15)])
def test_answer_to_the_guess_of_the_loss_is_calculated(torn: float, wrong: float) -> None:
    found = evaluate("(shares) => askForLoss({ shares })", {"torn": torn, "wrong": wrong})
    before, after = map(float, parse(found["answer"]))
    np.testing.assert_allclose([before, after], -np.log([torn, wrong]), atol=0.006)
    times = parse(found["choices"][-1][1])
    assert [int(each) for each in times] == [int(after / before)] * (after / before >= 2)


VALLEY = """(weights, passes, at) => {
    const biases = [0, 0, 0];
    const valley = makeValley({ weights, biases }, passes, 3);
    const settings = Array.from({ length: 21 }, (_, i) => i / 20);
    const steps = settings.map((setting) => stepFrom(valley, valley.start, rateOf(valley, setting)));
    return {
        ...valley,
        losses: at.map((by) => lossAt(valley, valley.weight + by)),
        slopes: at.map((by) => exactSlopeAt(valley, valley.weight + by)),
        ends: [valley.from, valley.to, valley.start].map((weight) => lossAt(valley, weight)),
        steps: steps.map((step) => ({ ...step, loss: lossAt(valley, step.next), verdict: judgeStep(valley, step) })),
        bottom: judgeStep(valley, { weight: valley.start, next: valley.weight }),
        higher: judgeStep(valley, { weight: valley.weight, next: valley.start }),
    };
}"""


def test_valley_is_the_loss_over_one_weight_and_its_slope_that_of_a_finite_difference() -> None:
    generator = np.random.default_rng(1)
    features, labels = np.abs(generator.normal(size=(60, 4))), generator.integers(0, 3, 60)
    features[np.arange(60), labels] += 4  # so that the trained network reads all of them
    weights = 2 * np.eye(3, 4)
    logits = features @ weights.T
    passes = [
        {"features": f.tolist(), "logits": z.tolist(), "label": int(label)}
        for f, z, label in zip(features, logits, labels, strict=True)
    ]
    at = [-2.0, -0.5, 0.0, 0.3, 1.5]
    found: dict[str, Any] = evaluate(VALLEY, weights.reshape(-1).tolist(), passes, at)
    unit = int(features.sum(axis=0).argmax())

    def loss(by: float) -> float:
        z = logits.copy()
        z[:, found["index"]] += by * features[:, unit]
        return float(np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(60), labels]))

    np.testing.assert_allclose(found["losses"], [loss(by) for by in at], rtol=1e-6)
    differences = [(loss(by + 1e-4) - loss(by - 1e-4)) / 2e-4 for by in at]
    np.testing.assert_allclose(found["slopes"], differences, atol=1e-5)
    np.testing.assert_allclose(found["ends"], [1.6, 1.6, 1.2], atol=0.03)
    for step in found["steps"]:
        product = Decimal(str(step["rate"])) * Decimal(str(step["slope"]))
        assert float(step["next"]) == pytest.approx(float(Decimal(str(step["weight"])) - product), abs=0.00501)
        is_lower = step["loss"] <= found["ends"][2]
        assert (step["verdict"] in ("lower", "bottom")) == is_lower
        assert (step["verdict"] == "out") == (not found["from"] <= step["next"] <= found["to"])
    assert {step["verdict"] for step in found["steps"]} >= {"lower", "bottom", "out"}
    assert (found["bottom"], found["higher"]) == ("bottom", "higher")


@pytest.mark.parametrize("share", [0.45, 0.4476, 0.52, 0.07, 0.9])
def test_every_line_of_the_ledger_is_exact(share: float) -> None:
    call = (
        "(share) => ({ ...walkBack(share, 0.998), ledger: writeLedger(walkBack(share, 0.998)).map((line) => line[1]) })"
    )
    found = evaluate(call, share)
    error, sent, stopped, passed, slope = map(parse, found["ledger"])
    assert error[0] - error[1] == error[2]  # share minus 1
    weights = evaluate("() => PATHS")
    by = {name: {key: Decimal(str(value)) for key, value in path.items()} for name, path in weights.items()}
    assert sent == [error[2] * by["A"]["last"], error[2] * by["B"]["last"]]
    assert stopped == [sent[1], 0]
    assert passed[0] * passed[1] == passed[2]
    assert passed[:2] == [sent[0], by["A"]["second"]]
    assert slope[0] * slope[1] == slope[2]
    assert slope[:2] == [passed[2], Decimal("1.00")]
    assert found["passed"]["B"] == found["arrived"]["B"] == found["slope"]["B"] == 0
    for name, path in by.items():
        assert found["edge"][name] == float(path["first"])
        assert found["shape"][name] == float(path["first"] * path["second"])
    assert found["shape"]["B"] < 0 < found["shape"]["A"]
    stepped = evaluate("(share) => takeWeightStep({ ...walkBack(share, 0.998), name: '9' }, 1)", share)
    start, steep = Decimal(str(by["A"]["first"])), Decimal(str(found["slope"]["A"]))
    assert Decimal(str(stepped["first"]["A"])) == round(start - 5 * steep, 2)
    odds = found["share"] * math.exp(stepped["adds"] - stepped["before"])
    assert stepped["share"] == pytest.approx(odds / (1 - found["share"] + odds))
    assert stepped["share"] > found["share"]


def test_walk_back_begins_with_the_errors_of_the_picture() -> None:
    model = make_model("conv4,8", shape=(28, 28), class_names=tuple("0123456789"))
    image = sample_digits()[0][0]
    probabilities = predict_with_negative(model, image[np.newaxis])[0]
    label = int(np.argsort(probabilities)[-2])
    found = evaluate(
        "(packed, pixels, label) => walkOf({ model: unpackModel(packed), "
        "pictures: { torn: { image: Uint8Array.from(pixels), ink: inkOf(pixels), label } } })",
        model_values(model, pack(model)),
        image.reshape(-1).tolist(),
        label,
    )
    assert found["error"] == pytest.approx(probabilities[label] - 1, abs=0.0051)
    assert found["sentByOther"] == pytest.approx(probabilities.max(), abs=1e-3)
    assert (found["name"], found["other"]) == (str(label), str(probabilities.argmax()))
    pixel = found["pixel"]
    assert image[pixel["row"], pixel["column"]] / 255 == pytest.approx(pixel["ink"])
