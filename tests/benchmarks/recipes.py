"""Test accuracy, calibration, size and training time of the recipes, over several seeds.

    python -m tests.benchmarks.recipes

Runs the stages in a folder of their own, whose store keeps the results: an interrupted benchmark resumes. `record` is
trained once.
"""

import csv
import logging
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np

from pipeline.model import PRETRAINED_MODEL
from pipeline.model.metrics import load_metrics, measure_reliability
from pipeline.model.model import Model, load_model
from pipeline.model.onnx import save_onnx
from pipeline.model.prediction import predict
from pipeline.reader import PRETRAINED, load
from pipeline.training.recipes import RecipeName
from stages.download import download
from stages.evaluate import evaluate
from stages.normalize import normalize
from stages.parse import parse
from stages.train import train
from tests.benchmarks.markdown import spread, table

KEPT = Path("artifacts/.figures")
SEEDS = 5


@dataclass(frozen=True)
class Run:
    """accuracy: of the test images. error: expected calibration error. size: bytes of model.onnx."""

    model: Model
    accuracy: float
    error: float
    seconds: float
    size: int


def run(recipe: RecipeName, seed: int) -> Run:
    """Run the stages on MNIST; results of an earlier run with equal parameters and code are restored."""
    made = {name: KEPT / name for name in ("download", "parse", "normalize", "train", "evaluate")}
    download(dataset="mnist", output=made["download"])
    parse(download=made["download"], output=made["parse"])
    normalize(parse=made["parse"], output=made["normalize"])
    train(normalize=made["normalize"], recipe=recipe, seed=seed, output=made["train"])
    evaluate(normalize=made["normalize"], train=made["train"], output=made["evaluate"])
    metrics = load_metrics(made["evaluate"])
    with open(made["train"] / "history.csv", newline="") as file:
        seconds = sum(float(row["seconds"]) for row in csv.DictReader(file))
    model, onnx = load_model(made["train"]), KEPT / "model.onnx"
    save_onnx(onnx, model)
    return Run(model, metrics.accuracy, metrics.expected_calibration_error, seconds, onnx.stat().st_size)


def show_accuracy(runs: list[Run]) -> str:
    values = [each.accuracy * 100 for each in runs]
    return spread(values, ".2f", "%") if len(runs) > 1 else f"{values[0]:.2f}% (one run)"


def show_seconds(runs: list[Run]) -> str:
    seconds = statistics.median(each.seconds for each in runs)
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def count_parameters(model: Model) -> int:
    return sum(flat.size for flat in model.parameters)


def measure_pretrained() -> list[str]:
    """Return the line of the pretrained model."""
    model = load(PRETRAINED).model
    images, labels = (np.load(KEPT / f"parse/test-{kind}.npy") for kind in ("images", "labels"))
    probabilities = predict(model, images)
    accuracy, error = np.mean(probabilities.argmax(axis=1) == labels), measure_reliability(probabilities, labels).error
    size = PRETRAINED_MODEL.stat().st_size
    cells = [f"{count_parameters(model):,}", f"{size / 1e6:.2f} MB", f"{accuracy:.2%}", f"{error:.2%}"]
    return ["the pretrained model", *cells, ""]


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    rows = []
    for name in get_args(RecipeName):
        runs = [run(name, seed) for seed in range(1, 2 if name == "record" else SEEDS + 1)]
        error, model = statistics.median(each.error for each in runs), runs[0].model
        cells = [f"{count_parameters(model):,}", f"{runs[0].size / 1e6:.2f} MB", show_accuracy(runs), f"{error:.2%}"]
        rows.append([f"`{name}`", *cells, show_seconds(runs)])
    header = ["recipe", "parameters", "file", "test accuracy", "calibration error", "training"]
    print(table(header, [*rows, measure_pretrained()]))
    print(f"\nMedians of {SEEDS} seeds, with the minimum and maximum in parentheses; `record` is trained once.")
    print("File: `model.onnx`; of the pretrained model `model.safetensors`, with 16 bits per parameter.")
    print("Calibration error: expected calibration error on the test images, in 15 bins.")


if __name__ == "__main__":
    main()
