"""Write pipeline/model/pretrained/: the model in artifacts/train with 16-bit parameters, and its card.

make pretrained                            train the models, then run this for each
python -m tests.tools.pretrained --reader  write the reader in artifacts/detector, and its card, instead
python -m tests.tools.pretrained --check   compare the model's accuracy on the test images of MNIST with its card
"""

import argparse
import re
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from pipeline.data.dataset import load_description
from pipeline.engine.threads import single_threaded_blas
from pipeline.html.model_card import make_model_card
from pipeline.model import PRETRAINED_MODEL, PRETRAINED_READER
from pipeline.model.metrics import Metrics, compute_metrics
from pipeline.model.model import Detector, Model, load_model, load_training
from pipeline.model.prediction import predict
from pipeline.model.safetensors import load_safetensors, save_safetensors
from pipeline.reader import PRETRAINED, load
from pipeline.reader_training.calibration import calibrate
from pipeline.reader_training.columns import build_recogniser_task, load_lines
from pipeline.training.epochs import accuracy
from stages.detector import make_reader_card

CARD = PRETRAINED / "MODEL_CARD.md"
TOLERANCE = 0.0005  # of the accuracy: matrix products differ in their last bits between processors

USAGE = """\
## Usage

`handwriting classify photo.jpg` and `pipeline.reader` use this model where no model has been trained:

```python
from pipeline.reader import load

reader = load()
print(reader.read("photo.jpg").text)
```

`model.safetensors` has {size:.0f} kB: the parameters as 16-bit floats, and in its metadata the other values that \
prediction needs. All figures on this card are those of the rounded parameters.

"""


def main() -> None:
    """Write or check the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=Path, default=Path("artifacts/train"))
    parser.add_argument("--parse", type=Path, default=Path("artifacts/parse"))
    parser.add_argument("--reader", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if options.reader:
        return write_reader(Path("artifacts/detector"), Path("artifacts/lines"))
    if load_description(options.parse).name != "mnist":
        sys.exit(f"{options.parse} is not MNIST")
    images, labels = (np.load(options.parse / f"test-{name}.npy") for name in ("images", "labels"))
    if options.check:
        measured, stated = float((load(PRETRAINED).predict(images) == labels).mean()), stated_accuracy()
        print(f"pretrained model: test accuracy on {len(images):,} images: {measured:.2%}, on its card: {stated:.2%}")
        sys.exit(len(images) != 10_000 or abs(measured - stated) > TOLERANCE)
    write(options.train, images, labels)


def write_reader(folder: Path, lines: Path) -> None:
    """Write both networks of the reader in 8 bits, with the figures that the second one has after rounding; its card.

    folder: artifact of the stage `detector`; beside it is that of `rows`, whose network it has.
    """
    save_safetensors(PRETRAINED_READER, load_model(folder), np.int8)
    model = load_safetensors(PRETRAINED_READER)
    assert isinstance(model, Detector)
    validation = load_lines(lines, "validation")
    task = build_recogniser_task(model.row.header, validation, validation, by_column=0.0)
    row = replace(model.row, validation_accuracy=accuracy(task, model.row.networks[0]))
    row, quality = calibrate(row, validation)
    model = replace(model, row=row)
    save_safetensors(PRETRAINED_READER, model, np.int8)
    rows = {**load_training(folder.parent / "rows"), "numbers": asdict(quality)}
    card = make_reader_card(model, load_training(folder), rows)
    (PRETRAINED / "READER_CARD.md").write_text(card, encoding="utf-8")
    print(f"{PRETRAINED_READER}: {PRETRAINED_READER.stat().st_size:,} bytes, {quality}")


def stated_accuracy() -> float:
    """Return the test accuracy on the card."""
    front_matter = yaml.safe_load(CARD.read_text(encoding="utf-8").split("---\n")[1])
    (result,) = front_matter["model-index"][0]["results"]
    return next(float(metric["value"]) for metric in result["metrics"] if metric["type"] == "accuracy")


def write(train: Path, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> None:
    """Write the pretrained model and its card. images, labels: the test images, uint8 (n, 28, 28) and (n,)."""
    PRETRAINED.mkdir(exist_ok=True)
    metrics, confusion = save_with_accuracy(PRETRAINED_MODEL, load_model(train), images, labels)
    CARD.write_text(make_card(load_safetensors(PRETRAINED_MODEL), train, metrics, confusion), encoding="utf-8")


def save_with_accuracy(
    path: Path, model: Model, images: NDArray[np.uint8], labels: NDArray[np.uint8]
) -> tuple[Metrics, NDArray[np.int64]]:
    """Write a model in 16 bits; return the metrics and the confusion matrix of the rounded parameters.

    images, labels: the test images, uint8 (n, 28, 28) and (n,).
    """
    save_safetensors(path, model, np.float16)
    with single_threaded_blas():
        metrics, confusion = compute_metrics(predict(load_safetensors(path), images), labels, model.class_names)
    model = replace(model, test_accuracy=metrics.accuracy, test_images=metrics.images)
    save_safetensors(path, model, np.float16)
    print(f"{path}: {path.stat().st_size:,} bytes, test accuracy {metrics.accuracy:.2%}")
    return metrics, confusion


def make_card(model: Model, train: Path, metrics: Metrics, confusion: NDArray[np.int64]) -> str:
    """Return the model card of `export`, with the parts that differ for this file."""
    card = make_model_card(model, load_training(train), metrics, confusion)
    usage = USAGE.format(size=PRETRAINED_MODEL.stat().st_size / 1e3)
    for pattern, text in (
        (r"library_name: onnx\n", "library_name: safetensors\n"),
        (r"^- onnx\n", ""),
        (r"## Usage\n.*?(?=## Training\n)", usage),
        (r"(?<=\$ )make export (.*)", r"make pretrained  # runs make train \1"),
    ):
        card, count = re.subn(pattern, text, card, flags=re.DOTALL | re.MULTILINE)
        assert count == 1, pattern
    return card


if __name__ == "__main__":
    main()
