"""Draw what the report shows as small PNG pictures in data URIs.

Besides images, these are what kernels and units respond to: weights in the first layer, and patches of test images that
excite them.
"""

import base64
import io
import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.model.excitation import Excitation
from pipeline.model.model import Model

MAX_UNITS, MAX_LATER_KERNELS = 64, 12  # of the first layer, and of each later convolution
KERNEL_PATCHES, PATCHES_PER_ROW = 6, 3  # of each kernel, each patch from another image
MAX_IMAGE_SIDE = 64  # pixels; larger pictures are downsampled
SIGNED_SHADES = 127  # shades on either side of zero

# Orange and blue, between the colours --neg and --pos of light and dark mode, because a picture has one palette.
NEGATIVE, POSITIVE = (226, 101, 46), (46, 124, 230)


def cut_patches(excitation: Excitation, images: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
    """Return the KERNEL_PATCHES patches with the largest activations of a kernel, uint8 (patches, height, width).

    At most one patch comes from each image, because neighbouring patches are nearly equal. Patches that do not excite
    the kernel are left out. images: as for `measure_excitation`.
    """
    peaks, field = excitation.peaks[number], excitation.field
    best = np.argsort(-peaks, kind="stable")[:KERNEL_PATCHES]
    patches = []
    for index in best[peaks[best] > 0]:
        top, left = field.step[0] * excitation.rows[number, index], field.step[1] * excitation.columns[number, index]
        padded = np.pad(images[index], [(each, each) for each in field.padding])
        patches.append(padded[top : top + field.height, left : left + field.width])
    return np.array(patches, np.uint8).reshape(-1, field.height, field.width)


def draw_weights(model: Model) -> dict[int, str]:
    """Draw the weights or kernels of the first network's first layer, by number of the unit or kernel from 0.

    Those with the largest norm come first; there are none if the layer has no weights.
    """
    layer = model.networks[0].layers[0]
    if not layer.parameter_shapes:
        return {}
    weights = model.networks[0].parameters.layers[0][0]
    rows = weights.reshape(len(weights), *(weights.shape[2:] or layer.window)).astype(np.float64)
    order = np.argsort(-np.linalg.norm(rows, axis=(1, 2)), kind="stable")[:MAX_UNITS]
    limit = float(np.quantile(np.abs(rows[order]), 0.995))
    return {int(number): draw_signed(rows[number], limit) for number in order}


def draw_strongest(excitation: Excitation, images: NDArray[np.uint8], numbers: Iterable[int]) -> dict[int, str]:
    """Draw the patches of kernels by number, from 0; "" for a kernel that is never active.

    images: as for `measure_excitation`.
    """
    cut = {number: cut_patches(excitation, images, number) for number in numbers}
    return {number: draw_patches(patches, PATCHES_PER_ROW) if len(patches) else "" for number, patches in cut.items()}


def rank_kernels(excitation: Excitation) -> list[int]:
    """Return the numbers, from 0, of the MAX_LATER_KERNELS kernels with the largest mean peak."""
    order = np.argsort(-excitation.peaks.mean(axis=1), kind="stable")[:MAX_LATER_KERNELS]
    return [int(number) for number in order]


def draw_grey(image: NDArray[np.uint8]) -> str:
    """Return the data URI of a grey picture, uint8 (h, w), 0 black and 255 white."""
    return _encode(_shrink(Image.fromarray(image)))


def draw_patches(patches: NDArray[np.uint8], columns: int) -> str:
    """Return the data URI of grey pictures, uint8 (n, h, w), in rows of `columns` with transparent gaps."""
    count, height, width = patches.shape
    size = columns * (width + 1) - 1, math.ceil(count / columns) * (height + 1) - 1
    sheet = Image.new("LA", size, (0, 0))
    for number, patch in enumerate(patches):
        row, column = divmod(number, columns)
        sheet.paste(Image.fromarray(patch).convert("LA"), (column * (width + 1), row * (height + 1)))
    return _encode(sheet)


def draw_signed(values: NDArray[np.floating[Any]], limit: float) -> str:
    """Return the data URI of values (h, w) as a picture: orange below zero, blue above, zero transparent.

    Opacity grows linearly with the magnitude up to `limit`; larger magnitudes are clipped.
    """
    scaled = np.asarray(_shrink(Image.fromarray(np.asarray(values, np.float32))))
    shares = np.clip(scaled / limit, -1, 1) if limit > 0 else np.zeros_like(scaled)
    picture = Image.fromarray(np.rint(shares * SIGNED_SHADES + SIGNED_SHADES).astype(np.uint8), "P")
    picture.putpalette([*NEGATIVE] * SIGNED_SHADES + [*POSITIVE] * (SIGNED_SHADES + 1))
    strengths = np.abs(np.arange(2 * SIGNED_SHADES + 1) - SIGNED_SHADES) * 255 // SIGNED_SHADES
    return _encode(picture, transparency=bytes(strengths.tolist()))


def _shrink(picture: Image.Image) -> Image.Image:
    """Downsample to at most MAX_IMAGE_SIDE pixels a side, by box filter."""
    picture.thumbnail((MAX_IMAGE_SIDE, MAX_IMAGE_SIDE), Image.Resampling.BOX, reducing_gap=None)
    return picture


def _encode(picture: Image.Image, **options: Any) -> str:
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True, **options)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
