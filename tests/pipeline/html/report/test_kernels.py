"""What the report shows of the network: receptive fields, exciting patches, layers."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.data.scaling import standardise
from pipeline.html.report.drawings import (
    KERNEL_PATCHES,
    MAX_UNITS,
    cut_patches,
    draw_signed,
    draw_strongest,
    draw_weights,
)
from pipeline.model.excitation import Excitation, ReceptiveField, measure_excitation, receptive_fields
from pipeline.network.architecture import build_layers
from pipeline.network.network import forward
from tests.pipeline.models import make_model

GENERATOR = np.random.default_rng(3)
IMAGES = GENERATOR.integers(0, 256, (40, 13, 12), dtype=np.uint8)
MODEL = make_model("conv5x3/2,conv7x2/1,6", shape=(13, 12))


@pytest.mark.parametrize(
    ("layers", "fields"),
    [
        ("conv16,conv64,128", [(5, 2), (13, 4), (25, 4), (25, 4)]),
        ("conv24x4,conv48x3/1,conv96x4,160", [(4, 2), (8, 2), (14, 4), (26, 4), (26, 4)]),
        ("128", [(28, 1), (28, 1)]),
        ("", [(28, 1)]),
    ],
)
def test_receptive_fields_grow_with_kernels_and_strides(layers: str, fields: list[tuple[int, int]]) -> None:
    expected = [ReceptiveField(size, size, (step, step), (0, 0)) for size, step in fields]
    assert receptive_fields(build_layers(layers, "relu", (28, 28), 10)) == expected


@pytest.mark.parametrize("layer", [0, 1])
def test_activation_depends_only_on_its_receptive_field(layer: int) -> None:
    excitation = measure_excitation(MODEL, IMAGES)[layer]
    field, number, index = excitation.field, 2, 4
    row, column = excitation.rows[number, index], excitation.columns[number, index]
    window = np.s_[row * field.step[0] :, column * field.step[1] :]
    kept = np.zeros_like(IMAGES[index])
    kept[window][: field.height, : field.width] = IMAGES[index][window][: field.height, : field.width]
    inputs = np.moveaxis(standardise(kept[np.newaxis], MODEL.scaling), 0, -1)
    activation = forward(MODEL.networks[0], inputs).outputs[layer][number, row, column, 0]
    assert activation == pytest.approx(excitation.peaks[number, index], rel=1e-5)


def test_patches_have_the_largest_activations_of_different_images() -> None:
    for layer, excitation in enumerate(measure_excitation(MODEL, IMAGES)):
        outputs = forward(MODEL.networks[0], np.moveaxis(standardise(IMAGES, MODEL.scaling), 0, -1)).outputs[layer]
        assert np.allclose(excitation.peaks, outputs.max(axis=(1, 2)), rtol=1e-5)
        best = np.argsort(-excitation.peaks[0], kind="stable")[:KERNEL_PATCHES]
        patches = cut_patches(excitation, IMAGES, 0)
        active = min(KERNEL_PATCHES, np.count_nonzero(excitation.peaks[0] > 0))
        assert patches.shape == (active, excitation.field.height, excitation.field.width)
        down, along = excitation.field.step
        top, left = down * excitation.rows[0, best[0]], along * excitation.columns[0, best[0]]
        assert np.array_equal(patches[0], IMAGES[best[0]][top:, left:][: patches.shape[1], : patches.shape[2]])


def test_receptive_fields_of_padded_and_dilated_kernels_reach_beyond_the_image() -> None:
    layers = build_layers("conv4x3/2x1p1,conv4x1x3/1p0x2d2", "relu", (28, 28), 10)
    hidden = [ReceptiveField(3, 3, (2, 1), (1, 1)), ReceptiveField(3, 7, (2, 1), (1, 3))]
    assert receptive_fields(layers)[:2] == hidden
    images = np.full((1, 28, 28), 9, np.uint8)
    corner = Excitation(2, hidden[1], *(np.full((1, 1), value) for value in (np.float32(1), 0, 27)))
    (patch,) = cut_patches(corner, images, 0)
    assert np.argwhere(patch == 9).tolist() == [[row, column] for row in (1, 2) for column in range(4)]


def test_filter_that_is_never_active_has_no_patches() -> None:
    model = replace(MODEL, parameters=(MODEL.parameters[0].copy(),))
    weights, biases = model.networks[0].parameters.layers[0]
    weights[1], biases[1] = 0, -1
    excitations = measure_excitation(model, IMAGES)
    assert cut_patches(excitations[0], IMAGES, 1).shape == (0, 3, 3)
    assert draw_strongest(excitations[0], IMAGES, [1]) == {1: ""}


@pytest.mark.parametrize(
    ("layers", "size"), [(f"{MAX_UNITS + 20}", (4, 3)), (f"conv{MAX_UNITS + 20}x2,5", (2, 2)), ("conv4x2", (2, 2))]
)
def test_units_are_ordered_by_norm_of_their_weights(layers: str, size: tuple[int, int]) -> None:
    model = make_model(layers, ensemble_size=2, shape=(4, 3))
    rows = model.networks[0].parameters.layers[0][0].reshape(-1, *size).astype(float)
    largest = sorted(rows, key=lambda row: -np.linalg.norm(row))[:MAX_UNITS]
    limit = np.quantile(np.abs(largest), 0.995)
    assert list(draw_weights(model).values()) == [draw_signed(row, limit) for row in largest]
