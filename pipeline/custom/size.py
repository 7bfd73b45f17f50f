"""The size of the images that pictures are fitted to."""

import re

from pipeline.engine.errors import UsageError

IMAGE_SIZE = "28x28"  # as in MNIST
SIDES = (4, 1024)  # pixels


def parse_size(text: str) -> tuple[int, int]:
    """Return height and width of a text such as 28x28. Raises UsageError for any other text."""
    found = re.fullmatch(r"(\d{1,4})x(\d{1,4})", text)
    height, width = map(int, found.groups()) if found else (0, 0)
    if not (SIDES[0] <= min(height, width) and max(height, width) <= SIDES[1]):
        raise UsageError(
            f"--image-size must be height x width, each {SIDES[0]} to {SIDES[1]}, as in 28x28, not '{text}'"
        )
    return height, width


def check_size(text: str | None) -> str | None:
    """Return the text unchanged. Raises UsageError if it is given but is not a size."""
    if text is not None:
        parse_size(text)
    return text
