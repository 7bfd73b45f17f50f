"""What the report shows of the network: receptive fields, exciting patches, layers, examples and shifts."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.data.scaling import standardise
from pipeline.model.prediction import compute_logits, predict
from pipeline.network.architecture import build_layers
from pipeline.network.network import forward, view_parameters
from pipeline.pages.filters import (
    MAX_LATER_FILTERS,
    MAX_UNITS,
    PATCHES,
    cut_patches,
    draw_later_filters,
    draw_units,
    measure_excitation,
)
from pipeline.pages.forward_pass import MAX_CLASSES, choose_images, draw_passes
from pipeline.pages.inspection import MAX_SHIFT, MAX_SHIFTED, inspect_network, measure_shifts
from pipeline.pages.layer_table import ReceptiveField, list_layers, receptive_fields, time_layers
from pipeline.pages.pictures import draw_signed
from tests.pipeline.models import make_model

GENERATOR = np.random.default_rng(3)
IMAGES = GENERATOR.integers(0, 256, (40, 13, 12), dtype=np.uint8)
MODEL = make_model("conv5x3/2,conv7x2/1,6", shape=(13, 12))


@pytest.mark.parametrize(
    ("layers", "fields"),
    [
        ("conv16,conv64,128", [(5, 2), (13, 4)]),
        ("conv24x4,conv48x3/1,conv96x4,160", [(4, 2), (8, 2), (14, 4)]),
        ("128", []),
        ("", []),
    ],
)
def test_receptive_fields_grow_with_kernels_and_strides(layers: str, fields: list[tuple[int, int]]) -> None:
    assert receptive_fields(build_layers(layers, (28, 28), 10)) == [ReceptiveField(*field) for field in fields]


@pytest.mark.parametrize("layer", [0, 1])
def test_activation_depends_only_on_its_receptive_field(layer: int) -> None:
    excitation = measure_excitation(MODEL, IMAGES)[layer]
    field, number, index = excitation.field, 2, 4
    row, column = excitation.rows[number, index], excitation.columns[number, index]
    window = np.s_[row * field.step :, column * field.step :]
    kept = np.zeros_like(IMAGES[index])
    kept[window][: field.size, : field.size] = IMAGES[index][window][: field.size, : field.size]
    inputs = np.moveaxis(standardise(kept[np.newaxis], MODEL.scaling), 0, -1)
    activation = forward(MODEL.networks[0], inputs).outputs[layer][number, row, column, 0]
    assert activation == pytest.approx(excitation.peaks[number, index], rel=1e-5)


def test_patches_have_the_largest_activations_of_different_images() -> None:
    for layer, excitation in enumerate(measure_excitation(MODEL, IMAGES)):
        outputs = forward(MODEL.networks[0], np.moveaxis(standardise(IMAGES, MODEL.scaling), 0, -1)).outputs[layer]
        assert np.allclose(excitation.peaks, outputs.max(axis=(1, 2)), rtol=1e-5)
        best = np.argsort(-excitation.peaks[0], kind="stable")[:PATCHES]
        patches = cut_patches(excitation, IMAGES, 0)
        active = min(PATCHES, np.count_nonzero(excitation.peaks[0] > 0))
        assert patches.shape == (active, excitation.field.size, excitation.field.size)
        top, left = (excitation.field.step * each[0, best[0]] for each in (excitation.rows, excitation.columns))
        assert np.array_equal(patches[0], IMAGES[best[0]][top:, left:][: patches.shape[1], : patches.shape[2]])


def test_filter_that_is_never_active_has_no_patches() -> None:
    parameters = view_parameters(MODEL.networks[0].layers, MODEL.parameters[0].flat.copy())
    parameters.weights[0][1], parameters.biases[0][1] = 0, -1
    model = replace(MODEL, parameters=(parameters,))
    excitations = measure_excitation(model, IMAGES)
    assert cut_patches(excitations[0], IMAGES, 1).shape == (0, 3, 3)
    assert [unit.patches for unit in draw_units(model, excitations, IMAGES) if unit.number == 2] == [""]


@pytest.mark.parametrize(
    ("layers", "size"), [(f"{MAX_UNITS + 20}", (4, 3)), (f"conv{MAX_UNITS + 20}x2,5", (2, 2)), ("conv4x2", (2, 2))]
)
def test_units_are_ordered_by_norm_of_their_weights(layers: str, size: tuple[int, int]) -> None:
    model = make_model(layers, ensemble_size=2, shape=(4, 3))
    images = GENERATOR.integers(0, 256, (9, 4, 3), dtype=np.uint8)
    rows = model.parameters[0].weights[0].reshape(-1, *size).astype(float)
    largest = sorted(rows, key=lambda row: -np.linalg.norm(row))[:MAX_UNITS]
    limit = np.quantile(np.abs(largest), 0.995)
    units = draw_units(model, measure_excitation(model, images), images)
    assert [unit.weights for unit in units] == [draw_signed(row, limit) for row in largest]


def test_later_layers_show_their_most_active_filters() -> None:
    model = make_model("conv3x3/1,conv20x2/1", shape=(6, 6))
    images = GENERATOR.integers(0, 256, (30, 6, 6), dtype=np.uint8)
    excitations = measure_excitation(model, images)
    (layer,) = draw_later_filters(excitations, images)
    assert (layer.number, layer.filters, layer.size) == (2, 20, 4)
    means = excitations[1].peaks.mean(axis=1)
    assert [means[unit.number - 1] for unit in layer.units] == sorted(means, reverse=True)[:MAX_LATER_FILTERS]


def test_rows_of_the_standard_network() -> None:
    rows = list_layers(build_layers("conv16,conv64,128", (28, 28), 10), [1, 2, 3, 4])
    assert [row.parameters for row in rows] == [416, 25664, 131200, 1290]
    assert [row.multiplications for row in rows] == [25 * 16 * 144, 400 * 64 * 16, 1024 * 128, 1280]
    assert [row.output for row in rows] == ["16 × 12 × 12", "64 × 4 × 4", "128", "10"]
    assert [row.field for row in rows] == ["5 × 5", "13 × 13", "whole image", "whole image"]


def test_every_layer_takes_time() -> None:
    inputs = np.moveaxis(standardise(IMAGES, MODEL.scaling), 0, -1)
    seconds = time_layers(MODEL.networks[0], inputs)
    assert len(seconds) == 4
    assert min(seconds) > 0


def test_examples_are_a_confident_error_and_a_correct_image_of_its_class() -> None:
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3], [0.3, 0.7]], np.float32)
    assert choose_images(probabilities, np.array([0, 1, 1, 1, 1], np.uint8)) == [1, 3]
    assert choose_images(probabilities, np.array([0, 0, 0, 0, 0], np.uint8)) == [0, 1]
    assert choose_images(probabilities, probabilities.argmax(axis=1).astype(np.uint8)) == [0]
    assert choose_images(probabilities, probabilities.argmin(axis=1).astype(np.uint8)) == [0]


def test_forward_pass_has_a_picture_of_each_hidden_layer_and_the_logits() -> None:
    model = replace(MODEL, parameters=MODEL.parameters * 2)
    labels = np.zeros(len(IMAGES), np.uint8)
    probabilities = predict(model, IMAGES)
    first, second = draw_passes(model, IMAGES, labels, probabilities, [3, 5])
    assert (first.index, second.index) == (3, 5)
    assert [layer.size for layer in first.layers] == ["5 maps of 6 × 5", "7 maps of 5 × 4", "6 units"]
    assert first.layers != second.layers
    logits = compute_logits(model, np.moveaxis(standardise(IMAGES[3:4], model.scaling), 0, -1))
    expected = [(logit, share) for logit, share in zip(logits[:, 0], probabilities[3], strict=True)]
    assert np.allclose([row[1:] for row in first.classes], expected, rtol=1e-5)


def test_forward_pass_lists_the_most_probable_of_many_classes() -> None:
    names = tuple(f"class {number}" for number in range(40))
    model = make_model("6", shape=(3, 4), class_names=names)
    images = GENERATOR.integers(0, 256, (1, 3, 4), dtype=np.uint8)
    probabilities = predict(model, images)
    (forward_pass,) = draw_passes(model, images, np.zeros(1, np.uint8), probabilities, [0])
    assert len(forward_pass.classes) == MAX_CLASSES
    assert {name for name, _, _ in forward_pass.classes} == {
        names[each] for each in np.argsort(-probabilities[0])[:MAX_CLASSES]
    }


def test_shift_moves_the_image_in_four_directions() -> None:
    model = make_model("", shape=(3, 3), class_names=("left", "rest"))
    (parameters,) = model.parameters
    parameters.flat[:] = 0
    parameters.weights[0].reshape(2, 3, 3)[0, 1, 0] = 1
    image = np.zeros((1, 3, 3), np.uint8)
    image[0, 1, 1] = 255  # only a shift to the left by one pixel brings it to the weight
    accuracies = measure_shifts(model, image, np.array([0], np.uint8))
    assert len(accuracies) == MAX_SHIFT + 1
    assert accuracies[:3] == [0, 0.25, 0]


def test_large_test_sets_are_sampled_evenly() -> None:
    model = make_model("", shape=(1, 2))
    images = np.zeros((MAX_SHIFTED + 1, 1, 2), np.uint8)
    labels = np.zeros(len(images), np.uint8)
    inspection = inspect_network(model, None, [1e-6], images, labels, predict(model, images))
    assert (inspection.shifted_step, inspection.shifted) == (2, MAX_SHIFTED // 2 + 1)
    assert inspection.searched == len(images)
