import logging
import os
import sys
from pathlib import Path

import pytest
from PIL import Image

from pipeline.engine.errors import PipelineError, UsageError
from pipeline.reader.batch.folders import find_pictures, name_copies
from tests.processes import ROOT, capture, unprivileged


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder `scans` in the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scans").mkdir()
    return tmp_path / "scans"


def list_names(*names: str) -> list[str]:
    return [picture.name for picture in find_pictures(names)]


def test_folder_is_searched_recursively_in_order(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for name in ("d.png/e.png", "sub/c.jpg", ".git/f.png"):
        (folder / name).parent.mkdir()
    for name in (
        "b.png",
        "a.PNG",
        "sub/c.jpg",
        "d.png/e.png",
        ".hidden",
        ".git/f.png",
        "notes.txt",
        "sub/no extension",
    ):
        (folder / name).touch()
    os.mkfifo(folder / "pipe.png")
    assert list_names("scans") == ["scans/a.PNG", "scans/b.png", "scans/d.png/e.png", "scans/sub/c.jpg"]
    (line,) = caplog.messages
    assert "2 files" in line and "(.txt, none)" in line


def test_folder_without_pictures_is_an_error(folder: Path) -> None:
    (folder / "notes.txt").touch()
    with pytest.raises(PipelineError, match=r"1 file without the extension of a picture \(.txt\)"):
        find_pictures(["scans"])


def test_no_folder_is_left_out_because_it_cannot_be_read(folder: Path) -> None:
    (folder / "a.png").touch()
    (folder / "sub").mkdir(mode=0)
    code = "from pipeline.reader.batch.folders import find_pictures; find_pictures(['scans'])"
    line = [*unprivileged(), sys.executable, "-c", code]
    done = capture(line, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert "PipelineError: scans/sub cannot be searched for pictures (Permission denied)" in done.stderr


def test_files_to_convert_are_found_unless_they_were_converted(folder: Path) -> None:
    found = ["-1.png", "1.jpg", "2.heic", "3.pdf", "4.avif", "7.jfif", "8-01.png", "8-02.png", "9-1.png", "9.heic"]
    found += ["a-2023.jpg", "a.pdf"]
    for name in (*found, "1.HEIC", "5.docx", ".6.pdf", "._1.jpg", "8.PDF"):
        (folder / name).touch()
    expected = [f"scans/{name}#1" if name.endswith(".pdf") else f"scans/{name}" for name in found]
    assert list_names("scans") == expected


def test_pages_of_tiff_files_are_found(folder: Path) -> None:
    page = Image.new("L", (9, 9))
    page.save(folder / "many.TIF", save_all=True, append_images=[page] * 2)
    page.save(folder / "one.tiff")
    page.save(folder / "frames.gif", save_all=True, append_images=[Image.new("L", (9, 9), 255)])
    (folder / "damaged.tif").write_bytes((folder / "one.tiff").read_bytes()[:9])
    pages = [f"scans/many.TIF#{number}" for number in (1, 2, 3)]
    assert list_names("scans") == ["scans/damaged.tif", "scans/frames.gif", *pages, "scans/one.tiff"]
    assert list_names("scans/many.TIF", "none.tif") == [*pages, "none.tif"]
    copies = name_copies(find_pictures(["scans/many.TIF"]), [], Path("out"))
    assert [path.name for path in copies] == ["many-1.png", "many-2.png", "many-3.png"]


def test_tiff_file_of_too_many_pages_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Image.new("L", (9, 9))
    page.save(folder / "many.tif", save_all=True, append_images=[page] * 2)
    monkeypatch.setattr("pipeline.pictures.decoding.MAX_PAGES", 3)
    assert len(find_pictures(["scans"])) == 3
    monkeypatch.setattr("pipeline.pictures.decoding.MAX_PAGES", 2)
    with pytest.raises(PipelineError, match=r"scans/many.tif has more than 2 pages"):
        find_pictures(["scans"])


def test_pictures_in_linked_folders_are_found_once(folder: Path) -> None:
    for name in ("scans/own/a.png", "elsewhere/b.png"):
        Path(name).parent.mkdir()
        Path(name).touch()
    for name, target in (("another", "own"), ("circle", "."), ("linked", "../elsewhere"), ("own/up", "..")):
        (folder / name).symlink_to(target)
    assert list_names("scans") == ["scans/linked/b.png", "scans/own/a.png"]


def test_names_that_are_not_utf_8_stay_different(folder: Path) -> None:
    for name in (b"a\xfe.png", b"a\xff.png"):
        (folder / os.fsdecode(name)).touch()
    assert list_names("scans") == [r"scans/a\xfe.png", r"scans/a\xff.png"]


def test_page_may_not_have_the_copy_of_another_file(folder: Path) -> None:
    page = Image.new("L", (9, 9))
    page.save(folder / "a.tif", save_all=True, append_images=[page])
    page.save(folder / "a-2.png")
    with pytest.raises(UsageError, match=r"scans/a-2.png and scans/a.tif#2 would have the same copy"):
        name_copies(find_pictures(["scans"]), ["scans"], Path("out"))


@pytest.mark.parametrize(
    ("target", "name", "beside"),
    [
        ("scans/checked", "scans", "scans-checked"),
        ("scans", "./scans/", "scans-checked"),
        ("link/checked", "scans", "scans-checked"),
        ("out", ".", "../*-checked"),
    ],
)
def test_copies_may_not_lie_in_a_folder_that_is_searched(target: str, name: str, beside: str, folder: Path) -> None:
    (folder / "a.png").touch()
    (folder.parent / "link").symlink_to("scans")
    with pytest.raises(UsageError) as caught:
        name_copies(find_pictures([name]), [name], Path(target))
    assert Path(str(caught.value).rpartition(" ")[2]).match(beside)
    assert name_copies(find_pictures([name]), [name], Path(folder.parent.parent)) != []


def test_copies_may_lie_beside_pictures_that_are_named(folder: Path) -> None:
    (folder / "a.jpg").touch()
    assert name_copies(find_pictures(["scans/a.jpg"]), ["scans/a.jpg"], Path("scans")) == [Path("scans/a.png")]
