"""One contender trains, or predicts, in a process of its own, so that no library's threads meet another's.

    python -m tests.benchmarks.contenders train CONTENDER SIZES BATCH [CORES]
    python -m tests.benchmarks.contenders predict CONTENDER

`train` prints, as JSON, the images a second of each epoch over IMAGES real images, the first left out, and the peak
memory in bytes. All train the same network, ReLU and softmax cross-entropy, in float32, with Adam and nothing besides,
on batches drawn anew each epoch. `predict` prints the images a second of each pass over the test images.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

DATA = Path("artifacts/normalize")
IMAGES = 16_384
EPOCHS = 5
PASSES = 10


def load(part: str, count: int | None = None) -> tuple[Any, Any]:
    return np.load(DATA / f"{part}-images.npy")[:count], np.load(DATA / f"{part}-labels.npy")[:count]


def ours(sizes: tuple[int, ...], batch: int) -> Iterator[float]:
    from pipeline.training.examples import Examples
    from pipeline.training.recipe import Recipe
    from pipeline.training.fit import fit

    recipe = Recipe(
        sizes, schedule="constant", optimizer="adam", learning_rate=0.001, batch_size=batch, epochs=EPOCHS, **PLAIN
    )
    for epoch in fit(recipe, Examples(*load("train", IMAGES)), Examples(*load("validation", 100)), 10):
        if epoch.number:
            yield IMAGES / epoch.seconds


PLAIN: dict[str, Any] = {"smoothing": 0.0, "warmup": 0.0, "weight_decay": 0.0, "averaging": 0.0}


def torch_network(sizes: tuple[int, ...]) -> Any:
    from torch import nn

    layers: list[Any] = []
    width = 784
    for size in sizes:
        layers += [nn.Linear(width, size), nn.ReLU()]
        width = size
    return nn.Sequential(*layers, nn.Linear(width, 10))


def torch(sizes: tuple[int, ...], batch: int, **options: Any) -> Iterator[float]:
    import torch

    images, labels = load("train", IMAGES)
    rows, targets = torch.tensor(images.reshape(len(images), -1)), torch.tensor(labels.astype(np.int64))
    network = torch_network(sizes)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.001, **options)
    for _ in range(EPOCHS):
        started = time.perf_counter()
        order = torch.randperm(IMAGES)
        for start in range(0, IMAGES, batch):
            numbers = order[start : start + batch]
            loss = torch.nn.functional.cross_entropy(network(rows[numbers]), targets[numbers])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        yield IMAGES / (time.perf_counter() - started)


def torch_fused(sizes: tuple[int, ...], batch: int) -> Iterator[float]:
    return torch(sizes, batch, fused=True)


def sklearn(sizes: tuple[int, ...], batch: int) -> Iterator[float]:
    from sklearn.neural_network import MLPClassifier

    images, labels = load("train", IMAGES)
    rows = images.reshape(len(images), -1)
    network = MLPClassifier(sizes, alpha=0.0, batch_size=batch)
    for _ in range(EPOCHS):
        started = time.perf_counter()
        network.partial_fit(rows, labels, classes=np.arange(10))
        yield IMAGES / (time.perf_counter() - started)


def matmul(sizes: tuple[int, ...], batch: int) -> Iterator[float]:
    """The limit: nothing but the matrix products of a step, each by NumPy alone, with all cores."""
    generator = np.random.default_rng(0)
    products = []
    for layer, (fan_in, fan_out) in enumerate(zip((784, *sizes), (*sizes, 10), strict=True)):
        a, w, d = (generator.standard_normal(shape, np.float32) for shape in shapes(batch, fan_in, fan_out))
        products += [(a, w, np.empty_like(d)), (a.T, d, np.empty_like(w))]
        if layer:
            products.append((d, w.T, np.empty_like(a)))
    for _ in range(EPOCHS):
        started = time.perf_counter()
        for _ in range(IMAGES // batch):
            for left, right, out in products:
                np.matmul(left, right, out=out)
        yield IMAGES / (time.perf_counter() - started)


def shapes(n: int, fan_in: int, fan_out: int) -> tuple[tuple[int, int], ...]:
    return (n, fan_in), (fan_in, fan_out), (n, fan_out)


TRAINERS: dict[str, Callable[[tuple[int, ...], int], Iterator[float]]] = {
    "ours": ours,
    "PyTorch, fused Adam": torch_fused,
    "PyTorch, default": torch,
    "scikit-learn": sklearn,
    "numpy.matmul alone": matmul,
}


def our_predictor(images: Any) -> Callable[[], Any]:
    from pipeline.training.team import Team
    from pipeline.model.files import load_model
    from pipeline.model.prediction import predict
    from pipeline.scheduling.places import count_cores

    model = load_model(Path("artifacts/train"))

    def answer() -> Any:
        with Team(count_cores()) as crew:
            borders = [len(images) * i // crew.size for i in range(crew.size + 1)]
            return np.concatenate(crew.run(lambda i: predict(model, images[borders[i] : borders[i + 1]], borders[i])))

    return answer


def onnx_predictor(images: Any) -> Callable[[], Any]:
    import onnxruntime

    session = onnxruntime.InferenceSession("artifacts/export/model.onnx")
    raw = np.load("artifacts/parse/test-images.npy")
    return lambda: session.run(["probabilities"], {"images": raw})[0]


def torch_predictor(images: Any) -> Callable[[], Any]:
    import torch

    from pipeline.model.files import load_model

    model = load_model(Path("artifacts/train"))
    (layers,) = model.members
    network = torch_network(model.sizes[1:-1])
    with torch.no_grad():
        for linear, layer in zip(network[::2], layers, strict=True):
            linear.weight[:] = torch.tensor(layer.weights.T)
            linear.bias[:] = torch.tensor(layer.biases)
    rows = torch.tensor(images.reshape(len(images), -1))

    def answer() -> Any:
        with torch.inference_mode():
            return torch.softmax(network(rows) / model.temperature, dim=1).numpy()

    return answer


PREDICTORS: dict[str, Callable[[Any], Callable[[], Any]]] = {
    "ours": our_predictor,
    "ONNX Runtime": onnx_predictor,
    "PyTorch": torch_predictor,
}


def train(name: str, sizes: str, batch: str, cores: str = "") -> dict[str, Any]:
    if cores:
        os.sched_setaffinity(0, range(int(cores)))
    rates = list(TRAINERS[name](tuple(map(int, sizes.split(","))), int(batch)))[1:]
    return {"rates": rates, "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def predict(name: str) -> dict[str, Any]:
    images, _ = load("test")
    answer = PREDICTORS[name](images)
    assert np.allclose(answer(), np.load("artifacts/evaluate/probabilities.npy"), atol=1e-4)
    rates = []
    for _ in range(PASSES):
        started = time.perf_counter()
        answer()
        rates.append(len(images) / (time.perf_counter() - started))
    return {"rates": rates}


COMMANDS: dict[str, Callable[..., dict[str, Any]]] = {"train": train, "predict": predict}

if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    print(json.dumps(COMMANDS[what](*arguments)))
