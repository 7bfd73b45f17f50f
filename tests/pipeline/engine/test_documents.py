import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from pipeline.engine.documents import DEEPEST, Share, build, load_json, save_json
from pipeline.engine.errors import PipelineError


@dataclass(frozen=True)
class Leaf:
    size: int
    green: Share

    def __post_init__(self) -> None:
        if self.size == 13:
            raise PipelineError("bad luck")


def test_saved_json_is_loaded_unchanged(tmp_path: Path) -> None:
    content = {"a": [1, 0.5, True, None, "ö"], "b": {}}
    save_json(tmp_path / "a.json", content)
    assert load_json(tmp_path / "a.json", dict) == content


@pytest.mark.parametrize("value", ["", "{", "NaN", "[Infinity]", "-Infinity", "1e999", "1" * 5000, '"\\ud800"', "\\"])
def test_json_that_cannot_be_written_again_is_not_valid(value: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(f'{{"a": {value}}}')
    with pytest.raises(PipelineError, match=r"a\.json is not valid"):
        load_json(tmp_path / "a.json", dict)


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_too_deeply_nested_json_is_refused(opening: str, tmp_path: Path) -> None:
    closing = "]" if opening == "[" else "}"
    for depth in (DEEPEST, 900, 100_000):
        (tmp_path / "a.json").write_text('{"a":' + opening * depth + "0" + closing * depth + "}")
        with pytest.raises(PipelineError, match=r"a\.json is not valid"):
            load_json(tmp_path / "a.json", dict)
    (tmp_path / "a.json").write_text('{"a":' + opening * (DEEPEST - 2) + "0" + closing * (DEEPEST - 2) + "}")
    assert load_json(tmp_path / "a.json", dict)


@pytest.mark.parametrize(
    "content",
    [[], {}, {"size": 1}, *({"green": 1, "size": size} for size in (True, 1.0, "1", 13)), {"size": 1, "green": 1.5}],
)
def test_invalid_content_is_refused_in_one_line_with_advice(content: Any, tmp_path: Path) -> None:
    save_json(tmp_path / "a.json", content)
    with pytest.raises(PipelineError, match=r"^.*a\.json is not valid \(.+\): water it$"):
        load_json(tmp_path / "a.json", Leaf, advice="water it")


@dataclass(frozen=True)
class Tree:
    leaf: Leaf
    kind: Literal["oak", "elm"]
    place: tuple[float, float]
    rings: tuple[int, ...]
    notes: Mapping[str, str | None]


TREE = {"leaf": {"size": 1, "green": 1}, "kind": "elm", "place": [0, 0.5], "rings": [], "notes": {"a": "b", "c": None}}


def test_build_converts_values_to_their_types() -> None:
    assert build(Tree, TREE) == Tree(Leaf(1, 1.0), "elm", (0.0, 0.5), (), {"a": "b", "c": None})


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("leaf", [None, [], 1, {"size": 1}]),
        ("kind", [None, "ash", ["elm"], 1]),
        ("place", [None, [], [1], [1, 2, 3], ["a", "b"], [True, False], "ab", {"a": 1, "b": 2}]),
        ("rings", [None, "12", {"1": 2}, [1.0], [None], 3]),
        ("notes", [None, [], {"a": 1}, "a"]),
    ],
)
def test_build_refuses_values_of_other_types(name: str, values: list[Any]) -> None:
    for value in values:
        with pytest.raises((TypeError, ValueError)):
            build(Tree, {**TREE, name: value})


def test_arrange_selects_part_of_a_document(tmp_path: Path) -> None:
    save_json(tmp_path / "a.json", {"tree": {"size": 3, "green": 1, "age": 9}})
    assert load_json(tmp_path / "a.json", Leaf, lambda content: content["tree"]) == Leaf(3, 1)
    with pytest.raises(PipelineError, match=r"a\.json is not valid"):
        load_json(tmp_path / "a.json", Leaf, lambda content: content["bush"])


@pytest.mark.timeout(60)
def test_only_regular_files_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    for name in ("pipe", "link", "."):
        with pytest.raises(PipelineError, match="not a regular file"):
            load_json(tmp_path / name, dict)
    save_json(tmp_path / "a.json", {"a": 1})
    (tmp_path / "good").symlink_to("a.json")
    assert load_json(tmp_path / "good", dict) == {"a": 1}
