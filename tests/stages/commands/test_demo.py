"""The command demo."""

import webbrowser
from pathlib import Path

import pytest

from pipeline.engine.errors import UsageError
from stages.commands.demo import demo


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the pages that are opened from now on, instead of opening them."""
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)  # returns None, as without a browser
    return opened


def test_page_of_the_included_model_is_written_and_opened(tmp_path: Path, opened: list[str]) -> None:
    page = tmp_path / "one.html"
    assert "open it in a browser" in demo(output=page)
    assert opened == [page.as_uri()]
    assert page.stat().st_size < 1e6
    assert "99." in page.read_text(encoding="utf-8").partition("<dt>Accuracy</dt>")[2][:20]


@pytest.mark.slow
def test_page_is_the_same_each_time_and_need_not_be_opened(tmp_path: Path, opened: list[str]) -> None:
    pages = [tmp_path / name for name in ("one.html", "two.html")]
    for page in pages:
        demo(output=page, show=False)
    assert opened == []
    assert pages[0].read_bytes() == pages[1].read_bytes()


@pytest.mark.parametrize(("name", "words"), [("page.html", "folder"), ("notes.txt", "does not end in .html")])
def test_folder_and_file_of_another_program_are_refused_as_output(name: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "page.html").mkdir()
    with pytest.raises(UsageError, match=words):
        demo(output=tmp_path / name)
