"""The baseline of the benchmark `predict`: a plain loop in NumPy with the network of `artifacts/train`.

    python -m tests.benchmarks.plain IDX-FILE OUTPUT THREADS

BLAS uses THREADS threads; there is no resume log and no Dask. Prints the seconds after the imports, as `handwriting
predict` does. Needs `artifacts/` with a single network.
"""

import sys
import time
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from pipeline.data.scaling import standardise
from pipeline.model.model import load_model
from pipeline.network.network import forward, make_buffers

BLOCK = 256
HEADER = 16  # bytes before the pixels


def main(path: str, output: str, threads: str) -> None:
    """Write the predicted labels to `output` and print the duration."""
    started = time.perf_counter()
    model = load_model(Path("artifacts/train"))
    (network,) = model.networks
    buffers = make_buffers(network)
    height, width = model.image_shape
    predicted = []
    with threadpool_limits(int(threads), "blas"), open(path, "rb") as file:
        file.seek(HEADER)
        while pixels := file.read(BLOCK * height * width):
            images = np.frombuffer(pixels, np.uint8).reshape(-1, height, width)
            standardised = np.moveaxis(standardise(images, model.scaling), 0, -1)
            logits = forward(network, standardised, buffers).logits[: len(model.class_names)]
            predicted.append(logits.argmax(axis=0).astype(np.uint8))
    np.save(output, np.concatenate(predicted))
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main(*sys.argv[1:])
