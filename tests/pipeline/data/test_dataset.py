from pathlib import Path

import pytest

from pipeline.data.dataset import Description, load_description, read_class_names, save_description
from pipeline.engine.errors import PipelineError


def test_description_round_trip(tmp_path: Path) -> None:
    description = Description("letters", ("a", "お", "T-shirt/top", "10\xa0km"))
    save_description(tmp_path, description)
    assert load_description(tmp_path) == description


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (b"no\nyes\n", ("no", "yes")),
        (b"\xef\xbb\xbfno\r\n yes \r\n\r\n", ("no", "yes")),
        (None, ()),
        ("お\nT-shirt/top, small".encode(), ("お", "T-shirt/top, small")),
        ("10\xa0km\nひら\u3000がな".encode(), ("10\xa0km", "ひら\u3000がな")),
    ],
)
def test_class_names_are_read_one_per_line(body: bytes | None, names: tuple[str, ...], tmp_path: Path) -> None:
    if body is not None:
        (tmp_path / "class-names.txt").write_bytes(body)
    assert read_class_names(tmp_path) == names


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"a\n\nb\n", "line 2 is empty"),
        (b"a\nb\na\n", "line 3 repeats a"),
        (b"a\n\x1b[2Jb\n", "line 2, .* is not printable"),
        (b"a\xe2\x80\xa8b\n", "line 1, .* is not printable"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"a\n" + b"7" * 5000, "line 2 has 5,000 characters: use at most 255"),
    ],
)
def test_invalid_class_names_are_named(body: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "class-names.txt").write_bytes(body)
    with pytest.raises(PipelineError, match=message):
        read_class_names(tmp_path)
