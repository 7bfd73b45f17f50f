import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.engine.documents import Share, load_json, save_json
from pipeline.engine.errors import PipelineError


@dataclass(frozen=True)
class Leaf:
    size: int
    green: Share
    veins: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.size == 13:
            raise PipelineError("bad luck")
        if self.size == 14:
            raise KeyError(self.size)


def test_saved_json_is_loaded_unchanged(tmp_path: Path) -> None:
    content = {"a": [1, 0.5, True, None, "ö"], "b": {}}
    save_json(tmp_path / "a.json", content)
    assert load_json(tmp_path / "a.json", dict) == content


def test_content_becomes_a_dataclass_whatever_else_there_is(tmp_path: Path) -> None:
    save_json(tmp_path / "a.json", {"size": 3, "green": 1, "veins": [1, 2], "age": 9})
    assert load_json(tmp_path / "a.json", Leaf) == Leaf(3, 1.0, (1, 2))


@pytest.mark.parametrize("value", ["", "{", "NaN", "[Infinity]", "1e999", '"\\ud800"', "[" * 99999])
def test_json_that_cannot_be_written_again_is_not_valid(value: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(f'{{"a": {value}}}')
    with pytest.raises(PipelineError, match=r"a\.json is not valid"):
        load_json(tmp_path / "a.json", dict)


@pytest.mark.parametrize(
    "content",
    [
        [],
        {},
        {"size": 1},
        *({"green": 1, "size": size} for size in (True, 1.0, "1", 13, 14)),
        {"size": 1, "green": 1.5},
    ],
)
def test_invalid_content_is_refused_in_one_line_with_advice(content: Any, tmp_path: Path) -> None:
    save_json(tmp_path / "a.json", content)
    with pytest.raises(PipelineError, match=r"^.*a\.json is not valid \(.+\): create it again$"):
        load_json(tmp_path / "a.json", Leaf)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800"])
def test_content_that_json_cannot_represent_is_not_written(value: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        save_json(tmp_path / "a.json", [value])


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


def test_document_of_gigabytes_is_refused_before_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").touch()
    os.truncate(tmp_path / "a.json", 6 << 30)
    with pytest.raises(PipelineError, match=r"a.json is not valid \(more than 100 MB\)"):
        load_json(tmp_path / "a.json", dict)
