"""Speed of training, compared with PyTorch.

    python -m tests.benchmarks.training

Both train the same float32 network (ReLU, softmax cross-entropy) with Adam on shuffled batches, without regularisation;
PyTorch's Adam is fused. Each implementation runs in a process of its own, so that thread pools of different libraries
do not interfere. Needs `artifacts/` with normalize run on MNIST, and PyTorch.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.network.layer import Layer
from tests.benchmarks.markdown import table, take_turns

DATA = Path("artifacts/normalize")
IMAGES = 16_384
EPOCHS = 5
ROUNDS = 3
NETWORKS = (
    *(("128", 128), ("128", 512), ("512,256", 128), ("512,256", 512), ("1024,1024", 256)),
    *(("conv16,conv64,128", 128), ("conv16,conv64,128", 512)),
)


def load(part: str, count: int | None = None) -> tuple[Any, Any]:
    return np.load(DATA / f"{part}-images.npy")[:count], np.load(DATA / f"{part}-labels.npy")[:count]


def ours(layers: str, batch: int) -> Iterator[float]:
    from pipeline.data.scaling import load_scaling
    from pipeline.training.classification import Images
    from pipeline.training.epochs import train_network
    from pipeline.training.recipe import Recipe
    from tests.pipeline.networks import make_classification

    plain: Any = {"label_smoothing": 0.0, "warmup": 0.0, "weight_decay": 0.0, "ema_decay": 0.0}
    adam: Any = {"optimizer": "adam", "learning_rate": 0.001, "schedule": "constant"}
    recipe = Recipe(layers, batch_size=batch, epochs=EPOCHS, **adam, **plain)
    scaling = load_scaling(DATA)
    training, validation = (Images(*load(*part), scaling) for part in (("train", IMAGES), ("validation", 100)))
    with tempfile.TemporaryDirectory() as folder:
        task = make_classification(recipe, training, validation, 10)
        network = train_network(task, recipe, Path(folder) / "network.npz")
    yield from (IMAGES / epoch.seconds for epoch in network.history)


def torch_network(layers: str, pixels: Any, channels_last: bool) -> tuple[Any, Any]:
    """Return the network and the pixels, (n, 1, h, w), in a memory format."""
    from torch import channels_last as last
    from torch import contiguous_format as first

    from pipeline.network.architecture import build_layers

    network = make_torch(build_layers(layers, "relu", (28, 28), 10))
    form = last if channels_last else first
    return network.to(memory_format=form), pixels.contiguous(memory_format=form)


def make_torch(layers: Iterable[Layer]) -> Any:
    """Return the network of PyTorch with these layers."""
    from torch import nn

    from pipeline.model.safetensors import RESIDUAL, to_modules

    scope: dict[str, Any] = {"nn": nn}
    exec(RESIDUAL, scope)
    return nn.Sequential(*(eval(module.expression, scope) for layer in layers for module in to_modules(layer)))


def torch(layers: str, batch: int, channels_last: bool = False) -> Iterator[float]:
    import torch

    images, labels = load("train", IMAGES)
    pixels, targets = torch.tensor(images[:, np.newaxis]), torch.tensor(labels.astype(np.int64))
    network, pixels = torch_network(layers, pixels, channels_last)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.001, fused=True)
    for _ in range(EPOCHS):
        started = time.perf_counter()
        order = torch.randperm(IMAGES)
        for start in range(0, IMAGES, batch):
            indices = order[start : start + batch]
            loss = torch.nn.functional.cross_entropy(network(pixels[indices]), targets[indices])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        yield IMAGES / (time.perf_counter() - started)


TRAINERS: dict[str, Callable[[str, int], Iterator[float]]] = {
    "ours": ours,
    "PyTorch": torch,
    "PyTorch, channels last": partial(torch, channels_last=True),
}


def measure(layers: str, batch: int) -> dict[str, list[float]]:
    """Return the images/s of each contender over all rounds; only convolutions have a variant with channels last."""
    return run_in_turn("training", list(TRAINERS)[: 3 if "conv" in layers else 2], layers, str(batch))


def run_in_turn(module: str, names: Iterable[str], *arguments: str) -> dict[str, list[float]]:
    """Return the rates that the benchmark prints as JSON for each contender, in a process for each round."""

    def run(name: str) -> list[float]:
        line = [sys.executable, "-m", f"tests.benchmarks.{module}", name, *arguments]
        rates: list[float] = json.loads(subprocess.run(line, check=True, stdout=subprocess.PIPE).stdout)
        return rates

    found = take_turns({name: partial(run, name) for name in names}, ROUNDS)
    return {name: [rate for rates in rounds for rate in rates] for name, rounds in found.items()}


def main() -> None:
    rows = []
    for layers, batch in NETWORKS:
        rates = measure(layers, batch)
        medians = {name: statistics.median(values) for name, values in rates.items()}
        fastest = max(median for name, median in medians.items() if name != "ours")
        cells = (f"{medians[name]:,.0f}" if name in medians else "" for name in TRAINERS)
        rows.append([f"`{layers}`, {batch}", *cells, f"{medians['ours'] / fastest:.2f}"])
    print(table(["layers, batch size", *TRAINERS, "ours / PyTorch"], rows))
    print(f"\nTraining in images/s: float32, Adam, no augmentation, PyTorch {version('torch')}.")
    print(f"Medians of {(EPOCHS - 1) * ROUNDS} epochs in {ROUNDS} processes that take turns.")


def train(name: str, layers: str, batch: str) -> None:
    """Print as JSON the images/s of a contender in each epoch except the first."""
    print(json.dumps(list(TRAINERS[name](layers, int(batch)))[1:]))


if __name__ == "__main__":
    train(*sys.argv[1:]) if sys.argv[1:] else main()
