"""Measure the accuracy of each step of the tutorial on the 10,000 test images of MNIST, over three seeds."""

import re

import numpy as np

from tests.benchmarks.markdown import spread, table
from tests.docs.tutorial import PAGE, run
from tests.processes import ROOT

SEEDS = 3
STEPS = (  # what is new, and the beginning of the line that the page prints
    ("the data, and a constant guess", ".*always"),
    ("one layer", "one layer"),
    ("a hidden layer that does not learn", "random hidden layer, 1000"),
    ("backpropagation", ".*backpropagation"),
    ("mini-batches", "mini-batches"),
    ("Adam and a schedule", "Adam"),
    ("augmentation", "augmentation"),
    ("convolution", "convolution"),
)


def main() -> None:
    """Print the table."""
    text = PAGE.read_text(encoding="utf-8")
    test = {f"test_{name}": np.load(ROOT / "artifacts" / "parse" / f"test-{name}.npy") for name in ("images", "labels")}
    printed = [run(text, {"seed": seed, **test}, answers=False)[0] for seed in range(SEEDS)]
    headings = re.findall(r"^## (\d\. .*)", text, re.MULTILINE)
    anchors = [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]
    rows = []
    for number, ((name, line), anchor) in enumerate(zip(STEPS, anchors, strict=True), start=1):
        values = [float(re.findall(rf"^{line}.*?: ([\d.]+)%$", each, re.MULTILINE)[0]) for each in printed]
        shown = spread(values, ".1f") if len(set(values)) > 1 else f"{values[0]:.1f}"
        rows.append([f"[{number}](#{anchor})", name, shown])
    print(table(["step", "what is new", f"correct of {len(test['test_labels']):,} test images, in %"], rows))
    print(f"\nMedian over {SEEDS} seeds, with the minimum and the maximum.")


if __name__ == "__main__":
    main()
