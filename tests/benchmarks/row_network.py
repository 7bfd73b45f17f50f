"""Speed of training a network that reads a row, compared with PyTorch.

    python -m tests.benchmarks.row_network

Both compute the gradient of the same float32 network (ReLU), with 13 outputs for every column of its last map, for
batches of strips in two threads. The gradient of the loss is given; the optimizer and the composing of strips are left
out. Each implementation runs in a process of its own. Needs PyTorch.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

import numpy as np

from pipeline.network.layer import Layer
from tests.benchmarks.markdown import table
from tests.benchmarks.training import ROUNDS, make_torch, run_in_turn

SHAPE, OUTPUTS, BATCH, THREADS = (40, 256), 13, 48, 2
STEPS = 9  # in a process
ALONG = ",".join(f"conv112x1x5/1p0x{2 * dilation}d{dilation}+" for dilation in (1, 2, 4, 8))
NETWORKS = {
    "pooling": f"conv16x3/1p1,pool2,conv32x3/1p1,pool2x1,conv64x3/1p1,pool2x1,conv112x5x3/1p0x1,{ALONG}",
    "strides": f"conv24/2p2,conv40x3/2x1p1,conv72x3/2x1p1,conv112x5x3/1p0x1,{ALONG}",
}


def build(network: str) -> tuple[Layer, ...]:
    from pipeline.network.architecture import build_layers

    return build_layers(NETWORKS[network], "relu", SHAPE, OUTPUTS, by_column=True)


def draw(*shape: int) -> Any:
    return np.random.default_rng(0).standard_normal(shape, np.float32)


def ours(network: str, micro_batch: str = str(BATCH // THREADS)) -> Iterator[float]:
    from pipeline.network.network import (
        backward,
        count_parameters,
        forward,
        initialise,
        make_buffers,
        make_network,
        view_parameters,
    )
    from pipeline.network.team import ThreadTeam

    layers = build(network)
    size = int(micro_batch)
    made = make_network(layers, np.empty(count_parameters(layers), np.float32))
    initialise(made, "he", 0.0, np.random.default_rng(0))
    images, shard = draw(BATCH, *SHAPE), BATCH // THREADS
    given = draw(*layers[-1].output_shape, size) / BATCH
    buffers = [make_buffers(made) for _ in range(THREADS)]
    gradients, parts = (
        [view_parameters(layers, np.empty_like(made.parameters.flat)) for _ in range(THREADS)] for _ in range(2)
    )

    def compute(number: int, thread: int) -> None:
        for start in range(0, shard, size):
            chosen = images[number * shard :][start : min(start + size, shard)]
            cache = forward(made, np.moveaxis(chosen, 0, -1), buffers[thread])
            out = parts[thread] if start else gradients[number]
            backward(made, cache, given[..., : len(chosen)].copy(), buffers[thread], out)
            if start:
                np.add(gradients[number].flat, out.flat, out=gradients[number].flat)

    with ThreadTeam(THREADS) as team:
        for _ in range(STEPS):
            started = time.perf_counter()
            team.run(compute, THREADS)
            np.add(gradients[0].flat, gradients[1].flat, out=gradients[0].flat)
            yield BATCH / (time.perf_counter() - started)


def torch(network: str) -> Iterator[float]:
    import torch

    torch.set_num_threads(THREADS)
    layers = build(network)
    made = make_torch(layers)
    images, given = torch.tensor(draw(BATCH, 1, *SHAPE)), torch.tensor(draw(BATCH, *layers[-1].output_shape) / BATCH)
    for _ in range(STEPS):
        started = time.perf_counter()
        made.zero_grad()
        made(images).backward(given)
        yield BATCH / (time.perf_counter() - started)


CONTENDERS: dict[str, Callable[..., Iterator[float]]] = {"ours": ours, "PyTorch": torch}


def main() -> None:
    rows = []
    for network, layers in NETWORKS.items():
        found = run_in_turn("row_network", CONTENDERS, network)
        medians = {name: statistics.median(rates) for name, rates in found.items()}
        ratio = f"{medians['ours'] / medians['PyTorch']:.2f}"
        rows.append([f"`{layers.removesuffix(ALONG)}`...", *(f"{median:.0f}" for median in medians.values()), ratio])
    print(table(["layers", *CONTENDERS, "ours / PyTorch"], rows))
    print(f"\nStrips/s of {SHAPE[0]} x {SHAPE[1]} pixels, forward and backward: float32, PyTorch {version('torch')}.")
    print(f"All continue with `{ALONG}`. Batches of {BATCH} in {THREADS} threads.")
    print(f"Medians of {(STEPS - 1) * ROUNDS} batches in {ROUNDS} processes that take turns.")


def measure(name: str, *arguments: str) -> None:
    """Print as JSON the strips/s of a contender for each batch except the first."""
    print(json.dumps(list(CONTENDERS[name](*arguments))[1:]))


if __name__ == "__main__":
    measure(*sys.argv[1:]) if sys.argv[1:] else main()
