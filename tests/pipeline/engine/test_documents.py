from pathlib import Path
from typing import Any

import pytest

from pipeline.engine.documents import DEEPEST, exactly, load_json, number, save_json, texts
from pipeline.engine.errors import PipelineError


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    content = {"a": [1, 0.5, True, None, "ö"], "b": {}}
    save_json(tmp_path / "a.json", content)
    assert load_json(tmp_path / "a.json") == content


@pytest.mark.parametrize("body", ["", "{", "NaN", "[Infinity]", '{"a": -Infinity}', "1e999", "1" * 5000, '"\\ud800"'])
def test_what_could_not_be_written_again_is_no_json(body: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(body)
    with pytest.raises(PipelineError, match=r"a\.json is no JSON"):
        load_json(tmp_path / "a.json")


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_what_is_too_deep_to_be_worked_through_is_refused(opening: str, tmp_path: Path) -> None:
    closing = "]" if opening == "[" else "}"
    for depth in (DEEPEST, 900, 100_000):
        (tmp_path / "a.json").write_text(opening * depth + "0" + closing * depth)
        with pytest.raises(PipelineError, match=r"a\.json is no JSON"):
            load_json(tmp_path / "a.json")
    (tmp_path / "a.json").write_text(opening * (DEEPEST - 1) + "0" + closing * (DEEPEST - 1))
    assert load_json(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("read", "taken", "refused"),
    [
        (lambda value: exactly(int, value), [0, -1], [True, 1.0, "1", None]),
        (lambda value: exactly(str, value), ["", "a"], [1, None, ["a"]]),
        (number, [0, 0.5], [True, "0.5", None, [1]]),
        (texts, [[], ["a", "b"]], ["ab", ["a", 1], {"a": 1}, None]),
    ],
)
def test_a_value_is_of_its_very_type(read: Any, taken: list[Any], refused: list[Any]) -> None:
    for value in taken:
        assert read(value) == (tuple(value) if isinstance(value, list) else value)
    for value in refused:
        with pytest.raises(TypeError):
            read(value)
