"""Speed of predicting the 10,000 test images, compared with ONNX Runtime and PyTorch.

    python -m tests.benchmarks.prediction

Needs `artifacts/` with all stages run on MNIST, and PyTorch. See `training` for the processes.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.data.scaling import standardise
from pipeline.model.model import load_model
from tests.benchmarks.markdown import spread, table
from tests.benchmarks.training import DATA, ROUNDS, run_in_turn, torch_network

PASSES = 10


def our_predictor(images: Any) -> Callable[[], Any]:
    from pipeline.engine.threads import count_cores
    from pipeline.model.prediction import predict
    from pipeline.network.thread_pool import ThreadPool

    model = load_model(Path("artifacts/train"))

    def predict_all() -> Any:
        with ThreadPool(count_cores()) as pool:
            bounds = [len(images) * i // pool.size for i in range(pool.size + 1)]

            def predict_part(part: int, thread: int) -> Any:
                return predict(model, images[bounds[part] : bounds[part + 1]], bounds[part])

            return np.concatenate(pool.run(predict_part, pool.size))

    return predict_all


def onnx_predictor(images: Any) -> Callable[[], Any]:
    import onnxruntime

    session = onnxruntime.InferenceSession("artifacts/export/model.onnx")
    return lambda: session.run(["probabilities"], {"images": images})[0]


def torch_predictor(images: Any) -> Callable[[], Any]:
    import torch

    model = load_model(Path("artifacts/train"))
    standardised = torch.tensor(standardise(images, model.scaling)[:, np.newaxis])
    network, pixels = torch_network(model.layers, standardised, channels_last=False)
    arrays = (array for layer in model.networks[0].parameters.layers for array in layer)
    for parameter, array in zip(network.parameters(), arrays, strict=True):
        parameter.data = torch.tensor(array)

    def predict_all() -> Any:
        with torch.inference_mode():
            logits = network(pixels)[:, : len(model.class_names)]
            return torch.softmax(logits / model.temperature, dim=1).numpy()

    return predict_all


PREDICTORS: dict[str, Callable[[Any], Callable[[], Any]]] = {
    "ours": our_predictor,
    "ONNX Runtime": onnx_predictor,
    "PyTorch": torch_predictor,
}


def main() -> None:
    rates = run_in_turn("prediction", PREDICTORS)
    ours = statistics.median(rates["ours"])
    rows = [
        [name, spread(values, ",.0f", " images/s"), f"{statistics.median(values) / ours:.2f}"]
        for name, values in rates.items()
    ]
    print(table(["10,000 test images", "median (minimum to maximum)", "relative to ours"], rows))
    print(f"\nThe recipe `standard`; {PASSES} passes in each of {ROUNDS} processes that take turns.")
    print(f"PyTorch {version('torch')}, ONNX Runtime {version('onnxruntime')}.")


def run(name: str) -> None:
    """Print as JSON the images/s of a contender in each pass."""
    images = np.load(DATA / "test-pixels.npy")
    predict_all = PREDICTORS[name](images)
    assert np.allclose(predict_all(), np.load("artifacts/evaluate/probabilities.npy"), atol=1e-4)
    rates = []
    for _ in range(PASSES):
        started = time.perf_counter()
        predict_all()
        rates.append(len(images) / (time.perf_counter() - started))
    print(json.dumps(rates))


if __name__ == "__main__":
    run(*sys.argv[1:]) if sys.argv[1:] else main()
