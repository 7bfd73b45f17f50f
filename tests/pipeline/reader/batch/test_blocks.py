import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline.pictures.decoding import load_page
from pipeline.reader import PRETRAINED, Reader, load
from pipeline.reader.batch import blocks
from pipeline.reader.batch.blocks import Request, read_picture, read_pictures
from pipeline.reader.batch.boxes import UNSURE_COLOUR
from pipeline.reader.batch.folders import PictureFile, find_pictures
from pipeline.scheduling.backends import Backend
from tests.drawings import enlarge, sample_digits


@pytest.fixture(scope="module")
def reader() -> Reader:
    return load(PRETRAINED)


@pytest.fixture
def pictures(tmp_path: Path) -> list[PictureFile]:
    """Write pictures of the digits 7, 2, 1, 0."""
    for index in range(4):
        Image.fromarray(255 - enlarge(sample_digits()[0][index], 4)).save(tmp_path / f"{index}.png")
    return find_pictures([str(tmp_path)])


def read(reader: Reader, pictures: Sequence[PictureFile], backend: Backend | None = None) -> list[str]:
    outcomes = [outcome for block in read_pictures(Request(reader), pictures, backend) for outcome in block]
    return [reading.error or reading.text for reading, _ in outcomes]


@pytest.mark.parametrize(
    "backend", [None, Backend("threads", 2), pytest.param(Backend("processes", 2), marks=pytest.mark.slow)]
)
def test_results_and_errors_are_in_the_order_of_the_pictures(
    backend: Backend | None,
    reader: Reader,
    pictures: list[PictureFile],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO((tmp_path / "3.png").read_bytes())))
    others = find_pictures([str(tmp_path / "none.png"), str(tmp_path / "broken.png"), "-"])
    found = read(reader, [*pictures * 4, *others], backend)  # more than a block
    single = [text for picture in pictures for text in read(reader, [picture])]
    assert len(set(single)) == 4
    assert found[:16] == single * 4
    assert "none.png does not exist" in found[16]
    assert "broken.png is not a picture" in found[17]
    assert found[18:] == single[3:]


def test_block_ends_before_its_contents_fill_the_memory(
    reader: Reader, pictures: list[PictureFile], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "PICTURES_BYTES", 1 + (tmp_path / "0.png").stat().st_size)
    found = list(read_pictures(Request(reader), pictures, Backend("threads", 2)))
    assert [len(block) for block in found] == [2, 2]


def test_file_that_is_too_large_is_not_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.pictures.decoding.MAX_FILE_SIZE", 10)
    for size in (10, 11):
        (tmp_path / f"{size}.png").write_bytes(bytes(size))
    small, large = blocks.load_contents(find_pictures([str(tmp_path)]))
    assert small == bytes(10)
    assert "11.png is too large" in str(large)


@pytest.mark.parametrize(
    ("mode", "compression"), [("1", "group4"), ("RGB", "jpeg"), ("I;16", None), ("RGBA", "tiff_lzw")]
)
def test_pages_have_the_pixels_of_their_file(mode: str, compression: str | None, tmp_path: Path) -> None:
    levels = np.arange(60 * 80, dtype=np.uint16).reshape(60, 80) % 251
    pages = [
        Image.fromarray(257 * each) if mode == "I;16" else Image.fromarray(each.astype(np.uint8)).convert(mode)
        for each in (levels, levels[::-1], levels.T)
    ]
    path = tmp_path / "scan.tif"
    pages[0].save(path, save_all=True, append_images=pages[1:], compression=compression)
    contents = list(blocks.load_contents(find_pictures([str(path)])))
    assert len(contents) == 3
    for page, content in enumerate(contents):
        assert isinstance(content, Image.Image)
        found, expected = load_page(content, "it"), load_page(path, "it", page)
        assert np.array_equal(found.grey, expected.grey)
        assert found.size == expected.size


def test_damaged_page_is_an_error_and_the_others_are_read(tmp_path: Path) -> None:
    page = Image.fromarray(np.arange(3600, dtype=np.uint16).astype(np.uint8).reshape(60, 60))
    page.save(tmp_path / "scan.tif", save_all=True, append_images=[page] * 3, compression="tiff_lzw")
    with Image.open(tmp_path / "scan.tif") as scan:
        scan.seek(1)
        strips = scan.tag_v2[273], scan.tag_v2[279]  # type: ignore[attr-defined]
    body = bytearray((tmp_path / "scan.tif").read_bytes())
    for start, size in zip(*strips, strict=True):
        body[start : start + size] = b"\xff" * size
    (tmp_path / "scan.tif").write_bytes(body)
    found = list(blocks.load_contents(find_pictures([str(tmp_path / "scan.tif")])))
    assert "scan.tif#2 is damaged" in str(found[1])
    assert [each.size for each in (found[0], *found[2:]) if isinstance(each, Image.Image)] == [(60, 60)] * 3


def test_each_page_is_found_from_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the time for a file grows with the square of its pages."""
    page = Image.new("L", (8, 8))
    page.save(tmp_path / "scan.tif", save_all=True, append_images=[page] * 29)
    opened: list[Any] = []
    original = Path.open

    def open_and_count(*arguments: Any) -> Any:
        opened.append(arguments)
        return original(*arguments)

    found = find_pictures([str(tmp_path / "scan.tif")])
    monkeypatch.setattr(Path, "open", open_and_count)
    assert len(list(blocks._split_blocks(found, 1))) == 30
    assert len(opened) == 1


def test_copy_shows_where_a_digit_may_be_missing(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    body = io.BytesIO()
    Image.new("L", (200, 200), 255).save(body, "PNG")
    result = reader.read(io.BytesIO(body.getvalue()))
    assert result.text == ""
    likely = replace(result, possible=np.array([[50, 60, 90, 100]]))
    monkeypatch.setattr(Reader, "read_page", lambda *arguments: likely)
    _, copied = read_picture(Request(reader, copies=True), PictureFile("blank.png", Path("blank.png")), body.getvalue())
    assert copied
    with Image.open(io.BytesIO(copied)) as copy:
        red = (np.asarray(copy) == UNSURE_COLOUR).all(axis=2)
    assert red[80].nonzero()[0].tolist() == [49, 90]
