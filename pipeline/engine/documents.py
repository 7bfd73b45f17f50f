"""Facts cross from one stage to the next as JSON that a person can read."""

import json
from pathlib import Path
from typing import Any

from pipeline.engine.errors import PipelineError


def load_json(path: Path) -> Any:
    """The content of a JSON file. Raises PipelineError if it is missing or no JSON."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        json.dumps(content, ensure_ascii=False).encode()  # half a surrogate pair could not be written again
        return content
    except FileNotFoundError:
        raise PipelineError(f"{path} is missing: run its stage again") from None
    except (ValueError, RecursionError) as error:
        raise PipelineError(f"{path} is no JSON ({error}): remove it and run its stage again") from None


def save_json(path: Path, content: Any) -> None:
    """Write `content` as JSON that a person can read. NaN has no place in JSON: ValueError."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
