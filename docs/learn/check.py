"""Check the functions of the tutorial as you write them: in a cell by `check(softmax)`, or all of a file of your own by

    python -m docs.learn.check [mine.py]

Without a file, the command prints the empty functions to begin with. Derivatives are compared with central differences.
"""

import os
import re
import runpy
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Compared = Iterator[tuple[str, Any, Array | float]]  # name, what the function returned, what it should return
PAGE = Path(__file__).with_name("tutorial.md")
EMPTY = "returns nothing yet"
N = 5  # images
FACTORS = {-1.0: "-1, the sign", N: "n, the number of images", 1 / N: "1/n, with n images"}


class FaultError(Exception):
    """A fault of the reader's function, in words."""


def check(*functions: Callable[..., Any]) -> None:
    """Print what is wrong with each function, or that it is right."""
    for function in functions:
        print(f"{function.__name__}: {judge(function)}")


def is_empty(function: Callable[..., Any]) -> bool:
    """Return whether the function is still empty, which allows an answer of the notebook to replace it."""
    return judge(function) == EMPTY


def judge(function: Callable[..., Any]) -> str:
    """Return "right", or what is wrong with the first wrong result, and which results before it are right."""
    right: list[str] = []
    if function.__name__ not in CHECKS:
        return "is not a function of the tutorial"
    try:
        for name, got, expected in CHECKS[function.__name__](function):
            if fault := describe(name, got, np.asarray(expected)):
                verb = "are" if right[1:] else "is"
                listed = " and ".join(filter(None, (", ".join(right[:-1]), *right[-1:])))
                return f"{fault}, but {listed} {verb} right{hint(right, fault)}" if right else fault
            right.append(name)
        return "right"
    except FaultError as fault:
        return str(fault)
    except Exception as error:  # of the reader's function
        return f"{type(error).__name__}: {error}"


def hint(right: list[str], fault: str) -> str:
    """Return a question if a derivative of one layer is wrong, and all of the layers after it are right."""
    is_first_of_layer = fault.startswith("dW") and right[-1].startswith("db")
    return ": what lies between?" if is_first_of_layer and " has the shape " not in fault else ""


def describe(name: str, got: Any, expected: Array) -> str:
    """Return how a result differs from what is expected, "" if it does not."""
    if got is None:
        raise FaultError(EMPTY)
    got = np.asarray(got, float)
    if got.shape != expected.shape:
        transposed = ", transposed" * (got.ndim == 2 and got.shape == expected.shape[::-1])
        return f"{name} has the shape {got.shape}{transposed} instead of {expected.shape}"
    if np.allclose(got, expected, rtol=1e-5, atol=1e-6):
        return ""
    factor = float(np.sum(got * expected) / np.sum(expected**2))
    if factor and np.allclose(got, factor * expected, rtol=1e-5, atol=1e-6):
        return f"{name} is off by a factor of {FACTORS.get(round(factor, 6), f'{factor:.3g}')}"
    worst = np.unravel_index(np.argmax(np.abs(got - expected)), got.shape)
    place = f" at {', '.join(map(str, worst))}" if worst else ""
    return f"{name}{place} is {got[worst]:.4g} instead of {expected[worst]:.4g}"


def unpack(results: Any, names: str, expected: list[Any]) -> Compared:
    """Yield several results with what they should be."""
    if results is None:
        raise FaultError(EMPTY)
    if not isinstance(results, list | tuple):
        raise FaultError(f"returns one value instead of {len(expected)}: {', '.join(names.split())}")
    yield from zip(names.split(), results, expected, strict=True)


def differentiate(loss: Callable[[], Any], w: Array, h: float = 1e-6) -> Array:
    """Return the central differences of the loss for each entry of w."""
    dw = np.zeros(w.shape)
    for place in np.ndindex(w.shape):
        before, losses = w[place], []
        for value in (before + h, before - h):
            w[place] = value
            losses.append(loss())
        w[place] = before
        dw[place] = (losses[0] - losses[1]) / (2 * h)
    return dw


def draw(*shape: int) -> Array:
    """Return the same random numbers at each call."""
    return np.random.default_rng(sum(shape)).standard_normal(shape)


def check_columns(columns: Any) -> Compared:
    images = np.random.default_rng(0).integers(0, 256, (N, 28, 28), np.uint8)
    x = columns(images)
    if np.array_equal(x, images.reshape(784, N) / 255):
        raise FaultError("pixels of different images are mixed: reshape to one row for each image, then transpose")
    yield "x", x, np.stack([image.ravel() / 255 for image in images], axis=1)


def check_softmax(softmax: Any) -> Compared:
    z = draw(10, N)
    p = np.exp(z) / np.exp(z).sum(axis=0)
    yield "p", softmax(z), p
    yield "p for logits near 1000", softmax(z + 1000), p


def check_cross_entropy(cross_entropy: Any) -> Compared:
    z, labels = draw(10, N), np.arange(N)

    def loss() -> Any:
        return np.mean(np.log(np.sum(np.exp(z), axis=0)) - z[labels, np.arange(N)])

    yield from unpack(cross_entropy(z, labels), "loss dz", [loss(), differentiate(loss, z)])


def check_initialise(initialise: Any) -> Compared:
    shapes = ((500, 800), (10, 500), (300, 4, 6, 6), (500, 800))
    params = initialise(*shapes)
    yield from unpack(params and params[1::2], "b1 b2 b3 b4", [np.zeros((shape[0], 1)) for shape in shapes])
    for w, shape in zip(params[::2], shapes, strict=True):
        std = (2 / np.prod(shape[1:])) ** 0.5
        yield f"standard deviation of weights {shape}", round(float(np.std(w)), 2), round(float(std), 2)
    if np.array_equal(params[0], params[6]):
        raise FaultError("two layers of the same shape begin with equal weights: make the generator once, for all")


def check_backward_layer(backward_layer: Any) -> Compared:
    W, b, x, dz = draw(4, 3), draw(4, 1), draw(3, N), draw(4, N)
    expected = [differentiate(lambda: np.sum(dz * (W @ x + b)), w) for w in (W, b, x)]
    yield from unpack(backward_layer(W, x, dz), "dW db dx", expected)


def check_backward(backward: Any) -> Compared:
    params, inputs = [draw(4, 3), draw(4, 1), draw(6, 4), draw(6, 1), draw(2, 6), draw(2, 1)], [draw(3, N)]

    def forward() -> list[Array]:
        x, computed = inputs[0], []
        for W, b in zip(params[::2], params[1::2], strict=True):
            computed.append(W @ x + b)
            x = np.maximum(computed[-1], 0)
        return computed

    zs, dz = forward(), draw(2, N)
    inputs += [np.maximum(z, 0) for z in zs[:-1]]
    expected = [differentiate(lambda: np.sum(dz * forward()[-1]), w) for w in params]
    found, names = backward(params, inputs, dz), ("dW1", "db1", "dW2", "db2", "dW3", "db3")
    if found is None:
        raise FaultError(EMPTY)
    if len(found) != len(names):
        raise FaultError(f"returns {len(found)} arrays instead of {len(names)}")
    for i in (4, 5, 2, 3, 0, 1):  # as they are computed, so the first wrong one is the cause of the others
        yield names[i], found[i], expected[i]


def take_steps(make_update: Any, *options: float, steps: int = 3) -> list[Array]:
    """Return the weights after each step with the gradients 1, 2, 3 and so on times the same array."""
    update, params, found = make_update(*options), [np.ones((2, 3))], []
    if update is None:
        raise FaultError(EMPTY)
    for step in range(1, steps + 1):
        update(params, [step * draw(2, 3)], step, steps)
        found.append(params[0].copy())
    if np.array_equal(found[-1], np.ones((2, 3))):
        raise FaultError("the arrays of params are unchanged: `w = w - ...` makes a new array, so write `w -= ...`")
    return found


def check_sgd(sgd: Any) -> Compared:
    yield "w after a step", take_steps(sgd, 0.5)[0], 1 - 0.5 * draw(2, 3)


def check_adam(adam: Any) -> Compared:
    def compute(schedule: Callable[[int], Any]) -> list[Array]:
        w, m, s, expected = np.ones((2, 3)), np.zeros((2, 3)), np.zeros((2, 3)), []
        for step in (1, 2, 3):
            g = step * draw(2, 3)
            m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
            w = w - 0.01 * schedule(step) * (m / (1 - 0.9**step)) / np.sqrt(s / (1 - 0.999**step))
            expected.append(w)
        return expected

    found = take_steps(adam, 0.01)
    if np.allclose(found, compute(lambda step: 1.0)):
        raise FaultError("every step has the same learning rate: multiply it by the factor of the schedule")
    names = ("w after the first step", "w after two steps", "w after three steps")
    yield from zip(names, found, compute(lambda step: (1 + np.cos(np.pi * (step - 1) / 3)) / 2), strict=True)


def check_interpolate(interpolate: Any) -> Compared:
    row, column = 20 * np.abs(np.sin(draw(784))), 20 * np.abs(np.cos(draw(784)))
    rows, columns = np.indices((28, 28))
    found = interpolate(3.0 * rows - 2 * columns + rows * columns, row, column)
    yield "levels", found, 3 * row - 2 * column + row * column


def list_patches(x: Array, q: int, stride: int) -> Iterator[tuple[int, int, Array]]:
    """Yield the position of each patch and its pixels, (channels, q, q, n), a view of x."""
    count = (x.shape[1] - q) // stride + 1
    for row, column in np.ndindex(count, count):
        top, left = stride * row, stride * column
        yield row, column, x[:, top : top + q, left : left + q]


def check_take_patches(take_patches: Any) -> Compared:
    for stride, size in ((1, 4), (2, 8)):
        x = draw(2, size, size, N)
        patches = [patch for _, _, patch in list_patches(x, 2, stride)]
        count = (size - 2) // stride + 1
        expected = np.stack(patches, axis=3).reshape(2, 2, 2, count, count, N)
        yield f"P for a stride of {stride}", take_patches(x, 2, stride), expected


def check_add_patches(add_patches: Any) -> Compared:
    for stride, size, count in ((1, 4, 3), (2, 8, 4)):
        x, dP = draw(2, size, size, N), draw(2, 2, 2, count, count, N)
        dx = np.zeros(x.shape)
        for row, column, patch in list_patches(dx, 2, stride):
            patch += dP[:, :, :, row, column]
        yield f"dx for a stride of {stride}", add_patches(dP, x, stride), dx


def check_backward_convolution(backward_convolution: Any) -> Compared:
    W, b, x, dz = draw(3, 2, 3, 3), draw(3, 1), draw(2, 7, 7, N), draw(3, 3, 3, N)

    def loss() -> Any:
        sums = (
            np.sum(dz[:, row, column] * (np.einsum("kcij,cijn->kn", W, patch) + b))
            for row, column, patch in list_patches(x, 3, 2)
        )
        return sum(sums)

    expected = [differentiate(loss, w) for w in (W, b, x)]
    yield from unpack(backward_convolution(W, x, dz), "dW db dx", expected)


CHECKS: dict[str, Callable[[Any], Compared]] = {
    name.removeprefix("check_"): function for name, function in list(globals().items()) if name.startswith("check_")
}


def explain(error: BaseException, path: str) -> str:
    """Return in one line why a file does not run, with the line of the file."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    line = error.lineno if isinstance(error, SyntaxError) else next(reversed(lines), None)
    message = error.msg if isinstance(error, SyntaxError) else error
    return f"{f'line {line}: ' if line else ''}{type(error).__name__}: {message}"


def main() -> int:
    """Check a file, or print the empty functions of the tutorial; return 1 if a function is not right, else 0."""
    if len(sys.argv) == 1:
        empty = r'^```python\n((?:def .*:\n    """.*"""\n+)+)check\('
        blocks = map(str.strip, re.findall(empty, PAGE.read_text(encoding="utf-8"), re.MULTILINE))
        print("import math\n\nimport numpy as np\n\n\n" + "\n\n\n".join(blocks))
        return 0
    path = Path(sys.argv[1])
    if not os.path.isfile(path):  # noqa: PTH113 - Path.is_file raises if the name is too long
        wrong = "is a folder" if os.path.isdir(path) else "does not exist"  # noqa: PTH112
        print(f"{path} {wrong}: name a file with functions of the tutorial; without one, the empty ones are printed")
        return 1
    try:
        written = runpy.run_path(str(path))
    except (Exception, SystemExit) as error:  # of the reader's file
        print(f"{path}: {explain(error, str(path))}")
        return 1
    verdicts = {name: judge(written[name]) for name in CHECKS if name in written}
    print("\n".join(f"{name}: {verdict}" for name, verdict in verdicts.items()) or "no function of the tutorial")
    return int(set(verdicts.values()) != {"right"})


if __name__ == "__main__":
    sys.exit(main())
