"""Test accuracy, calibration, size and training speed of the recipes, over several seeds.

    python -m tests.benchmarks.recipes [values | variants | networks | fashion]

Runs the stages in a folder of their own, whose store keeps the results: an interrupted benchmark resumes. `record` is
trained once. values: the hyperparameters in which the recipes differ. variants: of the recipe standard. networks: the
networks of the ensemble `record`. fashion: `standard` on Fashion-MNIST, with and without augmentation.
"""

import argparse
import csv
import logging
import statistics
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np

from pipeline.data.catalogue import DatasetName
from pipeline.evaluation.metrics import load_metrics, measure_reliability
from pipeline.model.model import Model, load_model
from pipeline.model.onnx import save_onnx
from pipeline.model.prediction import predict, predict_logits
from pipeline.reader import PRETRAINED, load
from pipeline.training.recipe import Recipe, to_dict
from pipeline.training.recipes import RECIPES, RecipeName
from stages.download import download
from stages.evaluate import evaluate
from stages.normalize import normalize
from stages.parse import parse
from stages.train import train
from tests.benchmarks.markdown import spread, table
from tests.benchmarks.training import TRAINERS, fits, measure

KEPT = Path("artifacts/.figures")
SEEDS = 5
VARIANTS: dict[str, dict[str, dict[str, Any]]] = {
    "mnist": {
        "`standard`, `--negatives 0`": {"negatives": 0.0},
        **{f"`standard`, `--epochs {epochs}`": {"epochs": epochs} for epochs in (1, 2, 3)},
    },
    "fashion-mnist": {
        "`standard`, `--negatives 0`": {"negatives": 0.0},
        "`standard`, `--negatives 0 --augment-fraction 0`": {"negatives": 0.0, "augment_fraction": 0.0},
    },
}


@dataclass(frozen=True)
class Run:
    """accuracy: of the test images. error: expected calibration error. size: bytes of model.onnx."""

    model: Model
    accuracy: float
    error: float
    seconds: float
    size: int


def run(dataset: DatasetName, recipe: RecipeName, **changes: Any) -> Run:
    """Run the stages; results of an earlier run with equal parameters and code are restored."""
    folder = KEPT / dataset
    made = {name: folder / name for name in ("parse", "normalize", "train", "evaluate")}
    download(dataset=dataset, output=folder / "download")
    parse(download=folder / "download", output=made["parse"])
    normalize(parse=made["parse"], output=made["normalize"])
    train(parse=made["parse"], normalize=made["normalize"], recipe=recipe, output=made["train"], **changes)
    evaluate(normalize=made["normalize"], train=made["train"], output=made["evaluate"])
    metrics = load_metrics(made["evaluate"])
    with open(made["train"] / "history.csv", newline="") as file:
        seconds = sum(float(row["seconds"]) for row in csv.DictReader(file))
    model, onnx = load_model(made["train"]), folder / "model.onnx"
    save_onnx(onnx, model)
    return Run(model, metrics.accuracy, metrics.expected_calibration_error, seconds, onnx.stat().st_size)


def run_seeds(dataset: DatasetName, recipe: RecipeName, seeds: int = SEEDS, **changes: Any) -> list[Run]:
    return [run(dataset, recipe, seed=seed, **changes) for seed in range(1, seeds + 1)]


def show_accuracy(runs: list[Run]) -> str:
    values = [each.accuracy * 100 for each in runs]
    return spread(values, ".2f", "%") if len(runs) > 1 else f"{values[0]:.2f}% (one run)"


def show_seconds(runs: list[Run]) -> str:
    seconds = statistics.median(each.seconds for each in runs)
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def count_parameters(model: Model) -> int:
    return sum(parameters.flat.size for parameters in model.parameters)


def show_speed(recipe: Recipe) -> list[str]:
    """Return the images/s of training the layers in batches of the recipe: ours, and the faster PyTorch."""
    names = [name for name in TRAINERS if fits(name, recipe.layers) and "matrix" not in name]
    rates = measure(names, recipe.layers, recipe.batch_size)
    ours, *others = (statistics.median(rates[name]) for name in names)
    return [f"{ours:,.0f}", f"{max(others):,.0f}"]


def list_values() -> str:
    """Return a table of the hyperparameters in which the recipes differ."""
    values = {f"`{name}`": to_dict(recipe) for name, recipe in RECIPES.items()}
    differing = [key for key in to_dict(Recipe()) if len({str(each[key]) for each in values.values()}) > 1]
    rows = [[f"`{key.replace('_', '-')}`", *(str(each[key]) for each in values.values())] for key in differing]
    return table(["option", *values], rows)


def measure_pretrained() -> list[str]:
    """Return the line of the pretrained model."""
    model = load(PRETRAINED).model
    images, labels = (np.load(KEPT / f"mnist/parse/test-{kind}.npy") for kind in ("images", "labels"))
    probabilities = predict(model, images)
    accuracy, error = np.mean(probabilities.argmax(axis=1) == labels), measure_reliability(probabilities, labels).error
    size = (PRETRAINED / "model.safetensors").stat().st_size
    cells = [f"{count_parameters(model):,}", f"{size / 1e6:.2f} MB", f"{accuracy:.2%}", f"{error:.2%}"]
    return ["the pretrained model", *cells, "", "", ""]


def measure_recipes() -> None:
    rows = []
    for name in get_args(RecipeName):
        runs = run_seeds("mnist", name, 1 if name == "record" else SEEDS)
        error, model = statistics.median(each.error for each in runs), runs[0].model
        cells = [f"{count_parameters(model):,}", f"{runs[0].size / 1e6:.2f} MB", show_accuracy(runs), f"{error:.2%}"]
        rows.append([f"`{name}`", *cells, show_seconds(runs), *show_speed(RECIPES[name])])
    header = ["recipe", "parameters", "file", "test accuracy", "calibration error", "training", "images/s"]
    print(table([*header, "PyTorch, images/s"], [*rows, measure_pretrained()]))
    print(f"\nMedians of {SEEDS} seeds, with the minimum and maximum in parentheses; `record` is trained once.")
    print("File: `model.onnx`; of the pretrained model `model.safetensors`, with 16 bits per parameter.")
    print("Calibration error: expected calibration error on the test images, in 15 bins.")
    print("images/s: training with Adam, without augmentation, on the layers and the batch size of the recipe.")


def measure_variants(dataset: DatasetName = "mnist", title: str = "variant") -> None:
    variants = {name: run_seeds(dataset, "standard", **changes) for name, changes in VARIANTS[dataset].items()}
    rows = [[name, show_accuracy(runs), show_seconds(runs)] for name, runs in variants.items()]
    print(table([title, "test accuracy", "training time"], rows))
    print(f"\nMedians of {SEEDS} seeds, with the minimum and maximum in parentheses.")


def measure_networks() -> None:
    """Print the accuracy of an ensemble by the number of its networks, and of its networks alone."""
    model = run("mnist", "record", seed=1).model
    images, labels = (np.load(KEPT / f"mnist/normalize/test-{kind}.npy") for kind in ("images", "labels"))
    alone = [predict_logits(replace(model, parameters=(each,)), images) for each in model.parameters]
    correct = [f"{np.mean(logits.argmax(axis=1) == labels):.2%}" for logits in alone]
    sums = [sum(alone[: count + 1]) for count in range(len(alone))]
    together = [f"{np.mean(np.argmax(logits, axis=1) == labels):.2%}" for logits in sums]
    rows = zip(range(1, len(alone) + 1), correct, together, strict=True)
    print(table(["network of `record`", "test accuracy", "with those before it"], list(rows)))


PARTS = {
    "values": lambda: print(list_values()),
    "variants": measure_variants,
    "networks": measure_networks,
    "fashion": lambda: measure_variants("fashion-mnist", "Fashion-MNIST"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="?", choices=PARTS)
    part = parser.parse_args().part
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    PARTS.get(part, measure_recipes)()


if __name__ == "__main__":
    main()
