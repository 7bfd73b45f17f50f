"""Check the functions of the tutorial as you write them: in a cell by `check(softmax)`, or all of a file of your own by

    python -m docs.learn.check [mine.py]

Without a file, the command prints the empty functions to begin with. Derivatives are compared with central differences.
"""

import argparse
import ast
import inspect
import linecache
import os
import re
import runpy
import sys
import textwrap
import tokenize
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
DESCRIPTION = "Check the functions of the tutorial that are in a file, or print the empty ones to begin with."
PAGE = Path(__file__).with_name("tutorial.md")
EMPTY = "returns nothing yet"
N = 5  # images
ADDED = "goes up the slope: subtract the step instead of adding it"
FACTORS = {-1.0: "-1, the sign", N: "n, the number of images", 1 / N: "1/n, with n images"}


# What NumPy says of a line, by a pattern, and what to say instead.
REWORDED = {
    r"could not broadcast .*? shape \((.*?),?\) into shape \((.*?),?\)": r"the shape (\1) does not fit into (\2)",
    r"Cannot cast ufunc .* to dtype\('(\w+)'\).*": r"an array of \1 cannot hold fractions: make a new array",
    r"The truth value of an array .*": "an array is neither true nor false: use np.maximum or np.where",
    r"cannot reshape array of size (\d+) into shape \((.*?),?\)": r"\1 numbers do not fill the shape (\2)",
}


class FaultError(Exception):
    """A fault of the reader's function, in words."""


@dataclass(frozen=True)
class Compared:
    """What a function returned, and what it should return.

    mistakes: wrong results that are often seen, by what is wrong. index: the place among several results. variable: the
    variable that holds the cause of a mistake.
    """

    name: str
    got: Any
    expected: Any
    mistakes: Mapping[str, Any] = field(default_factory=dict)
    index: int = 0
    variable: str = ""


def check(*functions: Callable[..., Any]) -> None:
    """Print what is wrong with each function, or that it is right."""
    for function in functions:
        print(f"{function.__name__}: {judge(function)}")


def is_empty(function: Callable[..., Any]) -> bool:
    """Return whether the function is still empty, which allows an answer of the notebook to replace it."""
    return judge(function) == EMPTY


def judge(function: Callable[..., Any]) -> str:
    """Return "right", or what is wrong with the first wrong result, its line, and which results before it are right."""
    right: list[str] = []
    if function.__name__ not in CHECKS:
        return "is not a function of the tutorial"
    try:
        for result in CHECKS[function.__name__](function):
            if fault := describe(result.name, result.got, np.asarray(result.expected), result.mistakes):
                fault = locate(function, result.index, result.variable) + fault
                verb = "are" if right[1:] else "is"
                listed = " and ".join(filter(None, (", ".join(right[:-1]), *right[-1:])))
                return f"{fault}, but {listed} {verb} right" if right else fault
            right.append(result.name)
        return "right"
    except FaultError as fault:
        return locate(function) * (str(fault) != EMPTY) + str(fault)
    except Exception as error:  # of the reader's function
        return explain(error, function.__code__.co_filename)


def describe(name: str, got: Any, expected: Array, mistakes: Mapping[str, Any]) -> str:
    """Return how a result differs from what is expected, "" if it does not."""
    if got is None:
        raise FaultError(EMPTY)
    try:
        got = np.asarray(got, float)
    except (TypeError, ValueError):
        raise FaultError(f"{name} is not an array of numbers") from None
    if got.shape != expected.shape:
        transposed = ", transposed" * (got.ndim == 2 and got.shape == expected.shape[::-1])
        return f"{name} has the shape {got.shape}{transposed} instead of {expected.shape}"
    if is_close(got, expected):
        return ""
    for mistake, wrong in mistakes.items():
        if is_close(got, wrong):
            return f"{name} {mistake}"
    if not np.isfinite(got).all():
        return f"{name} is not finite"
    factor = float(np.sum(got * expected) / np.sum(expected**2))
    if factor and is_close(got, factor * expected):
        return f"{name} is off by a factor of {FACTORS.get(round(factor, 6), f'{factor:.3g}')}"
    worst = np.unravel_index(np.argmax(np.abs(got - expected)), got.shape)
    place = f" at {', '.join(map(str, worst))}" if worst else ""
    return f"{name}{place} is {got[worst]:.4g} instead of {expected[worst]:.4g}"


def is_close(one: Array, other: Any) -> bool:
    return np.allclose(one, other, rtol=1e-5, atol=1e-6, equal_nan=True)


def locate(function: Callable[..., Any], index: int = 0, variable: str = "") -> str:
    """Return "line 3: ", the line that computes a result: the last to assign the variable, or what is returned.

    In a function that returns another one, it is the last assignment. "" if there is no such line.
    """
    try:
        lines, first = inspect.getsourcelines(function)
        (written,) = ast.parse(textwrap.dedent("".join(lines))).body
    except (OSError, SyntaxError, ValueError, tokenize.TokenError):
        return ""
    assigned: list[tuple[str, int]] = []
    returned: list[ast.expr | None] = []
    inner = [node for node in ast.walk(written) if isinstance(node, ast.FunctionDef)][1:]
    for node in ast.walk(inner[0] if inner else written):
        if isinstance(node, ast.Assign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [name.id for each in targets for name in ast.walk(each) if isinstance(name, ast.Name)]
            assigned += [(name, node.lineno) for name in names]
        elif isinstance(node, ast.Return):
            returned.append(node.value)
    value = returned[-1] if returned else None
    if isinstance(value, ast.Tuple | ast.List) and index < len(value.elts):
        value = value.elts[index]
    name = variable or (value.id if isinstance(value, ast.Name) else "")
    found = [line for other, line in assigned if inner or other == name]
    line = max(found, default=0 if inner or variable else getattr(value, "lineno", 0))
    return f"line {first + line - 1}: " if line else ""


def explain(error: BaseException, path: str) -> str:
    """Return in one line why code of a file fails, with the line and the expression."""
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}: SyntaxError: {error.msg}"
    message = str(error)
    for pattern, words in REWORDED.items():
        message = re.sub(f"^{pattern}$", words, message, flags=re.DOTALL)
    if message == str(error):
        message = f"{type(error).__name__}: {message}"
    calls = zip(traceback.walk_tb(error.__traceback__), traceback.extract_tb(error.__traceback__), strict=True)
    own = [(frame, place) for (frame, _), place in calls if place.filename == path]
    if not own:
        return message
    frame, place = own[-1]
    lines = ", then ".join(f"line {each.lineno}" for _, each in own)
    code = ""
    if place.lineno == place.end_lineno:
        code = linecache.getline(path, place.lineno or 0).encode()[place.colno : place.end_colno].decode()
    with suppress(SyntaxError):
        product = ast.parse(code, mode="eval").body
        if isinstance(product, ast.BinOp) and isinstance(error, ValueError):
            sides = (ast.unparse(side) for side in (product.left, product.right))
            shapes = [np.shape(eval(side, frame.f_globals, frame.f_locals)) for side in sides]  # noqa: S307 - as they ran
            message = f"the shapes {shapes[0]} and {shapes[1]} do not fit"
    return f"{lines}{'' if code.isidentifier() else code and f', {code}'}: {message}"


def unpack(results: Any, names: str, expected: list[Any], **mistakes: Mapping[str, Any]) -> Iterator[Compared]:
    """Yield several results with what they should be; mistakes: those of a result by its name."""
    if results is None:
        raise FaultError(EMPTY)
    if not isinstance(results, list | tuple):
        raise FaultError(f"returns one value instead of {len(expected)}: {', '.join(names.split())}")
    if len(results) != len(expected):
        raise FaultError(f"returns {len(results)} values instead of {len(expected)}: {', '.join(names.split())}")
    for index, (name, got, right) in enumerate(zip(names.split(), results, expected, strict=True)):
        yield Compared(name, got, right, mistakes.get(name, {}), index)


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


def check_columns(columns: Any) -> Iterator[Compared]:
    images = np.random.default_rng(0).integers(0, 256, (N, 28, 28), np.uint8)
    right = np.stack([image.ravel() / 255 for image in images], axis=1)
    mixed = "mixes pixels of different images: reshape to one row for each image, then transpose"
    mistakes = {mixed: images.reshape(784, N) / 255, "is not divided by 255": 255 * right}
    yield Compared("x", columns(images), right, mistakes)


def check_softmax(softmax: Any) -> Iterator[Compared]:
    z = draw(10, N)
    e = np.exp(z)
    p = softmax(z)
    for axis, over in ((1, "the images"), (None, "all entries")):
        if np.shape(p) == z.shape and np.allclose(np.sum(p, axis=axis), 1):
            raise FaultError(f"p sums to 1 over {over} instead of the digits: sum along axis 0")
    yield Compared("p", p, e / e.sum(axis=0))
    overflow = {"is NaN, because exp overflows: first subtract the maximum of each column": np.full(z.shape, np.nan)}
    with np.errstate(all="ignore"):
        yield Compared("p for logits near 1000", softmax(z + 1000), e / e.sum(axis=0), overflow)


def check_cross_entropy(cross_entropy: Any) -> Iterator[Compared]:
    z, labels = draw(10, N), np.arange(N)

    def loss() -> Any:
        return np.mean(np.log(np.sum(np.exp(z), axis=0)) - z[labels, np.arange(N)])

    right = [loss(), differentiate(loss, z)]
    mean = {"is a mean over all entries: sum over the digits, then take the mean over the images": right[0] / 10}
    yield from unpack(cross_entropy(z, labels), "loss dz", right, loss=mean)


def check_initialise(initialise: Any) -> Iterator[Compared]:
    shapes = ((500, 800), (10, 500), (300, 4, 6, 6), (500, 800))
    params = initialise(*shapes)
    yield from unpack(params and params[1::2], "b1 b2 b3 b4", [np.zeros((shape[0], 1)) for shape in shapes])
    for w, shape in zip(params[::2], shapes, strict=True):
        inputs = np.prod(shape[1:])
        mistakes = {
            "is 1 / sqrt(inputs): the ReLU needs sqrt(2 / inputs)": round((1 / inputs) ** 0.5, 2),
            "is 2 / inputs, the variance: take its square root": round(2 / inputs, 2),
            "counts the channels only: an output has channels * q * q inputs": round((2 / shape[1]) ** 0.5, 2),
            "counts the outputs: take the number of inputs": round((2 / shape[0]) ** 0.5, 2),
        }
        std = round((2 / inputs) ** 0.5, 2)
        yield Compared(
            f"standard deviation of weights {shape}", round(float(np.std(w)), 2), std, mistakes, variable="std"
        )
    if np.array_equal(params[0], params[6]):
        raise FaultError("two layers of the same shape begin with equal weights: make the generator once, for all")


def check_backward_layer(backward_layer: Any) -> Iterator[Compared]:
    W, b, x, dz = draw(4, 3), draw(4, 1), draw(3, N), draw(4, N)
    expected = [differentiate(lambda: np.sum(dz * (W @ x + b)), w) for w in (W, b, x)]
    yield from unpack(backward_layer(W, x, dz), "dW db dx", expected)


def check_backward(backward: Any) -> Iterator[Compared]:
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
    straight = params[4].T @ dz  # without the ReLU
    dense = params[2].T @ (straight * (zs[1] > 0))
    slopes = {2: straight @ inputs[1].T, 3: straight.sum(axis=1, keepdims=True), 0: dense @ inputs[0].T}
    for i in (4, 5, 2, 3, 0, 1):  # as they are computed, so the first wrong one is the cause of the others
        mistakes = {"lacks the slope of the ReLU": slopes[i]} if i in slopes else {}
        yield Compared(names[i], found[i], expected[i], mistakes, variable="dz" if mistakes else "")


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


def check_sgd(sgd: Any) -> Iterator[Compared]:
    change = take_steps(sgd, 0.5)[0] - 1
    mistakes = {ADDED: 0.5 * draw(2, 3), "lacks the learning rate": -draw(2, 3)}
    yield Compared("the change of w", change, -0.5 * draw(2, 3), mistakes)


def check_adam(adam: Any) -> Iterator[Compared]:
    def compute(
        sign: int = -1, constant: bool = False, m_bias: bool = True, s_bias: bool = True, power: float = 0.5
    ) -> Array:
        w, m, s, steps = np.ones((2, 3)), np.zeros((2, 3)), np.zeros((2, 3)), []
        for step in (1, 2, 3):
            g = step * draw(2, 3)
            m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
            rate = 0.01 * (1.0 if constant else (1 + np.cos(np.pi * (step - 1) / 3)) / 2)
            root = (s / (1 - 0.999**step if s_bias else 1)) ** power
            w = w + sign * rate * m / (1 - 0.9**step if m_bias else 1) / root
            steps.append(w)
        return np.array(steps)

    mistakes = {
        "has the same learning rate in every step: multiply it by the factor of the schedule": compute(constant=True),
        ADDED: compute(sign=1),
        "lacks the correction of m and s: divide them by 1 - beta**step": compute(m_bias=False, s_bias=False),
        "lacks the correction of m: divide it by 1 - beta1**step": compute(m_bias=False),
        "lacks the correction of s: divide it by 1 - beta2**step": compute(s_bias=False),
        "is divided by s instead of its square root": compute(power=1.0),
    }
    yield Compared("w in three steps", np.array(take_steps(adam, 0.01)), compute(), mistakes)


def check_interpolate(interpolate: Any) -> Iterator[Compared]:
    def level(row: Any, column: Any) -> Any:
        return 3.0 * row - 2 * column + row * column

    row, column = 20 * np.abs(np.sin(draw(784))), 20 * np.abs(np.cos(draw(784)))
    i, j = np.floor(row), np.floor(column)
    mistakes = {
        "have the larger weight on the farther pixel": level(2 * i + 1 - row, 2 * j + 1 - column),
        "are those of the pixel at the upper left": level(i, j),
        "exchange rows and columns": level(column, row),
    }
    yield Compared("levels", interpolate(level(*np.indices((28, 28))), row, column), level(row, column), mistakes)


def list_patches(x: Array, q: int, stride: int) -> Iterator[tuple[int, int, Array]]:
    """Yield the position of each patch and its pixels, (channels, q, q, n), a view of x."""
    count = (x.shape[1] - q) // stride + 1
    for row, column in np.ndindex(count, count):
        top, left = stride * row, stride * column
        yield row, column, x[:, top : top + q, left : left + q]


def check_take_patches(take_patches: Any) -> Iterator[Compared]:
    for stride, size in ((1, 4), (2, 8)):
        x = draw(2, size, size, N)
        patches = [patch for _, _, patch in list_patches(x, 2, stride)]
        count = (size - 2) // stride + 1
        expected = np.stack(patches, axis=3).reshape(2, 2, 2, count, count, N)
        mistakes = {"exchanges the rows and columns of the kernel": expected.swapaxes(1, 2)}
        yield Compared(f"P for a stride of {stride}", take_patches(x, 2, stride), expected, mistakes)


def check_add_patches(add_patches: Any) -> Iterator[Compared]:
    for stride, size, count in ((1, 4, 3), (2, 8, 4)):
        x, dP = draw(2, size, size, N), draw(2, 2, 2, count, count, N)
        dx, last = np.zeros(x.shape), np.zeros(x.shape)
        for row, column, patch in list_patches(dx, 2, stride):
            patch += dP[:, :, :, row, column]
        for i, j in np.ndindex(2, 2):
            last[:, i : i + stride * count : stride, j : j + stride * count : stride] = dP[:, i, j]
        mistakes = {"has only one of the patches that overlap: add them, with +=": last}
        yield Compared(f"dx for a stride of {stride}", add_patches(dP, x, stride), dx, mistakes)


def check_backward_convolution(backward_convolution: Any) -> Iterator[Compared]:
    W, b, x, dz = draw(3, 2, 3, 3), draw(3, 1), draw(2, 7, 7, N), draw(3, 3, 3, N)

    def loss() -> Any:
        sums = (
            np.sum(dz[:, row, column] * (np.einsum("kcij,cijn->kn", W, patch) + b))
            for row, column, patch in list_patches(x, 3, 2)
        )
        return sum(sums)

    expected = [differentiate(loss, w) for w in (W, b, x)]
    yield from unpack(backward_convolution(W, x, dz), "dW db dx", expected)


CHECKS: dict[str, Callable[[Any], Iterator[Compared]]] = {
    name.removeprefix("check_"): function for name, function in list(globals().items()) if name.startswith("check_")
}


def main() -> int:
    """Check a file, or print the empty functions of the tutorial; return 1 if a function is not right, else 0."""
    parser = argparse.ArgumentParser(prog="python -m docs.learn.check", description=DESCRIPTION)
    parser.add_argument(
        "file", nargs="?", type=Path, help="a file with functions of yours; without it, print them empty"
    )
    path = parser.parse_args().file
    if path is None:
        empty = r'^```python\n((?:def .*:\n    """.*"""\n+)+)check\('
        blocks = map(str.strip, re.findall(empty, PAGE.read_text(encoding="utf-8"), re.MULTILINE))
        print("import math\n\nimport numpy as np\n\n\n" + "\n\n\n".join(blocks))
        return 0
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
