"""Draw the pictures of the tutorial, as SVG, from the variables of its code."""

import base64
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Names = Mapping[str, Any]
Values = NDArray[Any]
Colour = tuple[int, int, int]

BLUE, ORANGE, GREEN, PURPLE = "#2e7ce6", "#e2652e", "#2da44e", "#a475f9"  # blue and orange: as in the lesson
NEGATIVE, POSITIVE = (226, 101, 46), (46, 124, 230)
LEVELS = 15  # of a pixel, so that it takes 4 bits and 0 is one of them
CONTRAST = 0.65  # the exponent of weights and feature maps, so that small values can be seen on a dark page


@dataclass(frozen=True)
class Theme:
    """The colours of a light or dark page."""

    name: str
    background: str
    text: str
    quiet: str
    ink: Colour


THEMES = (
    Theme("light", "#ffffff", "#1f2328", "#848d97", (31, 35, 40)),
    Theme("dark", "#0d1117", "#e6edf3", "#848d97", (230, 237, 243)),
)


def draw_digits(names: Names, theme: Theme) -> str:
    """Draw the first training image of each digit above the average of all."""
    images, labels = names["images"] / 255, names["labels"]
    firsts = [images[labels == digit][0] for digit in range(10)]
    means = [images[labels == digit].mean(axis=0) for digit in range(10)]
    return page(600, 120, [draw_row(firsts, 0, 0, 2, theme.ink), draw_row(means, 0, 62, 2, theme.ink)])


def draw_weights(names: Names, theme: Theme) -> str:
    """Draw the weights of each digit in the network of one layer."""
    W = names["W"].reshape(10, 28, 28)
    captions = (write(60 * digit + 28, 72, str(digit), theme.text) for digit in range(10))
    return page(600, 80, [draw_row(W / np.abs(W).max(), 0, 0, 2), *captions])


def draw_network(names: Names, theme: Theme) -> str:
    """Draw the network 2-2-2 with its values and, in green, their derivatives."""
    x, z1, a, z2, p = (names[name][:, 0] for name in ("x", "z1", "a", "z2", "p"))
    derivatives = [None, names["dz1"][:, 0] + 0.0, names["dz2"][:, 0]]  # 0 instead of -0
    values = [[f"{v:g}" for v in x], [f"{v:g} → {w:g}" for v, w in zip(z1, a, strict=True)]]
    values.append([f"{v:g} → {w:.3f}" for v, w in zip(z2, p, strict=True)])
    at = [[(70 + 290 * column, 80 + 130 * row) for row in (0, 1)] for column in range(3)]
    parts = []
    for column, (W, dW) in enumerate(((names["W1"], names["dW1"]), (names["W2"], names["dW2"]))):
        for (target, source), w in np.ndenumerate(W):
            (x1, y1), (x2, y2) = at[column][source], at[column + 1][target]
            parts.append(f'<path d="M{x1} {y1}L{x2} {y2}" stroke="{theme.quiet}"/>')
            share = 0.5 if source == target else 0.33
            left, top = x1 + share * (x2 - x1), y1 + share * (y2 - y1) - 5
            label = f"{w:g} {coloured(f'{dW[target, source] + 0.0:.3f}')}"
            parts.append(write(left, top, label, theme.text, f' stroke="{theme.background}" paint-order="stroke"'))
    for column, nodes in enumerate(at):
        for row, (left, top) in enumerate(nodes):
            parts.append(
                f'<rect x="{left - 50}" y="{top - 22}" width="100" height="44" rx="9" fill="{theme.background}" '
                f'stroke="{theme.text}"/>'
            )
            derivative = derivatives[column]
            parts.append(write(left, top + (5 if derivative is None else -3), values[column][row], theme.text))
            if derivative is not None:
                parts.append(write(left, top + 15, coloured(f"{derivative[row]:.3f}"), theme.text))
    titles = ("pixels x", f"hidden units: z → a, {coloured('dz')}", f"logits: z → p, {coloured('dz')}")
    parts += [write(70 + 290 * column, 34, title, theme.quiet) for column, title in enumerate(titles)]
    backward = coloured("Backward, from right to left: dz of each unit, dW of each weight.")
    legend = f"Forward, from left to right: the values. {backward}"
    parts.append(write(360, 264, legend, theme.text))
    return page(720, 276, parts)


def draw_hidden(names: Names, theme: Theme) -> str:
    """Draw the weights of the hidden units that changed most: before training, and the change."""
    before, change = names["hidden_before"], names["hidden_change"]
    most = np.argsort(-np.linalg.norm(change, axis=1))[:6]
    largest = max(np.abs(values[most]).max() for values in (before, change))
    parts = []
    for row, (values, title) in enumerate(((before, "before"), (change, "change"))):
        parts.append(draw_row(values[most].reshape(-1, 28, 28) / (0.8 * largest), 62, 88 * row, 3))
        parts.append(write(50, 88 * row + 46, title, theme.quiet, ' text-anchor="end"'))
    return page(62 + 6 * 88, 174, parts)


def draw_augmented(names: Names, theme: Theme) -> str:
    """Draw a training image and deformed versions of it."""
    image, generator = names["images"][0] / 255, np.random.default_rng(0)
    deformed = [names["deform"](image, generator).reshape(28, 28) for _ in range(9)]
    return page(600, 58, [draw_row([image, *deformed], 0, 0, 2, theme.ink)])


def draw_rotation(names: Names, theme: Theme) -> str:
    """Draw a pixel of the rotated image and where it comes from, in the axes of rows and columns."""
    angle, radius, scale, centre = 0.5, 10, 8, 118
    row, column = radius * math.sin(angle), radius * math.cos(angle)
    new, old = (centre + scale * radius, centre), (centre + scale * column, centre + scale * row)
    length = 2 * 13.5 * scale
    parts = [
        f'<rect x="{centre - length / 2}" y="{centre - length / 2}" width="{length}" height="{length}" fill="none" '
        f'stroke="{theme.quiet}"/>',
        f'<path d="M{centre} {centre}H{centre + 128}m-6 -4l6 4l-6 4M{centre} {centre}V{centre + 128}m-4 -6l4 6l4 -6" '
        f'fill="none" stroke="{theme.quiet}"/>',
        write(centre + 134, centre + 4, "column", theme.quiet, ' text-anchor="start"'),
        write(centre, centre + 144, "row", theme.quiet),
        f'<path d="M{centre} {centre}L{old[0]:.1f} {old[1]:.1f}" stroke="{ORANGE}" stroke-width="2"/>',
        f'<path d="M{centre} {centre}L{new[0]} {new[1]}" stroke="{BLUE}" stroke-width="2"/>',
        f'<path d="M{old[0]:.1f} {old[1]:.1f}A{scale * radius} {scale * radius} 0 0 0 {new[0]} {new[1]}" fill="none" '
        f'stroke="{theme.text}" stroke-dasharray="4 3"/>',
        f'<circle cx="{old[0]:.1f}" cy="{old[1]:.1f}" r="5" fill="{ORANGE}"/>',
        f'<circle cx="{new[0]}" cy="{new[1]}" r="5" fill="{BLUE}"/>',
    ]
    lines = (
        (f"new pixel r = (0, {radius})", BLUE),
        (f"comes from A r = ({radius} sin 0.5, {radius} cos 0.5) = ({row:.1f}, {column:.1f})", ORANGE),
        ("so the digit turns counter-clockwise (dashed)", theme.text),
    )
    for place, (text, colour) in enumerate(lines):
        parts.append(write(310, 60 + 24 * place, text, colour, ' text-anchor="start"'))
    return page(690, 270, parts)


def draw_curves(names: Names, theme: Theme) -> str:
    """Draw the training and test losses, on a logarithmic axis."""
    shown = {"mini-batches": GREEN, "Adam": ORANGE, "augmentation": BLUE}
    epochs = len(names["history"]["Adam"])

    def at(epoch: float, loss: float) -> tuple[float, float]:
        return 50 + 360 * epoch / (epochs - 1), 20 + 88 * (0.2 - math.log10(loss))

    parts, titles = [], []
    for loss in (0.01, 0.1, 1):
        (left, top), (right, _) = at(0, loss), at(epochs - 1, loss)
        parts.append(f'<path d="M{left:.0f} {top:.0f}H{right:.0f}" stroke="{theme.quiet}" stroke-width="0.5"/>')
        parts.append(write(left - 8, round(top) + 4, f"{loss:g}", theme.quiet, ' text-anchor="end"'))
    for name, colour in shown.items():
        for losses, title, dashes in zip(names["history"][name].T, ("training", "test"), ("none", "5 3"), strict=True):
            line = "L".join("{:.0f} {:.0f}".format(*at(epoch, loss)) for epoch, loss in enumerate(losses))
            parts.append(
                f'<path d="M{line}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"/>'
            )
            titles.append((at(0, losses[-1])[1], f"{name}, {title}", colour))
    lowest = 0.0
    for top, title, colour in sorted(titles):
        lowest = max(top, lowest + 16)  # no title covers another
        parts.append(write(418, round(lowest) + 4, title, colour, ' text-anchor="start"'))
    parts.append(write(230, 310, f"epochs 1 to {epochs}", theme.quiet))
    parts.append(write(14, 150, "loss", theme.quiet, ' transform="rotate(-90 14 150)"'))
    return page(570, 316, parts)


def draw_patches(names: Names, theme: Theme) -> str:
    """Draw an image whose pixels are numbered, and the matrix of its patches."""
    image, side, height = np.arange(1, 10), 48, 32
    matrix = names["take_patches"](image.reshape(1, 3, 3, 1), 2, stride=1).reshape(4, 4).astype(int)
    colours = (BLUE, ORANGE, GREEN, PURPLE)
    parts = [write(76, 16, "image", theme.quiet), write(416, 16, "P: a patch in each column", theme.quiet)]
    for place, pixel in enumerate(image):
        row, column = divmod(place, 3)
        parts.append(cell(column * side + 4, row * side + 28, side, str(pixel), theme.quiet, theme.text))
    for patch, colour in enumerate(colours):
        row, column = divmod(int(matrix[0, patch]) - 1, 3)
        inset = 3 + 3 * (patch in (1, 2))  # so that no outline hides another
        length = 2 * side - 2 * inset
        parts.append(
            f'<rect x="{column * side + 4 + inset}" y="{row * side + 28 + inset}" width="{length}" height="{length}" '
            f'fill="none" stroke="{colour}" stroke-width="2"/>'
        )
    parts.append(write(178, 108, "→", theme.text, ' font-size="28"'))
    for (row, patch), pixel in np.ndenumerate(matrix):
        parts.append(cell(320 + patch * side, 28 + row * height, side, str(pixel), theme.quiet, colours[patch], height))
    for row in range(4):
        label = f"kernel entry ({row // 2}, {row % 2})"
        parts.append(write(312, 28 + row * height + 21, label, theme.quiet, ' text-anchor="end" font-size="11"'))
    return page(520, 180, parts)


def draw_kernels(names: Names, theme: Theme) -> str:
    """Draw a test image, the kernels of the first layer, and the feature maps that they make of it."""
    W, b = names["params"][:2]
    image = names["test_images"][0] / 255
    maps = np.maximum(names["forward_convolution"](W, b, image.reshape(1, 28, 28, 1))[..., 0], 0)
    kernels = enlarge(W[:, 0] / np.abs(W[:, 0]).max(), 12)
    parts = [draw_row([image], 0, 43, 3, theme.ink), draw_row(kernels, 110, 18, 1)]
    parts += [write(140 + 64 * place, 12, str(place + 1), theme.quiet) for place in range(len(kernels))]
    return page(620, 148, [*parts, draw_row(enlarge((maps / maps.max()) ** CONTRAST, 5), 110, 86, 1, theme.ink)])


def draw_errors(names: Names, theme: Theme) -> str:
    """Draw the misread test images with answer and label."""
    answers = names["forward"](names["params"], names["x_test"])[0].argmax(axis=0)
    wrong = np.flatnonzero(answers != names["test_labels"])[:16]
    parts = []
    for first in range(0, len(wrong), 8):
        row, top = wrong[first : first + 8], 86 * first // 8
        parts.append(draw_row(names["test_images"][row] / 255, 8, top, 2, theme.ink, gap=20))
        for place, index in enumerate(row):
            caption = f"{names['test_labels'][index]} as {answers[index]}"
            parts.append(write(36 + 76 * place, top + 74, caption, theme.text))
    return page(616, 86 * -(-len(wrong) // 8), parts)


def page(width: float, height: float, parts: Iterable[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    style = 'font-family="system-ui, sans-serif" font-size="13" text-anchor="middle" style="image-rendering:pixelated"'
    return "\n".join([f"{head} {style}>", *parts, "</svg>", ""])


def write(x: float, y: float, text: str, colour: str, options: str = "") -> str:
    width = ' stroke-width="4"' if "stroke=" in options else ""
    return f'<text x="{x:g}" y="{y:g}" fill="{colour}"{options}{width}>{text}</text>'


def coloured(text: str) -> str:
    return f'<tspan fill="{GREEN}">{escape(text)}</tspan>'


def cell(x: float, y: float, width: float, text: str, border: str, colour: str, height: float = 0) -> str:
    height = height or width
    frame = f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="none" stroke="{border}"/>'
    return frame + write(x + width / 2, y + height / 2 + 5, text, colour)


def enlarge(tiles: Values, times: int) -> Values:
    return tiles.repeat(times, axis=1).repeat(times, axis=2)


def draw_row(
    tiles: Sequence[Values] | Values, x: float, y: float, scale: int, ink: Colour | None = None, gap: int = 4
) -> str:
    """Draw images of values in [-1, 1] side by side. ink: the colour of 1; None for blue, and orange below 0."""
    joined = np.concatenate([np.pad(tile, ((0, 0), (0, gap // scale))) for tile in tiles], axis=1)
    height, width = (scale * side for side in joined.shape)
    return f'<image x="{x}" y="{y}" width="{width}" height="{height}" href="{encode(joined, ink)}"/>'


def encode(values: Values, ink: Colour | None) -> str:
    """Return the data URI of an image; the opacity of a colour grows with the magnitude of the value."""
    low = 0 if ink else -1
    levels = np.rint((np.clip(values, low, 1) - low) / (1 - low) * (LEVELS - 1)).astype(np.uint8)
    picture = Image.fromarray(levels, "P")
    shades = np.linspace(low, 1, LEVELS)
    colours = [ink or (POSITIVE if shade > 0 else NEGATIVE) for shade in shades]
    picture.putpalette([channel for colour in colours for channel in colour])
    file = io.BytesIO()
    exponent = 1 if ink else CONTRAST
    opacities = bytes(round(255 * abs(shade) ** exponent) for shade in shades)
    picture.save(file, "png", bits=4, optimize=True, transparency=opacities)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
