"""Fields of a dataclass with limits and a help text, as in `Annotated[float, Meta(ge=0), "Help."]`."""

import reprlib
from dataclasses import Field, fields
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec

from pipeline.engine.documents import FINITE, MAX_INTEGER
from pipeline.engine.errors import UsageError

TYPE_NOUNS = {int: "a whole number", float: "a number", str: "a text"}
LIMIT_WORDS = {"gt": "above", "ge": "of at least", "lt": "below", "le": "of at most"}  # attributes of Meta


def list_described(schema: Any) -> list[tuple[Field[Any], Any, str]]:
    """Return each field with a help text of a dataclass or of its instance, with the type and the text."""
    annotated = [(each, get_args(each.type)) for each in fields(schema) if get_origin(each.type) is Annotated]
    return [(each, kind, text) for each, (kind, *_, text) in annotated if isinstance(text, str)]


def check_values(values: Any) -> None:
    """Convert the values of a dataclass to the types of their fields. Raises UsageError for one that does not fit."""
    for field, kind, _ in list_described(values):
        found = getattr(values, field.name)
        try:
            converted = msgspec.convert(found, field.type)
        except msgspec.ValidationError:
            name = field.name.replace("_", " ")
            raise UsageError(f"{name} cannot be {reprlib.repr(found)}: use {_describe_type(field.type)}") from None
        # Adding 0 turns -0.0 into 0.0, so that the keys are equal.
        object.__setattr__(values, field.name, converted + 0 if kind is float else converted)


def _describe_type(annotation: Any) -> str:
    """Return what a type allows, such as "a number above 0 and of at most 1"."""
    kind, *others = get_args(annotation)
    if get_origin(kind) is Literal:
        return f"one of {', '.join(map(str, get_args(kind)))}"
    metas = [each for each in others if isinstance(each, msgspec.Meta)]
    found = {name: getattr(meta, name) for meta in metas for name in LIMIT_WORDS if getattr(meta, name) is not None}
    limits = [f"{LIMIT_WORDS[name]} {limit:,}" for name, limit in found.items() if limit not in (FINITE, MAX_INTEGER)]
    return " ".join([TYPE_NOUNS[kind], " and ".join(limits)]).strip()
