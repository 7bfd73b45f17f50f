"""Speed of predicting the 10,000 test images, compared with ONNX Runtime and PyTorch.

    python -m tests.benchmarks.prediction

Needs `artifacts/` with all stages run on MNIST, and PyTorch. See `contenders` for the implementations.
"""

import statistics
from importlib.metadata import version

from tests.benchmarks.contenders import PASSES, PREDICTORS
from tests.benchmarks.markdown import spread, table
from tests.benchmarks.training import ROUNDS, measure


def main() -> None:
    rates = measure("predict", PREDICTORS)
    ours = statistics.median(rates["ours"])
    rows = [
        [name, spread(values, ",.0f", " images/s"), f"{statistics.median(values) / ours:.2f}"]
        for name, values in rates.items()
    ]
    print(table(["10,000 test images", "median (minimum to maximum)", "relative to ours"], rows))
    print(f"\nThe recipe `standard`; {PASSES} passes in each of {ROUNDS} processes that take turns.")
    print(f"PyTorch {version('torch')}, ONNX Runtime {version('onnxruntime')}.")


if __name__ == "__main__":
    main()
