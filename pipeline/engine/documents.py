"""Facts cross from one stage to the next as JSON that a person can read."""

import json
from pathlib import Path
from typing import Any, TypeVar

from pipeline.engine.errors import PipelineError

T = TypeVar("T")

DEEPEST = 100  # lists and objects one within the other; what is deeper could not be worked through by recursion


def load_json(path: Path) -> Any:
    """The content of a JSON file. Raises PipelineError if it is missing or no JSON."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        # what could not be written again is none: half a surrogate pair, a number beyond all numbers
        json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
        _check_depth(content)
        return content
    except FileNotFoundError:
        raise PipelineError(f"{path} is missing: run its stage again") from None
    except (ValueError, RecursionError) as error:
        raise PipelineError(f"{path} is no JSON ({error}): remove it and run its stage again") from None


def save_json(path: Path, content: Any) -> None:
    """Write `content` as JSON that a person can read. NaN has no place in JSON: ValueError."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def exactly(kind: type[T], value: Any) -> T:
    """`value`, which must be of this very type: JSON has `true` for no number, and a text for no list of letters.

    Raises TypeError.
    """
    if type(value) is not kind:
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value


def number(value: Any) -> float:
    """`value`, which must be a number. Raises TypeError."""
    return float(value) if type(value) is int else exactly(float, value)


def texts(value: Any) -> tuple[str, ...]:
    """`value`, which must be a list of texts. Raises TypeError."""
    return tuple(exactly(str, text) for text in exactly(list, value))


def _check_depth(content: Any) -> None:
    level = [content]
    for _ in range(DEEPEST):
        inner = [node.values() if isinstance(node, dict) else node for node in level if isinstance(node, dict | list)]
        level = [node for nodes in inner for node in nodes]
        if not level:
            return
    raise ValueError(f"it is more than {DEEPEST} levels deep")
