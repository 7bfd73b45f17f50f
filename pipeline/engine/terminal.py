"""Escapes for characters that are not printable, because names are untrusted."""

import unicodedata


def is_printable(character: str) -> bool:
    """Return whether a character is printable or a space; `str.isprintable` accepts only one kind of space."""
    return character.isprintable() or unicodedata.category(character) == "Zs"


def printable(text: str) -> str:
    r"""Return the text on one line, with escapes such as `\x1b` for characters that are not printable."""
    return "".join(each if is_printable(each) else repr(each)[1:-1] for each in text)
