"""Test accuracy of the recipe `standard` on Fashion-MNIST, with and without augmentation.

    python -m tests.benchmarks.fashion

See `recipes`.
"""

import logging
from typing import Any

from tests.benchmarks.markdown import table
from tests.benchmarks.recipes import SEEDS, run_seeds, show_accuracy, show_seconds

VARIANTS: dict[str, dict[str, Any]] = {
    "`standard`, `--negatives 0`": {"negatives": 0.0},
    "`standard`, `--negatives 0 --augment-fraction 0`": {"negatives": 0.0, "augment_fraction": 0.0},
}


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    found = {name: run_seeds("fashion-mnist", "standard", **changes) for name, changes in VARIANTS.items()}
    rows = [[name, show_accuracy(runs), show_seconds(runs)] for name, runs in found.items()]
    print(table(["Fashion-MNIST", "test accuracy", "training time"], rows))
    print(f"\nMedians of {SEEDS} seeds, in brackets the minimum and maximum.")


if __name__ == "__main__":
    main()
