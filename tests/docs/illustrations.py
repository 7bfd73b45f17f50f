"""Draw the pictures of the tutorial, as SVG, from the variables of its code."""

import base64
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Names = Mapping[str, Any]
Values = NDArray[Any]
Colour = tuple[int, int, int]

BLUE, ORANGE, GREEN, PURPLE = "#2e7ce6", "#e2652e", "#2da44e", "#a475f9"  # blue and orange: as in the drawing demo
NEGATIVE, POSITIVE = (226, 101, 46), (46, 124, 230)
LEVELS = 7  # shades on either side of 0, so that a pixel takes 4 bits


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
    return page(10 * 60, 130, [*draw_row(firsts, 0, 1, theme.ink, 56), *draw_row(means, 64, 1, theme.ink, 56)])


def draw_weights(names: Names, theme: Theme) -> str:
    """Draw the weights of each digit in the network of one layer."""
    W = names["W"].reshape(10, 28, 28)
    captions = (write(60 * digit + 28, 72, str(digit), theme.text) for digit in range(10))
    return page(10 * 60, 80, [*draw_row(W, 0, np.abs(W).max(), None, 56), *captions])


def draw_network(names: Names, theme: Theme) -> str:
    """Draw the network 2-2-2 with its values and, in green, their derivatives."""
    x, z1, a, z2, p = (names[name][:, 0] for name in ("x", "z1", "a", "z2", "p"))
    derivatives = [None, names["dz1"][:, 0], names["dz2"][:, 0]]
    values = [[f"{v:g}" for v in x], [f"{v:g} → {w:g}" for v, w in zip(z1, a, strict=True)]]
    values.append([f"{v:g} → {w:.3f}" for v, w in zip(z2, p, strict=True)])
    at = [[(70 + 290 * column, 80 + 130 * row) for row in (0, 1)] for column in range(3)]
    parts = []
    for column, (W, dW) in enumerate(((names["W1"], names["dW1"]), (names["W2"], names["dW2"]))):
        for (target, source), w in np.ndenumerate(W):
            (x1, y1), (x2, y2) = at[column][source], at[column + 1][target]
            parts.append(f'<path d="M{x1} {y1}L{x2} {y2}" stroke="{theme.quiet}"/>')
            share = 0.5 if source == target else 0.28
            left, top = x1 + share * (x2 - x1), y1 + share * (y2 - y1) - 5
            label = f"{w:g} {coloured(f'{dW[target, source]:.3f}')}"
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
    titles = ("pixels x", "hidden units: z, then a", "logits: z, then p")
    parts += [write(70 + 290 * column, 34, title, theme.quiet) for column, title in enumerate(titles)]
    legend = f"Forward, from left to right: the values. {coloured('Backward, from right to left: the derivatives of L.')}"
    parts.append(write(360, 264, legend, theme.text))
    return page(720, 276, parts)


def draw_hidden(names: Names, theme: Theme) -> str:
    """Draw the weights of the hidden units that changed most: before training, and the change."""
    before, change = names["hidden_before"], names["hidden_after"] - names["hidden_before"]
    most = np.argsort(-np.linalg.norm(change, axis=1))[:8]
    rows = ((before, "before"), (change, "change"))
    parts = []
    for row, (values, title) in enumerate(rows):
        parts.append(write(50, 64 * row + 34, title, theme.quiet, ' text-anchor="end"'))
        shown = values[most].reshape(-1, 28, 28)
        parts += draw_row(shown, 64 * row, 0.8 * np.abs(shown).max(), None, 60, left=62)
    return page(62 + 8 * 64, 128, parts)


def draw_augmented(names: Names, theme: Theme) -> str:
    """Draw a training image and deformed versions of it."""
    image, generator = names["images"][0] / 255, np.random.default_rng(0)
    deformed = [names["deform"](image, generator).reshape(28, 28) for _ in range(9)]
    return page(10 * 60, 60, draw_row([image, *deformed], 0, 1, theme.ink, 56))


def draw_curves(names: Names, theme: Theme) -> str:
    """Draw the training and test losses, on a logarithmic axis."""
    shown = ("mini-batches", "Adam", "augmentation")
    epochs, left, height = len(names["history"][shown[0]]), 50, 270

    def at(epoch: float, loss: float) -> str:
        return f"{left + 360 * epoch / (epochs - 1):.0f} {20 + (0.2 - np.log10(loss)) * height / 2.8:.0f}"

    parts = []
    for loss in (0.01, 0.1, 1):
        parts.append(f'<path d="M{at(0, loss)}L{at(epochs - 1, loss)}" stroke="{theme.quiet}" stroke-width="0.5"/>')
        parts.append(write(left - 8, float(at(0, loss).split()[1]) + 4, f"{loss:g}", theme.quiet, ' text-anchor="end"'))
    for name, colour in zip(shown, (GREEN, ORANGE, BLUE), strict=True):
        for which, dashes in enumerate(("", ' stroke-dasharray="5 3"')):
            losses = names["history"][name][:, which]
            line = "L".join(at(epoch, loss) for epoch, loss in enumerate(losses))
            parts.append(f'<path d="M{line}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>')
            title = f"{name}, {('training', 'test')[which]}"
            top = float(at(0, losses[-1]).split()[1]) + 4 + (6 if (name, which) == ("mini-batches", 1) else 0) * -1
            parts.append(write(left + 368, top, title, colour, ' text-anchor="start"'))
    parts.append(write(left + 180, height + 42, f"epochs 1 to {epochs}", theme.quiet))
    return page(left + 560, height + 50, parts)


def draw_patches(names: Names, theme: Theme) -> str:
    """Draw an image whose pixels are numbered, and the matrix of its patches."""
    image, side = np.arange(25), 36
    matrix = names["take_patches"](image.reshape(1, 5, 5, 1), 3).reshape(9, 4).astype(int)
    colours = (BLUE, ORANGE, GREEN, PURPLE)
    parts = [write(5 * side / 2, 16, "image", theme.quiet), write(430, 16, "patches p, one in each column", theme.quiet)]
    for pixel in image:
        row, column = divmod(int(pixel), 5)
        parts.append(cell(column * side + 4, row * side + 28, side, str(pixel), theme.quiet, theme.text))
    for patch, colour in enumerate(colours):
        row, column = divmod(int(matrix[0, patch]), 5)
        inset = 3 + 2 * (patch in (1, 2))  # so that no outline hides another
        length = 3 * side - 2 * inset
        parts.append(
            f'<rect x="{column * side + 4 + inset}" y="{row * side + 28 + inset}" width="{length}" height="{length}" '
            f'fill="none" stroke="{colour}" stroke-width="2"/>'
        )
    parts.append(write(240, 118, "→", theme.text, ' font-size="28"'))
    for (row, patch), pixel in np.ndenumerate(matrix):
        parts.append(cell(360 + patch * side, 28 + row * 24, side, str(pixel), colours[patch], theme.text, 24))
    return page(560, 252, parts)


def draw_kernels(names: Names, theme: Theme) -> str:
    """Draw a test image, the kernels of the first layer, and the feature maps that they make of it."""
    W, b = names["params"][:2]
    image = names["test_images"][0] / 255
    maps = np.maximum(names["convolve"](image.reshape(1, 28, 28, 1), W)[..., 0] + b.reshape(-1, 1, 1), 0)
    kernels = draw_row(W[:, 0], 0, np.abs(W).max(), None, 64, left=110)
    return page(
        110 + 8 * 68,
        136,
        [
            *draw_row([image], 30, 1, theme.ink, 76, left=8),
            *kernels,
            *draw_row(maps, 70, maps.max(), theme.ink, 64, left=110),
        ],
    )


def draw_errors(names: Names, theme: Theme) -> str:
    """Draw the misread test images with answer and label."""
    answers = names["forward"](names["params"], names["x_test"])[0].argmax(axis=0)
    wrong = np.flatnonzero(answers != names["test_labels"])[:16]
    parts = []
    for place, index in enumerate(wrong):
        left, top = 76 * (place % 8), 86 * (place // 8)
        parts += draw_row([names["test_images"][index] / 255], top, 1, theme.ink, 60, left=left + 8)
        caption = f"{answers[index]}, not {names['test_labels'][index]}"
        parts.append(write(left + 38, top + 76, caption, theme.text))
    return page(8 * 76, 86 * -(-len(wrong) // 8), parts)


def page(width: float, height: float, parts: Iterable[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    style = 'font-family="system-ui, sans-serif" font-size="13" text-anchor="middle"'
    return "\n".join([f"{head} {style}>", *parts, "</svg>", ""])


def digest(code: str) -> str:
    """Return a digest of the code of this module and of other code, given by its digest."""
    return hashlib.sha256((code + Path(__file__).read_text(encoding="utf-8")).encode()).hexdigest()[:16]


def sign(picture: str, version: str) -> str:
    """Append the digest of the code that drew a picture."""
    return f"{picture}<!-- code: {version} -->\n"


def write(x: float, y: float, text: str, colour: str, options: str = "") -> str:
    width = ' stroke-width="4"' if "stroke=" in options else ""
    return f'<text x="{x:g}" y="{y:g}" fill="{colour}"{options}{width}>{text}</text>'


def coloured(text: str) -> str:
    return f'<tspan fill="{GREEN}">{escape(text)}</tspan>'


def cell(x: float, y: float, width: float, text: str, border: str, colour: str, height: float = 0) -> str:
    height = height or width
    frame = f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="none" stroke="{border}"/>'
    return frame + write(x + width / 2, y + height / 2 + 5, text, colour)


def draw_row(
    tiles: Sequence[Values] | Values, top: float, limit: float, ink: Colour | None, side: float, left: float = 0
) -> list[str]:
    """Draw images side by side. ink: colour of positive values; None for blue, and orange below 0."""
    return [
        f'<image x="{left + (side + 4) * place:g}" y="{top:g}" width="{side:g}" height="{side:g}" '
        f'style="image-rendering:pixelated" href="{encode(tile / limit, ink)}"/>'
        for place, tile in enumerate(tiles)
    ]


def encode(shares: Values, ink: Colour | None) -> str:
    """Return the data URI of an image of shares in [-1, 1]; the share is the opacity of the colour."""
    low = 0 if ink else -LEVELS
    count = 2 * LEVELS + 1
    scale = LEVELS if ink is None else count - 1
    levels = np.rint(np.clip(shares, -1 if ink is None else 0, 1) * scale).astype(int) - low
    picture = Image.fromarray(levels.astype(np.uint8), "P")
    colours = [ink] * count if ink else [NEGATIVE] * LEVELS + [POSITIVE] * (LEVELS + 1)
    picture.putpalette([channel for colour in colours for channel in colour])
    opacity = [round(abs(level) * 255 / scale) for level in range(low, low + count)]
    file = io.BytesIO()
    picture.save(file, "png", bits=4, optimize=True, transparency=bytes(opacity))
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
