"""Scene 3: each sum can be checked by hand, and a shape is switched off as in the network itself."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.data.scaling import standardise
from pipeline.html.lesson.packing import pack
from pipeline.html.lesson.page import model_values
from pipeline.html.lesson.pictures import can_teach
from pipeline.model.model import Model
from pipeline.network.network import forward, infer, make_network
from tests.drawings import sample_digits
from tests.pipeline.html.lesson.numerals import parse
from tests.pipeline.javascript import evaluate
from tests.pipeline.models import make_model

DIGITS = tuple("0123456789")
NETWORKS = (
    "conv16,conv64,128",
    "conv24,conv96,20",
    "conv24x4,conv48x3/1,conv96x4,160",
    "conv1,conv8,6",
    "conv32,conv6x3/1p1",
    "conv4,pool2,conv5x2x3/1,7,6",
)
# Of a page for a network: its reading of an image, and what `call` makes of both.
PAGE = """async (packed, image) => {
    const page = await unpackPage(packed);
    page.pictures = { sure: { image: Uint8Array.from(image), ink: inkOf(image), label: 0 } };
    const story = storyOf(page);
    const layer = page.model.layers[page.shapes];
    CALL
}"""


def make(layers: str, **parts: Any) -> Model:
    return make_model(layers, shape=(28, 28), class_names=DIGITS, **parts)


def ask(model: Model, call: str) -> Any:
    return evaluate(
        PAGE.replace("CALL", call),
        model_values(model, pack(model, {16: 10_000_000})),
        sample_digits()[0][0].reshape(-1).tolist(),
    )


def read(model: Model) -> NDArray[np.floating[Any]]:
    """Return the image as the network gets it, (28, 28, 1)."""
    return np.moveaxis(standardise(sample_digits()[0][:1], model.scaling), 0, -1)


def index_of_shapes(model: Model) -> int:
    """Return the index of the second layer with kernels."""
    layers = model.networks[0].layers
    return [i for i, each in enumerate(layers) if each.parameter_shapes and len(each.output_shape) > 1][1]


def round_by_hand(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), "ROUND_HALF_UP")


@pytest.mark.parametrize("layers", NETWORKS)
def test_products_sums_and_map_of_a_shape_are_those_of_the_network(layers: str) -> None:
    model = make(layers)
    found = ask(
        model,
        """return {
            ...{ unit: story.unit, position: story.position, order: story.order, total: story.total, map: story.map },
            ...{ bias: layer.biases[story.unit], square: story.reading.values[page.shapes + 1] },
            terms: story.terms.map((term) => ({ ...term, values: [...term.values], weights: [...term.weights] })),
        };""",
    )
    index, network = index_of_shapes(model), model.networks[0]
    layer = network.layers[index]
    outputs = forward(network, read(model)).outputs
    top, left = np.divmod(found["position"], layer.output_shape[2]) * np.array(layer.stride)
    padded = np.pad(outputs[index - 1][..., 0], ((0, 0), *((each, each) for each in layer.padding)))
    height, width = layer.window
    inside = padded[:, top : top + height, left : left + width].reshape(len(found["terms"]), -1)
    weights = network.parameters.layers[index][0][found["unit"]].reshape(inside.shape)
    np.testing.assert_allclose([term["values"] for term in found["terms"]], inside, atol=2e-3)
    np.testing.assert_allclose([term["weights"] for term in found["terms"]], weights, atol=2e-4)
    sums = []
    for term in found["terms"]:
        products = [Decimal(a) * Decimal(b) for a, b in zip(term["values"], term["weights"], strict=True)]
        assert [Decimal(str(each)) for each in term["products"]] == list(map(round_by_hand, products))
        sums.append(sum(map(round_by_hand, products)))
        assert Decimal(str(term["sum"])) == sums[-1]
    total = sum(sums) + round_by_hand(Decimal(found["bias"]))
    assert Decimal(str(found["total"])) == total
    assert Decimal(str(found["map"][found["position"]])) == max(total, 0)
    assert sorted(found["order"]) == list(range(len(sums)))
    assert max(sums) == sums[found["order"][0]]
    activations = outputs[index][found["unit"]].reshape(-1)
    np.testing.assert_allclose(found["map"], activations, atol=0.005 * (weights.size + 1))  # as many are rounded


@pytest.mark.parametrize("layers", NETWORKS)
def test_scores_without_a_shape_are_those_of_the_network_with_its_map_at_0(layers: str) -> None:
    model = make(layers)
    index, layers_of = index_of_shapes(model), model.networks[0].layers
    off = [0, 2, 3]
    found = ask(model, f"return [[], [0], {off}].map((off) => [...forwardWithout(page, story.reading, off).at(-1)]);")
    for units, scores in zip(([], [0], off), found, strict=True):
        network = make_network(layers_of, model.networks[0].parameters.flat.copy())
        for array in network.parameters.layers[index]:
            array[units] = 0  # and so is its activation
        np.testing.assert_allclose(scores, infer(network, read(model))[:, 0] / model.temperature, rtol=2e-3, atol=2e-3)


def test_shape_of_the_story_is_needed_most_of_those_that_are_seen() -> None:
    unit, trials, ink = ask(
        make("conv16,conv64,128"),
        """const count = layer.biases.length;
        const inks = Array.from({ length: count }, (_, each) => inkOfShape(page, story.reading, each));
        return [story.unit, story.trials.map(({ change }) => change), inks];""",
    )
    seen = [each for each in np.argsort(trials, kind="stable") if ink[each] >= 0.25]
    assert unit == seen[0]


def test_change_of_a_score_is_the_difference_of_the_scores_that_are_shown() -> None:
    changes, before, after = ask(
        make("conv16,conv24,20"),
        """const { trials, reading } = story;
        const best = indexOfLargest(reading.logits);
        const without = trials.map((_, unit) => forwardWithout(page, reading, [unit]).at(-1)[best]);
        return [trials.map(({ change }) => change), two(reading.logits[best]), without.map(two)];""",
    )
    shown = [float(score.replace("\N{MINUS SIGN}", "-")) for score in [before, *after]]
    assert changes == pytest.approx([score - shown[0] for score in shown[1:]], abs=1e-6)


def test_small_set_changes_the_answer_and_no_smaller_part_of_its_search_does() -> None:
    best, sets = ask(
        make("conv16,conv24,20"),
        """const search = searchSmallSet(page, story.reading);
        let step = search.next();
        while (!step.done) step = search.next();
        const read = (off) => indexOfLargest(forwardWithout(page, story.reading, off).at(-1));
        return [story.digit, step.value.map((_, i) => read(step.value.slice(0, i + 1)))];""",
    )
    assert sets[-1] != best
    assert set(sets[:-1]) <= {best}


@pytest.mark.parametrize("negative", [True, False])
@pytest.mark.parametrize("layers", NETWORKS)
def test_questions_and_texts_say_what_the_network_of_the_page_does(layers: str, negative: bool) -> None:
    model = make(layers, negative_class=negative)
    found = ask(
        model,
        """const texts = (own) => [shapes.lead(page, own), STEPS_OF_SHAPES[own.step].why?.(page, own)];
        const begun = shapes.begin(page);
        const at = (step, patch) => texts({ ...begun, ...shapes.arrive(page, begun, step), ...patch });
        const scores = (off) => [...forwardWithout(page, story.reading, off).at(-1)];
        return {
            ...{ digit: story.digit, without: story.without, choices: choicesWithout(page).map(([output]) => output) },
            ...{ sum: at(3, { count: Infinity }), map: at(4, { filled: Infinity }), all: at(5) },
            ...{ off: at(6, { missing: null }), total: story.total, scores: [scores([]), scores([story.unit])] },
            ...{ switched: at(7, { off: [0, 1] })[1], pair: scores([0, 1]) },
        };""",
    )
    assert found["without"] in found["choices"]
    assert len(set(found["choices"])) == 3
    assert found["digit"] == found["choices"][0]
    index, layers_of = index_of_shapes(model), model.networks[0].layers
    maps, each = layers_of[index].input_shape[0], int(np.prod(layers_of[index].window))
    assert parse(found["sum"][0])[:3] == [each, maps, each * maps]
    assert float(parse(found["sum"][1])[1]) == found["total"]
    assert ("below 0 it would" in found["sum"][1]) == (found["total"] > 0)
    assert parse(found["map"][0])[0] == int(np.prod(layers_of[index].output_shape[1:]))
    later = [layer.output_shape[0] for layer in layers_of[index + 1 : -1] if layer.parameter_shapes]
    assert parse(found["all"][0]) == [2, layers_of[index].output_shape[0], *later]
    before, after = (round(score[found["digit"]], 2) for score in found["scores"])
    assert [float(each) for each in parse(found["off"][1])][-2:] == pytest.approx([before, after], abs=0.0051)
    best = int(np.argmax(found["pair"]))
    assert ("still" in found["switched"]) == (best == found["digit"])


@pytest.mark.parametrize("change", [{"layers": "conv4x3/1,conv4x3/1p1+"}, {"layers": "conv16"}, {"layers": "512,256"}])
def test_network_without_two_layers_of_sums_has_no_scenes(change: dict[str, str]) -> None:
    assert can_teach(make("conv1,conv8,6"))
    assert not can_teach(make(**change))
    assert not can_teach(replace(make("conv1,conv8,6"), activation="tanh"))
