"""Read and write JSON documents, validated against dataclasses by msgspec."""

import json
import math
import sys
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta as Meta  # for modules elsewhere, in whose keys the version of msgspec would count

from pipeline.engine import STORE
from pipeline.engine.errors import PipelineError

T = TypeVar("T")

MAX_INTEGER = (1 << 63) - 1  # larger ones are neither indices nor floats
MAX_BYTES = 100_000_000  # of a document, which is read whole
FINITE = sys.float_info.max  # infinity exceeds it

NonNegative = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]
Positive = Annotated[int, Meta(ge=1, le=MAX_INTEGER)]
Share = Annotated[float, Meta(ge=0, le=1)]
Fraction = Annotated[float, Meta(ge=0, lt=1)]
Duration = Annotated[float, Meta(ge=0)]


def advise_anew(path: Path) -> str:
    """Return how to get a file again; in the store, the name of its folder begins with the stage."""
    is_stored = path.parent.parent.name == STORE
    return f"run the stage {path.parent.name.rpartition('-')[0]} again" if is_stored else "create it again"


def load_json(path: Path, kind: type[T]) -> T:
    """Return the content of a JSON file as `kind`; see `convert`.

    Raises PipelineError if the file is missing, not regular or not valid.
    """
    try:
        require_regular(path, MAX_BYTES)
        return decode(path.read_bytes(), kind)
    except FileNotFoundError:
        raise PipelineError(f"{path} is missing: {advise_anew(path)}") from None
    except (ValueError, PipelineError) as error:
        raise PipelineError(f"{path} is not valid ({error}): {advise_anew(path)}") from None


def require_regular(path: Path, most: float = math.inf) -> None:
    """Raise ValueError for a folder, a pipe, whose opening may block forever, a device, or more than `most` bytes."""
    if path.exists() and not path.is_file():
        raise ValueError("not a regular file")
    if path.exists() and path.stat().st_size > most:
        raise ValueError(f"more than {most / 1e6:g} MB")


def decode(text: bytes | str, kind: type[T]) -> T:
    """Return the value of a JSON text as `convert` does. Raises PipelineError, also for NaN and lone surrogates."""
    try:
        value = msgspec.json.decode(text)
    except (ValueError, RecursionError) as error:
        raise PipelineError(str(error)) from None
    return convert(value, kind)


def convert(value: Any, kind: type[T]) -> T:
    """Return a value from JSON as `kind`, such as a dataclass, whose default values stand for missing keys.

    Unknown keys are ignored; an int is accepted for a float. Raises PipelineError for values of other types, and for
    those that the dataclass refuses, whatever it raises.
    """
    try:
        return msgspec.convert(value, kind)
    except (ValueError, LookupError, ArithmeticError, RecursionError) as error:
        raise PipelineError(str(error)) from None


def save_json(path: Path, content: Any) -> None:
    """Write `content` as indented JSON. Raises ValueError if it contains NaN or infinity."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
