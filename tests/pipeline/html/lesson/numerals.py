"""Numbers as the lesson shows them."""

import re
from decimal import Decimal


def parse(text: str) -> list[Decimal]:
    """Return the numbers of a text, exactly as shown; a minus sign is one unless it stands between two numbers."""
    numbers = re.findall(r"\u2212?\d+(?:\.\d+)?", text)
    return [Decimal(number.replace("\u2212", "-")) for number in numbers]
