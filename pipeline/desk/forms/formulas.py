"""Formulas of a form: how the number in one field follows from others, as in `sum = "quantity * price"`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from pipeline.engine.errors import UsageError

MOST_FORMULA_CHARACTERS = 300  # of a formula, which bounds how deep its parts are within each other
NUMBER_IN_FORMULA = re.compile(r"\d+(\.\d+)?", re.ASCII)
SUM = re.compile(r"sum\s*\(")

# ("field", name), ("number", value as n or n/d), ("sum", name), ("negative", part) or (sign, left, right).
Tree = tuple["str | Tree", ...]


@dataclass(frozen=True)
class Formula:
    """How to calculate the number of a field. text: as it is written in the form."""

    text: str
    tree: Tree


class UnknownError(Exception):
    """A formula has no value, because a number was not read or is divided by 0."""


def parse_formula(text: str, names: Sequence[str], has_sums: bool) -> Formula:
    """Return the formula that a text is: + - * / ( ), numbers, and names of fields.

    has_sums: whether sum(NAME) may add up a field. Raises UsageError that says what is wrong.
    """
    if len(text) > MOST_FORMULA_CHARACTERS:
        raise UsageError(f"it has more than {MOST_FORMULA_CHARACTERS} characters")
    tokens = _split(text, names, has_sums)
    tree, rest = _parse_terms(tokens)
    if rest:
        raise UsageError(f"nothing can precede {_show(rest[0])} there")
    return Formula(text, tree)


def _split(text: str, names: Sequence[str], has_sums: bool) -> list[Tree]:
    """Return the parts of a formula: fields, numbers and sums as in a tree, and signs as tuples of one."""
    by_length = sorted(names, key=len, reverse=True)
    tokens: list[Tree] = []
    place = 0
    while rest := text[place:].lstrip():
        place = len(text) - len(rest)
        name = next((each for each in by_length if _begins_with(rest, each)), "")
        if found := SUM.match(rest):
            if not has_sums:
                raise UsageError("sum(NAME) is only for [sums]")
            rest = rest[found.end() :].lstrip()
            name = next((each for each in by_length if _begins_with(rest, each)), "")
            if not name or not rest[len(name) :].lstrip().startswith(")"):
                raise UsageError(f"sum( needs one field, as in sum({names[0]})")
            tokens.append(("sum", name))
            place = len(text) - len(rest[len(name) :].lstrip()) + 1
        elif found := NUMBER_IN_FORMULA.match(rest):
            tokens.append(("number", str(Fraction(found[0]))))
            place += found.end()
        elif name:
            tokens.append(("field", name))
            place += len(name)
        elif rest[0] in "+-*/()":
            tokens.append((rest[0],))
            place += 1
        else:
            word = re.split(r"[+*/()]", rest)[0].strip() or rest[0]
            raise UsageError(f"{word} is not a field: the fields are {', '.join(names)}")
    return tokens


def _begins_with(text: str, name: str) -> bool:
    """Return whether a text begins with a name, and not with a longer word."""
    following = text[len(name) : len(name) + 1]
    return text.startswith(name) and not (name[-1].isalnum() and (following.isalnum() or following == "_"))


def _show(token: Tree) -> str:
    return str(token[-1])


def _parse_terms(tokens: Sequence[Tree]) -> tuple[Tree, Sequence[Tree]]:
    """Return the tree of a sum or difference at the beginning, and the tokens after it."""
    tree, rest = _parse_factors(tokens)
    while rest and rest[0] in (("+",), ("-",)):
        (sign,) = rest[0]
        right, rest = _parse_factors(rest[1:])
        tree = (sign, tree, right)
    return tree, rest


def _parse_factors(tokens: Sequence[Tree]) -> tuple[Tree, Sequence[Tree]]:
    tree, rest = _parse_part(tokens)
    while rest and rest[0] in (("*",), ("/",)):
        (sign,) = rest[0]
        right, rest = _parse_part(rest[1:])
        tree = (sign, tree, right)
    return tree, rest


def _parse_part(tokens: Sequence[Tree]) -> tuple[Tree, Sequence[Tree]]:
    if not tokens:
        raise UsageError("it ends too early")
    first, rest = tokens[0], tokens[1:]
    if first == ("(",):
        tree, rest = _parse_terms(rest)
        if not rest or rest[0] != (")",):
            raise UsageError("a parenthesis is not closed")
        return tree, rest[1:]
    if first == ("-",):
        tree, rest = _parse_part(rest)
        return ("negative", tree), rest
    if len(first) == 1:
        raise UsageError(f"{_show(first)} cannot stand there")
    return first, rest


def list_fields(tree: Tree, kind: str) -> set[str]:
    """Return the names of the fields in a tree; kind: "field" for those with one number, "sum" for added ones."""
    if tree[0] in ("field", "sum", "number"):
        return {str(tree[1])} if tree[0] == kind else set()
    return set[str]().union(*(list_fields(part, kind) for part in tree[1:] if isinstance(part, tuple)))


def evaluate_formula(
    tree: Tree, values: Mapping[str, Fraction | None], added: Mapping[str, Fraction | None] | None = None
) -> Fraction | None:
    """Return the value of a formula, or None if it is empty.

    values: numbers of fields; those of empty cells are None or missing. added: the sums of fields. Nothing counts as 0
    if something is added to it or subtracted; times something, or divided, it is nothing. Raises UnknownError after a
    division by 0 or by nothing.
    """
    match tree:
        case ("field", str(name)):
            return values.get(name)
        case ("sum", str(name)):
            return (added or {}).get(name)
        case ("number", str(text)):
            return Fraction(text)
        case ("negative", tuple(part)):
            value = evaluate_formula(part, values, added)
            return None if value is None else -value
        case (str(sign), tuple(one), tuple(other)):
            return _combine(sign, evaluate_formula(one, values, added), evaluate_formula(other, values, added))
    raise ValueError(f"{tree} is not a formula")


def _combine(sign: str, left: Fraction | None, right: Fraction | None) -> Fraction | None:
    if left is None and right is None:
        return None
    if sign in "+-":
        return (left or Fraction(0)) + (right or Fraction(0)) * (1 if sign == "+" else -1)
    if sign == "/" and not right:
        raise UnknownError
    if left is None or right is None:
        return None
    return left * right if sign == "*" else left / right
