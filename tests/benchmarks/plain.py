"""What anyone would write: a network of the recipe `standard` reads a file of images in plain NumPy.

    python -m tests.benchmarks.plain IDX-FILE OUTPUT THREADS

No tiles, no journal, no Dask. Prints the seconds from after the imports on, as `handwriting predict` counts them. Needs
`artifacts/` with a single network that has learned by cross-entropy.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

BLOCK = 8192
HEADER = 16  # bytes before the pixels


def main(path: str, output: str, threads: str) -> None:
    """Write the labels of all images to `output`, and print how long it took."""
    started = time.perf_counter()
    folder = Path("artifacts/train")
    about = json.loads((folder / "model.json").read_text())
    layers = [
        (np.load(folder / f"layer-{number}-weights.npy"), np.load(folder / f"layer-{number}-biases.npy"))
        for number in range(1, len(about["sizes"]))
    ]
    mean, deviation = np.float32(about["scaling"]["mean"]), np.float32(about["scaling"]["deviation"])
    said = []
    with threadpool_limits(int(threads), "blas"), open(path, "rb") as file:
        file.seek(HEADER)
        while pixels := file.read(BLOCK * about["sizes"][0]):
            a = np.frombuffer(pixels, np.uint8).reshape(-1, about["sizes"][0]).astype(np.float32)
            a /= 255
            a -= mean
            a /= deviation
            for weights, biases in layers[:-1]:
                a = a @ weights
                a += biases
                np.maximum(a, 0, out=a)
            weights, biases = layers[-1]
            said.append((a @ weights + biases).argmax(axis=1).astype(np.uint8))
    np.save(output, np.concatenate(said))
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main(*sys.argv[1:])
