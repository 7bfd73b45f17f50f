"""Fields of a dataclass with limits and a help text, as in `Annotated[float, Meta(ge=0), "Help."]`."""

import reprlib
from dataclasses import Field, fields
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec

from pipeline.engine.errors import UsageError


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
        except msgspec.ValidationError as error:
            name = field.name.replace("_", " ")
            advice = f"use one of {', '.join(get_args(kind))}" if get_origin(kind) is Literal else error
            raise UsageError(f"{name} cannot be {reprlib.repr(found)}: {advice}") from None
        # Adding 0 turns -0.0 into 0.0, so that the keys are equal.
        object.__setattr__(values, field.name, converted + 0 if kind is float else converted)
