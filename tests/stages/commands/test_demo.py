"""The command demo."""

import webbrowser
from pathlib import Path

import pytest

from pipeline.engine.errors import UsageError
from stages.commands.demo import demo


def test_page_of_the_included_model_is_written_and_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    pages = [tmp_path / name for name in ("one.html", "two.html")]
    assert "one.html 0." in demo(output=pages[0])
    demo(output=pages[1], show=False)
    assert opened == [pages[0].as_uri()]
    assert pages[0].read_bytes() == pages[1].read_bytes()
    assert pages[0].stat().st_size < 1e6
    assert "99." in pages[0].read_text(encoding="utf-8").partition("<dt>Accuracy</dt>")[2][:20]


def test_folder_is_refused_as_output(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="folder"):
        demo(output=tmp_path)
