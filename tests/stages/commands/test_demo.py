"""The command demo."""

import webbrowser
from pathlib import Path

import pytest

from pipeline.engine.errors import UsageError
from stages.commands.demo import demo


def test_page_of_the_included_model_is_written_and_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)  # returns None, as without a browser
    pages = [tmp_path / name for name in ("one.html", "two.html")]
    assert "open it in a browser" in demo(output=pages[0])
    demo(output=pages[1], show=False)
    assert opened == [pages[0].as_uri()]
    assert pages[0].read_bytes() == pages[1].read_bytes()
    assert pages[0].stat().st_size < 1e6
    assert "99." in pages[0].read_text(encoding="utf-8").partition("<dt>Accuracy</dt>")[2][:20]


@pytest.mark.parametrize(("name", "words"), [("page.html", "folder"), ("notes.txt", "does not end in .html")])
def test_folder_and_file_of_another_program_are_refused_as_output(name: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "page.html").mkdir()
    with pytest.raises(UsageError, match=words):
        demo(output=tmp_path / name)
