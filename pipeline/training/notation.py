"""Notation of hidden layers: `conv16,conv64,128` is two convolutions and a dense layer; the output layer is implied.

`conv16x5/2` has 16 filters, a kernel of 5 x 5 and a stride of 2. This kernel and stride are the defaults.
"""

import re

from pipeline.engine.errors import UsageError

KERNEL, STRIDE = 5, 2  # defaults  (Simard, Steinkraus & Platt 2003)
LARGEST = 1_000_000
NUMBER = r"([1-9]\d{0,6})"
NOTATION = re.compile(f"conv{NUMBER}(?:x{NUMBER})?(?:/{NUMBER})?|{NUMBER}", re.ASCII)


def parse_layers(text: str) -> list[tuple[int, int, int]]:
    """Parse hidden layers, as in `conv16,conv64x3/1,128`, into (outputs, kernel, stride); dense: (units, 0, 0).

    Raises UsageError.
    """
    parsed = []
    for part in map(str.strip, text.split(",") if text.strip() else ()):
        match = NOTATION.fullmatch(part)
        numbers = [int(number) for number in match.groups(default="0")] if match else []
        if not numbers or max(numbers) > LARGEST:
            raise UsageError(
                f"layers cannot contain '{part}': write units as 128 and convolutions as conv16 or conv16x5/2 "
                f"(filters, kernel, stride), numbers from 1 to {LARGEST}, as in conv16,conv64,128"
            )
        filters, kernel, stride, units = numbers
        parsed.append((filters, kernel or KERNEL, stride or STRIDE) if filters else (units, 0, 0))
    return parsed


def format_layers(text: str) -> str:
    """Return the shortest notation, the same for equal layers. Raises UsageError."""
    return ",".join(format_layer(*part) for part in parse_layers(text))


def format_layer(outputs: int, kernel: int, stride: int) -> str:
    """Return the shortest notation of one layer."""
    if not kernel:
        return str(outputs)
    shown_kernel = f"x{kernel}" if kernel != KERNEL else ""
    return f"conv{outputs}{shown_kernel}" + (f"/{stride}" if stride != STRIDE else "")
