"""The stage fonts, with a program that replaces npm."""

import json
from pathlib import Path

import pytest

from pipeline.data.sources.npm import FetchError
from pipeline.reader_training.synthesis.font_packages import BATCH, load_fonts
from stages.fonts import fonts
from tests.pipeline.data.sources.npm import replace_npm, write_archive
from tests.processes import ROOT

BODIES = {f"hand-{number}": f"font {number}".encode() for number in range(BATCH + 2)}
COPY = """echo call >> "$SHELF/calls"
for word in "$@"; do
    name=${word#@fontsource/}
    case "$word" in @*) cp "$SHELF/${name%@*}" "fontsource-${name%@*}-${name#*@}.tgz" || exit; esac
done"""


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the archive of a package for each of BODIES, which npm copies."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    lines = ["name,version,licence,sha256"]
    for name, body in BODIES.items():
        files = {f"package/files/{name}-latin-400-normal.woff{end}": body for end in ("", "2")}
        lines.append(f"{name},1.0.0,OFL-1.1,{write_archive(folder / name, files)}")
    (folder / "fonts.csv").write_text("\n".join(lines))
    monkeypatch.setattr("pipeline.reader_training.synthesis.font_packages.FONT_TABLE", folder / "fonts.csv")
    monkeypatch.setenv("SHELF", str(folder))
    replace_npm(tmp_path, COPY, monkeypatch)
    return folder


def test_every_font_is_written_by_few_calls_of_npm(tmp_path: Path, shelf: Path) -> None:
    output = tmp_path / "artifacts" / "fonts"
    fonts(output=output)
    found = {path.name: path.read_bytes() for path in output.iterdir() if path.name != "manifest.json"}
    assert json.loads(found.pop("fonts.json")) == dict.fromkeys(BODIES, "OFL-1.1")
    assert found == {f"{name}.woff": body for name, body in BODIES.items()}
    assert len((shelf / "calls").read_text().splitlines()) == 2


def test_one_wrong_archive_leaves_nothing(tmp_path: Path, shelf: Path) -> None:
    write_archive(shelf / f"hand-{BATCH}", {"package/index.js": b""})
    with pytest.raises(
        FetchError, match=f"fontsource-hand-{BATCH}-1.0.0.tgz does not match .*--fonts included"
    ) as raised:
        fonts(output=tmp_path / "artifacts" / "fonts")
    assert "\n" not in str(raised.value)
    assert not [path for path in tmp_path.glob("artifacts/**/*") if path.suffix != ".lock" and path.is_file()]


def test_included_fonts_need_no_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = tmp_path / "artifacts" / "fonts"
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FetchError, match="npm is not installed.*--fonts included"):
        fonts(output=output)
    fonts(fonts="included", output=output)
    assert [path.name for path in output.iterdir()] == ["manifest.json"]


def test_known_fonts_are_free_and_not_included() -> None:
    known = load_fonts()
    names = {font.name for font in known}
    assert len(names) == len(known)
    assert not names & {path.stem for path in ROOT.glob("pipeline/reader_training/synthesis/fonts/*.woff")}
    assert {font.licence for font in known} == {"OFL-1.1", "Apache-2.0"}
    assert all(len(bytes.fromhex(font.package.sha256)) == 32 for font in known)
