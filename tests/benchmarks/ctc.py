"""Speed of the CTC loss and its gradient, compared with PyTorch.

    python -m tests.benchmarks.ctc

Both get float32 logits of strips and texts of 0 to 20 symbols, on one thread, each in a process of its own. Needs
PyTorch.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np

from tests.benchmarks.markdown import table
from tests.benchmarks.training import ROUNDS, run_in_turn

OUTPUTS, COLUMNS, LONGEST = 13, 128, 20
BATCHES = (8, 24)
PASSES = 200


def make_batch(n: int) -> tuple[Any, Any]:
    """Return logits (outputs, columns, n) and texts (longest, n)."""
    from pipeline.network.ctc import PADDING

    generator = np.random.default_rng(0)
    logits = generator.normal(0, 3, (OUTPUTS, COLUMNS, n)).astype(np.float32)
    inside = np.arange(LONGEST)[:, np.newaxis] < generator.integers(0, LONGEST + 1, n)
    return logits, np.where(inside, generator.integers(0, OUTPUTS - 1, (LONGEST, n)), PADDING)


def ours(logits: Any, texts: Any) -> tuple[float, Any]:
    from pipeline.network.ctc import ctc

    return ctc(logits, texts)


def torch(logits: Any, texts: Any) -> tuple[float, Any]:
    import torch

    torch.set_num_threads(1)
    n = logits.shape[2]
    z = torch.from_numpy(logits).requires_grad_()
    lengths = torch.from_numpy((texts >= 0).sum(axis=0))
    loss = torch.nn.functional.ctc_loss(
        z.log_softmax(0).permute(1, 2, 0),
        torch.from_numpy(texts.T.clip(0)),
        torch.full((n,), COLUMNS),
        lengths,
        blank=OUTPUTS - 1,
        reduction="sum",
    )
    (loss / n).backward()
    return loss.item() / n, z.grad.numpy()


LOSSES: dict[str, Callable[[Any, Any], tuple[float, Any]]] = {"ours": ours, "PyTorch": torch}


def main() -> None:
    rows = []
    for n in BATCHES:
        times = {name: statistics.median(values) for name, values in run_in_turn("ctc", LOSSES, str(n)).items()}
        rows.append([n, *(f"{value:.0f} µs" for value in times.values()), f"{times['ours'] / times['PyTorch']:.2f}"])
    print(table(["strips in a batch", *LOSSES, "ours / PyTorch"], rows))
    print(f"\nCPU time of a strip: {OUTPUTS} outputs, {COLUMNS} columns, texts of up to {LONGEST} symbols, one thread.")
    print(f"Medians of {PASSES} passes in each of {ROUNDS} processes that take turns. PyTorch {version('torch')}.")


def run(name: str, n: str) -> None:
    """Print as JSON the microseconds of CPU time for a strip in each pass."""
    from threadpoolctl import threadpool_limits

    logits, texts = make_batch(int(n))
    compute, times = LOSSES[name], []
    with threadpool_limits(1):
        compute(logits, texts)
        for _ in range(PASSES):
            started = time.process_time()
            compute(logits, texts)
            times.append((time.process_time() - started) / int(n) * 1e6)
    print(json.dumps(times))


if __name__ == "__main__":
    run(*sys.argv[1:]) if sys.argv[1:] else main()
