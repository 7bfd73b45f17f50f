"""The site: no link leads nowhere, and a browser can search it and draw in its demo."""

import functools
import subprocess
import sys
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import find_violations
from tests.pipeline.html.input import draw_with_mouse, prediction
from tests.pipeline.html.strokes import DIGITS, place
from tests.processes import ROOT


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    options = ["--quiet", "--fail-on-warning", "--keep-going", "--conf-dir=docs", f"--doctree-dir={folder / 'cache'}"]
    command = [sys.executable, "-m", "sphinx", *options, ".", str(folder / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "site"


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Yield an empty page. Fail on exceptions and on requests for other servers."""
    errors: list[str] = []
    with browser.new_context() as context:
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: None if "//127.0.0.1:" in request.url else errors.append(request.url))
        yield page
    assert errors == []


@pytest.mark.parametrize(
    ("words", "target"),
    [
        ("stale", "docs/pipeline/reruns.html"),
        ("touching digits", "docs/use/pictures.html"),
        ("learning rate", "docs/learn/derivation.html"),
        ("hold_out", "docs/reference/python.html"),
    ],
)
def test_search_finds_first_what_explains_the_words(words: str, target: str, page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("searchbox").first.fill(words)
    page.keyboard.press("Enter")
    found = page.locator("#search-results li a").first
    expect(found).to_be_visible()
    assert target in (found.get_attribute("href") or "")


def test_demo_is_one_click_away_and_reads_a_drawing(page: Page, address: str) -> None:
    page.goto(address)
    page.locator("article").get_by_role("link", name="Drawing demo").click()
    draw_with_mouse(page, place(DIGITS[3], 0.2, 0.2, 0.6))
    assert prediction(page) == "3"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible_and_show_the_pictures_of_their_theme(scheme: str, browser: Browser, address: str) -> None:
    with browser.new_context(color_scheme=scheme) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(f"{address}/docs/learn/tutorial.html")
        sources = page.evaluate("[...document.images].filter(i => i.offsetWidth).map(i => [i.src, i.naturalWidth])")
        assert sources and all(scheme in source and width for source, width in sources)
        assert find_violations(page) == []
