"""Read and write JSON documents, validated against dataclasses."""

import json
import math
import reprlib
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from pipeline.engine.errors import PipelineError

T = TypeVar("T")

# Number types with the smallest and the largest valid value.
Count = Annotated[int, 0, math.inf]
Positive = Annotated[int, 1, math.inf]
Share = Annotated[float, 0, 1]
Duration = Annotated[float, 0, math.inf]

DEEPEST = 100  # nesting depth; deeper documents could exceed the recursion limit

# What parsing a document and `build` may raise.
INVALID = (ValueError, TypeError, LookupError, ArithmeticError, RecursionError, PipelineError)


def load_json(
    path: Path,
    kind: type[T],
    arrange: Callable[[dict[str, Any]], Any] = lambda content: content,
    advice: str = "remove it and run its stage again",
) -> T:
    """Return the object in a JSON file, converted to `kind` by `build`.

    arrange: applied to the object first. advice: end of the error message if the file is not valid. Raises
    PipelineError if the file is missing, not regular or not valid.
    """
    try:
        require_regular(path)
        content = json.loads(path.read_bytes())
        # refuse values that JSON cannot represent: lone surrogates, NaN, infinity
        json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
        if _depth(content) > DEEPEST:
            raise ValueError(f"more than {DEEPEST} levels deep")
        built: T = build(kind, arrange(build(dict[str, Any], content)))
        return built
    except FileNotFoundError:
        raise PipelineError(f"{path} is missing: run its stage again") from None
    except INVALID as error:
        raise PipelineError(f"{path} is not valid ({error}): {advice}") from None


def require_regular(path: Path) -> None:
    """Raise ValueError if `path` is a folder, a pipe or a device; opening a pipe may block forever."""
    if path.exists() and not path.is_file():
        raise ValueError("not a regular file")


def build(kind: Any, value: Any) -> Any:
    """Convert a value from JSON to `kind`: a dataclass, tuple, dict, Literal, number type with limits, or plain type.

    Types must match exactly: a bool is not an int. A dataclass requires all of its keys; others are ignored.
    Raises TypeError or ValueError, or what the dataclass raises.
    """
    origin, parts = get_origin(kind), get_args(kind)
    if kind is Any:
        return value
    if origin is UnionType:  # with None
        return None if value is None else build(parts[0], value)
    if origin is Annotated:
        number, (_, least, largest) = build(parts[0], value), parts
        if not least <= number <= largest:
            raise ValueError(f"{reprlib.repr(value)} is not from {least} to {largest}")
        return number
    if origin is Literal:
        if value not in parts:
            raise ValueError(f"{reprlib.repr(value)} is not one of {', '.join(parts)}")
        return value
    if origin is tuple:
        items = build(list, value)
        kinds = [parts[0]] * len(items) if parts[-1] is ... else parts
        return tuple(build(*pair) for pair in zip(kinds, items, strict=True))
    if origin in (dict, Mapping):
        return {name: build(parts[1], item) for name, item in build(dict, value).items()}
    if isinstance(kind, type) and is_dataclass(kind):
        hints, content = get_type_hints(kind, include_extras=True), build(dict, value)
        missing = hints.keys() - content.keys()
        if missing:
            raise ValueError(f"missing keys: {', '.join(sorted(missing))}")
        return kind(**{name: build(hint, content[name]) for name, hint in hints.items()})
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise TypeError(f"{reprlib.repr(value)} is not of the type {kind.__name__}")
    return value


def save_json(path: Path, content: Any) -> None:
    """Write `content` as indented JSON. Raises ValueError if it contains NaN or infinity."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inner), default=0)
