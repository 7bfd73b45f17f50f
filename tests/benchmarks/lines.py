"""The protocol of the programs that read pictures for `comparison`: paths in, lines of JSON out.

It needs only the standard library, so that it also runs in the environment of the peers.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

Read = Callable[[Path], tuple[str, float]]  # the text, "" for no digit, and the confidence in it


def answer(name: str, read: Read) -> None:
    """Read the pictures whose paths stand in the lines of the standard input.

    The first line of the output is the name of the reader; each other one is a text, a confidence and the seconds that
    this picture took, from the file to the text.
    """
    print(json.dumps(name))
    for line in sys.stdin:
        start = time.perf_counter()
        text, confidence = read(Path(line.removesuffix("\n")))
        print(json.dumps([text, confidence, time.perf_counter() - start]), flush=True)
