"""The lesson of the pretrained model: digits in several forms are read, other drawings refused.

The strokes are given to the page's functions, without pointer events.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from pipeline.html.lesson.page import save_lesson
from pipeline.reader import PRETRAINED, load
from tests.browser import open_page
from tests.pipeline.html.lesson.handwriting import draw_non_digits, write_digits
from tests.pipeline.html.strokes import Strokes

pytestmark = pytest.mark.slow

READ = """(drawings) => {
    const model = unpackModel(JSON.parse(document.getElementById("data").textContent));
    const read = (strokes) => (isDot(strokes) ? null : readStrokes(model, strokes).digit);
    return drawings.map((drawn) => read(drawn.map((stroke) => stroke.map(([x, y]) => ({ x, y })))) ?? "");
}"""


@pytest.fixture(scope="module")
def pretrained(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    file = tmp_path_factory.mktemp("pretrained") / "index.html"
    save_lesson(file, load(PRETRAINED).model)
    with open_page(browser, file) as page:
        yield page


def read(page: Page, drawings: list[Strokes]) -> list[str]:
    """Return the predicted digit of each drawing, "" for none."""
    return [str(digit) for digit in page.evaluate(READ, drawings)]


def test_digits_in_five_forms_are_read(pretrained: Page) -> None:
    digits, forms, drawings = zip(*write_digits(), strict=True)
    found = read(pretrained, list(drawings))
    wrong = [case for case in zip(digits, forms, found, strict=True) if str(case[0]) != case[2]]
    assert len(wrong) <= 4, wrong


def test_letters_and_most_other_drawings_are_refused(pretrained: Page) -> None:
    kinds, drawings = zip(*draw_non_digits(), strict=True)
    found = list(zip(kinds, read(pretrained, list(drawings)), strict=True))
    read_as_digits = [(kind, number) for kind, number in found if number]
    assert not [kind for kind, _ in read_as_digits if len(kind) == 1]  # letters
    assert len(read_as_digits) <= len(found) / 4, read_as_digits
