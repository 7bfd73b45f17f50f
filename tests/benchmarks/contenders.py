"""Measure one implementation in this process, so that thread pools of different libraries do not interfere.

    python -m tests.benchmarks.contenders train CONTENDER LAYERS BATCH
    python -m tests.benchmarks.contenders predict CONTENDER

`train` prints as JSON the images/s of each epoch over IMAGES images except the first. All train the same float32
network (ReLU, softmax cross-entropy) with Adam on shuffled batches, without regularisation; PyTorch's Adam is fused.
`predict` prints the images/s of each pass over the test images.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

DATA = Path("artifacts/normalize")
IMAGES = 16_384
EPOCHS = 5
PASSES = 10
CORES = 2  # threads of "matrix products alone"


def load(part: str, count: int | None = None) -> tuple[Any, Any]:
    return np.load(DATA / f"{part}-images.npy")[:count], np.load(DATA / f"{part}-labels.npy")[:count]


def ours(layers: str, batch: int) -> Iterator[float]:
    from pipeline.training.data import Examples
    from pipeline.training.fit import fit
    from pipeline.training.recipe import Recipe

    recipe = Recipe(
        layers, schedule="constant", optimizer="adam", learning_rate=0.001, batch_size=batch, epochs=EPOCHS, **PLAIN
    )
    for epoch in fit(recipe, Examples(*load("train", IMAGES)), Examples(*load("validation", 100)), 10):
        if epoch.number:
            yield IMAGES / epoch.seconds


PLAIN: dict[str, Any] = {"label_smoothing": 0.0, "warmup": 0.0, "weight_decay": 0.0, "ema_decay": 0.0}


def torch_network(layers: str) -> Any:
    from torch import nn

    from pipeline.network.architecture import build_layers
    from pipeline.network.layers import Convolution

    modules: list[Any] = []
    for layer in build_layers(layers, (28, 28), 10):
        if isinstance(layer, Convolution):
            modules.append(nn.Conv2d(layer.input_shape[0], layer.outputs, layer.kernel, layer.stride))
        else:
            modules += [nn.Flatten(), nn.Linear(layer.weight_shape[1], layer.outputs)]
        modules.append(nn.ReLU())
    return nn.Sequential(*modules[:-1])


def torch(layers: str, batch: int, channels_last: bool = False, **options: Any) -> Iterator[float]:
    import torch

    images, labels = load("train", IMAGES)
    pixels, targets = torch.tensor(images[:, np.newaxis]), torch.tensor(labels.astype(np.int64))
    network = torch_network(layers)
    if channels_last:
        network = network.to(memory_format=torch.channels_last)
        pixels = pixels.contiguous(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.001, **options)
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


def torch_fused(layers: str, batch: int) -> Iterator[float]:
    return torch(layers, batch, fused=True)


def torch_channels_last(layers: str, batch: int) -> Iterator[float]:
    return torch(layers, batch, channels_last=True, fused=True)


def matmul(layers: str, batch: int) -> Iterator[float]:
    """The upper bound: only the matrix products of a step, one thread per shard, with single-threaded BLAS."""
    from pipeline.network.architecture import build_layers
    from pipeline.network.layers import Layer
    from pipeline.training.team import Team

    generator = np.random.default_rng(0)

    def make_arrays(index: int, layer: Layer) -> tuple[Any, ...]:
        fan_in, columns = int(np.prod(layer.weight_shape[1:])), int(np.prod(layer.output_shape[1:])) * batch // CORES
        shapes = (layer.outputs, fan_in), (fan_in, columns), (layer.outputs, columns)
        w, p, z = (generator.standard_normal(shape, np.float32) for shape in shapes)
        return index, w, p, z, np.empty_like(w), np.empty_like(z), np.empty_like(p)

    built = build_layers(layers, (28, 28), 10)
    shards = [[make_arrays(i, layer) for i, layer in enumerate(built)] for _ in range(CORES)]

    def step(thread: int) -> None:
        for _ in range(IMAGES // batch):
            for index, w, p, dz, dw, z, dp in shards[thread]:
                np.matmul(w, p, out=z)
                np.matmul(dz, p.T, out=dw)
                if index:
                    np.matmul(w.T, dz, out=dp)

    with Team(CORES) as team:
        for _ in range(EPOCHS):
            started = time.perf_counter()
            team.run(step)
            yield IMAGES / (time.perf_counter() - started)


TRAINERS: dict[str, Callable[[str, int], Iterator[float]]] = {
    "ours": ours,
    "PyTorch": torch_fused,
    "PyTorch, channels last": torch_channels_last,
    "matrix products alone": matmul,
}


def our_predictor(images: Any) -> Callable[[], Any]:
    from pipeline.engine.cores import count_cores
    from pipeline.model.files import load_model
    from pipeline.model.prediction import predict
    from pipeline.training.team import Team

    model = load_model(Path("artifacts/train"))

    def predict_all() -> Any:
        with Team(count_cores()) as team:
            bounds = [len(images) * i // team.size for i in range(team.size + 1)]
            return np.concatenate(team.run(lambda i: predict(model, images[bounds[i] : bounds[i + 1]], bounds[i])))

    return predict_all


def onnx_predictor(images: Any) -> Callable[[], Any]:
    import onnxruntime

    session = onnxruntime.InferenceSession("artifacts/export/model.onnx")
    raw = np.load("artifacts/parse/test-images.npy")
    return lambda: session.run(["probabilities"], {"images": raw})[0]


def torch_predictor(images: Any, channels_last: bool = False) -> Callable[[], Any]:
    import torch

    from pipeline.model.files import load_model

    model = load_model(Path("artifacts/train"))
    (parameters,) = model.parameters
    network = torch_network(model.layers)
    pairs = zip(parameters.weights, parameters.biases, strict=True)
    for parameter, array in zip(network.parameters(), (array for pair in pairs for array in pair), strict=True):
        parameter.data = torch.tensor(array)
    pixels = torch.tensor(images[:, np.newaxis])
    if channels_last:
        network = network.to(memory_format=torch.channels_last)
        pixels = pixels.contiguous(memory_format=torch.channels_last)

    def predict_all() -> Any:
        with torch.inference_mode():
            logits = network(pixels)[:, : len(model.class_names)]
            return torch.softmax(logits / model.temperature, dim=1).numpy()

    return predict_all


PREDICTORS: dict[str, Callable[[Any], Callable[[], Any]]] = {
    "ours": our_predictor,
    "ONNX Runtime": onnx_predictor,
    "PyTorch": torch_predictor,
    "PyTorch, channels last": partial(torch_predictor, channels_last=True),
}


def train(name: str, layers: str, batch: str) -> list[float]:
    return list(TRAINERS[name](layers, int(batch)))[1:]


def predict(name: str) -> list[float]:
    images, _ = load("test")
    predict_all = PREDICTORS[name](images)
    assert np.allclose(predict_all(), np.load("artifacts/evaluate/probabilities.npy"), atol=1e-4)
    rates = []
    for _ in range(PASSES):
        started = time.perf_counter()
        predict_all()
        rates.append(len(images) / (time.perf_counter() - started))
    return rates


COMMANDS: dict[str, Callable[..., list[float]]] = {"train": train, "predict": predict}

if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    print(json.dumps(COMMANDS[command](*arguments)))
