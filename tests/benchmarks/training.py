"""Speed of training, compared with PyTorch and with the matrix products alone.

    python -m tests.benchmarks.training

All train the same float32 network (ReLU, softmax cross-entropy) with Adam on shuffled batches, without regularisation;
PyTorch's Adam is fused. The networks and batch sizes differ from those of the recipes, which `recipes` measures. Each
implementation runs in a process of its own, so that thread pools of different libraries do not interfere, in turn,
ROUNDS times, so that changes of the machine's speed affect all. Needs `artifacts/` with normalize run on MNIST, and
PyTorch.
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

from tests.benchmarks.markdown import table

DATA = Path("artifacts/normalize")
IMAGES = 16_384
EPOCHS = 5
ROUNDS = 3
CORES = 2  # threads of "matrix products alone"
NETWORKS = (
    *(("128", 128), ("128", 512), ("512,256", 128), ("512,256", 512), ("1024,1024", 256)),
    *(("conv16,conv64,128", 128), ("conv16,conv64,128", 512)),
)


def load(part: str, count: int | None = None) -> tuple[Any, Any]:
    return np.load(DATA / f"{part}-images.npy")[:count], np.load(DATA / f"{part}-labels.npy")[:count]


def ours(layers: str, batch: int) -> Iterator[float]:
    from pipeline.data.scaling import load_scaling
    from pipeline.training.epochs import train_network
    from pipeline.training.recipe import Recipe
    from pipeline.training.training_data import Examples

    plain: Any = {"label_smoothing": 0.0, "warmup": 0.0, "weight_decay": 0.0, "ema_decay": 0.0}
    adam: Any = {"optimizer": "adam", "learning_rate": 0.001, "schedule": "constant"}
    recipe = Recipe(layers, batch_size=batch, epochs=EPOCHS, **adam, **plain)
    scaling = load_scaling(DATA)
    training, validation = (Examples(*load(*part), scaling) for part in (("train", IMAGES), ("validation", 100)))
    with tempfile.TemporaryDirectory() as folder:
        network = train_network(recipe, training, validation, 10, Path(folder) / "network.npz")
    yield from (IMAGES / epoch.seconds for epoch in network.history)


def torch_network(layers: str, pixels: Any, channels_last: bool) -> tuple[Any, Any]:
    """Return the network and the pixels, (n, 1, h, w), in a memory format."""
    from torch import channels_last as last
    from torch import contiguous_format as first
    from torch import nn

    from pipeline.model.safetensors import to_modules
    from pipeline.network.architecture import build_layers

    built = build_layers(layers, "relu", (28, 28), 10)
    network = nn.Sequential(*(eval(module.expression, {"nn": nn}) for layer in built for module in to_modules(layer)))
    form = last if channels_last else first
    return network.to(memory_format=form), pixels.contiguous(memory_format=form)


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


def matmul(layers: str, batch: int) -> Iterator[float]:
    """The upper bound: only the matrix products of a step, one thread per shard, with single-threaded BLAS."""
    from pipeline.network.architecture import build_layers
    from pipeline.network.layers import Affine, Layer
    from pipeline.training.team import ThreadTeam

    generator = np.random.default_rng(0)

    def make_arrays(index: int, layer: Layer) -> tuple[Any, ...]:
        assert isinstance(layer, Affine)
        fan_in, columns = int(np.prod(layer.weight_shape[1:])), int(np.prod(layer.output_shape[1:])) * batch // CORES
        shapes = (layer.outputs, fan_in), (fan_in, columns), (layer.outputs, columns)
        w, p, z = (generator.standard_normal(shape, np.float32) for shape in shapes)
        return index, w, p, z, np.empty_like(w), np.empty_like(z), np.empty_like(p)

    built = build_layers(layers, "relu", (28, 28), 10)
    shards = [[make_arrays(i, layer) for i, layer in enumerate(built)] for _ in range(CORES)]

    def step(shard: int, thread: int) -> None:
        for _ in range(IMAGES // batch):
            for index, w, p, dz, dw, z, dp in shards[shard]:
                np.matmul(w, p, out=z)
                np.matmul(dz, p.T, out=dw)
                if index:
                    np.matmul(w.T, dz, out=dp)

    with ThreadTeam(CORES) as team:
        for _ in range(EPOCHS):
            started = time.perf_counter()
            team.run(step, CORES)
            yield IMAGES / (time.perf_counter() - started)


TRAINERS: dict[str, Callable[[str, int], Iterator[float]]] = {
    "ours": ours,
    "PyTorch": torch,
    "PyTorch, channels last": partial(torch, channels_last=True),
    "matrix products alone": matmul,
}


def measure(names: Iterable[str], *arguments: object, module: str = "training") -> dict[str, list[float]]:
    """Return the images/s of each contender over all rounds."""
    found: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(ROUNDS):
        for name, rates in found.items():
            line = [sys.executable, "-m", f"tests.benchmarks.{module}", name, *map(str, arguments)]
            result = subprocess.run(line, capture_output=True, text=True)
            assert result.returncode == 0, result.stderr
            measured: Any = json.loads(result.stdout)
            rates += measured
    return found


def fits(name: str, layers: str) -> bool:
    """Return whether a contender has a separate variant for these layers."""
    return "conv" in layers or name != "PyTorch, channels last"


def main() -> None:
    rows = []
    for layers, batch in NETWORKS:
        rates = measure((name for name in TRAINERS if fits(name, layers)), layers, batch)
        medians = {name: statistics.median(values) for name, values in rates.items()}
        widest = max((max(values) - min(values)) / medians[name] for name, values in rates.items())
        cells = (f"{medians[name]:,.0f}" if name in medians else "" for name in TRAINERS)
        rows.append([f"`{layers}`, {batch}", *cells, f"{widest:.0%}"])
    print(table(["layers, batch size", *TRAINERS, "spread"], rows))
    print(f"\nTraining in images/s: float32, Adam, no augmentation, PyTorch {version('torch')}.")
    print(f"Medians of {(EPOCHS - 1) * ROUNDS} epochs in {ROUNDS} processes that take turns.")
    print("Spread: the largest difference between two epochs of one column, relative to its median.")


def train(name: str, layers: str, batch: str) -> None:
    """Print as JSON the images/s of a contender in each epoch except the first."""
    print(json.dumps(list(TRAINERS[name](layers, int(batch)))[1:]))


if __name__ == "__main__":
    train(*sys.argv[1:]) if sys.argv[1:] else main()
