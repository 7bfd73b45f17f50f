"""Whoever has mistyped a word is told the one that was meant."""

import re
from collections.abc import Iterable
from typing import Any


def guess(word: str, known: Iterable[str]) -> str:
    """`. Did you mean 'train'?`, if one of the known words is much like `word`; otherwise nothing."""
    from difflib import get_close_matches

    near = get_close_matches(word, list(known), n=1)
    return f". Did you mean '{near[0]}'?" if near else ""


def with_hint(error: Exception, message: str) -> str:
    """The message of a usage error, without a full stop, and with a guess if it names what there is to choose from."""
    options: Any = getattr(error, "possibilities", None)
    if options:  # Typer has found them for a mistyped option
        return f"{message.partition(' (Possible options')[0]}. Did you mean '{options[0]}'?"
    message = message.rstrip(".").replace("Value error, ", "", 1)  # which is Typer's way to begin
    choice = re.search(r"'([^']*)'(?: is not one of |: choose one of )(.+)", message)
    if choice:
        message += guess(choice[1], re.findall(r"[\w-]+", choice[2]))
    return message
