"""The site: no link leads nowhere, and a browser can search it and draw in its lesson, also without a server."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.pipeline.html.lesson.input import draw
from tests.pipeline.html.strokes import DIGITS, place
from tests.processes import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of the site."""
    folder = tmp_path_factory.mktemp("site")
    options = ["--quiet", "--fail-on-warning", "--keep-going", "--conf-dir=docs", f"--doctree-dir={folder / 'cache'}"]
    command = [sys.executable, "-m", "sphinx", *options, ".", str(folder / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return (folder / "site").as_uri()


@pytest.fixture(scope="module")
def searching(browser: Browser) -> Iterator[Page]:
    """Yield a page for many searches."""
    with browser.new_context() as context:
        yield context.new_page()


@pytest.fixture(params=["light", "dark"])
def page(browser: Browser, site: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Yield the first page. Fail on a request for anything outside of the site."""
    others: list[str] = []
    with browser.new_context(color_scheme=request.param) as context:
        page = context.new_page()
        page.on(
            "request", lambda request: None if request.url.startswith((site, "data:")) else others.append(request.url)
        )
        page.goto(f"{site}/index.html")
        shown = page.evaluate("[...document.images].filter((i) => i.offsetWidth && i.naturalWidth).map((i) => i.src)")
        assert f"drawing-{request.param}.webp" in shown[0]
        yield page
    assert others == []


def test_relative_links_lead_to_a_place_of_the_site(site: str) -> None:
    root, missing = Path(site.removeprefix("file://")), []
    pages = {page: page.read_text(encoding="utf-8") for page in root.rglob("*.html")}
    for page, text in pages.items():
        for link in re.findall(r' (?:href|src|srcset)="(?!\w+:|#")([^"]*)"', text):
            path, _, name = link.partition("#")
            target = (page.parent / unquote(path.partition("?")[0])).resolve() if path else page
            names = re.findall(r'(?:id|name)="([^"]*)"', pages.get(target, ""))
            is_found = target.exists() and (not name or target not in pages or unquote(name) in names)
            missing += [] if is_found or name.startswith(("scene", "i=")) else [(page.name, link)]
    assert missing == []
    assert all("aria-level" in tag for text in pages.values() for tag in re.findall("<[^>]*role=.heading.[^>]*>", text))


@pytest.mark.parametrize(
    ("page", "term", "links"),
    [
        ("results", "recipe", ["recipes"]),  # of its many recipes the first, in the plural
        ("use/python", "reject class", ["reject class"]),
        ("use/review", "key", []),  # of the keyboard
        ("learn/tutorial", "logit", []),  # explained by the page
        ("reference/glossary", "shard", []),
    ],
)
def test_first_use_of_a_term_leads_to_the_glossary(page: str, term: str, links: list[str], site: str) -> None:
    root = Path(site.removeprefix("file://"))
    text = (root / f"docs/{page}.html").read_text(encoding="utf-8").partition("<article")[2].partition("</article>")[0]
    found = re.findall(r'<a class="reference internal" href="[^"]*glossary.html#[^"]*">(?:<span[^>]*>)?([^<]*)', text)
    assert [each for each in found if each.lower().startswith(term)] == links


@pytest.mark.parametrize(
    ("words", "target"),
    [
        ("stale", "docs/pipeline/reruns.html"),
        ("numbers from scans", "docs/use/pictures.html"),
        ("photo", "docs/use/pictures.html"),
        ("confidence", "docs/use/review.html"),
        ("misread", "docs/use/troubleshooting.html"),
        ("forms", "docs/use/forms.html"),
        ("GPU", "docs/faq.html#does-it-use-a-gpu"),
        ("CTC", "docs/learn/derivation.html#ctc-texts-without-segmentation"),
        ("im2col", "docs/learn/tutorial.html#patches-as-columns"),
        ("logit", "docs/learn/tutorial.html#2-one-layer"),
        ("seed", "docs/faq.html#are-results-reproducible"),
        ("reject class", "docs/reference/glossary.html#negative-examples-reject-class"),
        ("early stopping", "docs/reference/glossary.html#selected-epoch"),
        ("validation split", "docs/use/own-data.html#what-happens-to-the-pictures"),
        ("license", "docs/faq.html#licences"),
        ("batch norm", "docs/reference/layers.html#batch-normalisation"),
        ("epoch", "docs/learn/tutorial.html#5-mini-batches"),
        ("invoice", "docs/use/forms.html"),
        ("receipt", "docs/use/forms.html"),
        ("how to use my own data", "docs/use/own-data.html"),
        ("train on my own pictures", "docs/use/own-data.html"),
        ("it does not read my handwriting", "docs/use/troubleshooting.html"),
        ("my 7 is read as 1", "docs/use/troubleshooting.html"),
        ("export to ONNX", "docs/use/export.html"),
        ("excel leading zeros", "docs/use/pictures.html"),
        ("what does the percentage mean", "docs/use/review.html"),
        ("how do I add a stage", "docs/extending.html"),
        ("accuracy stays at 10%", "docs/use/troubleshooting.html"),
        ("why is my 7 read as 1", "docs/use/troubleshooting.html"),
        ("how does the reader work", "docs/learn/reader.html"),
        ("how do I delete old results", "docs/pipeline/reruns.html"),
        ("vanishing gradient", "docs/learn/five-bugs.html"),
        ("loss is nan", "docs/use/troubleshooting.html"),
        ("how do I add an activation function", "docs/learn/change.html"),
        ("label smoothing", "docs/learn/derivation.html"),
        ("what is a convolution", "docs/learn/tutorial.html"),
        ("does it run on Windows", "docs/faq.html"),
        ("the confidence is low", "docs/use/troubleshooting.html"),
        ("compare training runs", "docs/pipeline/reruns.html#training-runs-side-by-side"),
        ("exit status", "docs/reference/stage.html"),
    ],
)
def test_search_finds_first_what_explains_the_words(words: str, target: str, site: str, searching: Page) -> None:
    searching.goto(f"{site}/search.html?q={quote(words)}")
    assert target in find_first(searching)


def test_search_begins_in_the_box_of_each_page(page: Page) -> None:
    page.get_by_role("textbox", name="Search").first.fill("learning rate")
    page.keyboard.press("Enter")
    assert "docs/learn/derivation.html" in find_first(page)


def find_first(page: Page) -> str:
    """Return the address of the first result of a search."""
    found = page.locator("#search-results li a").first
    expect(found).to_be_visible(timeout=30_000)
    page.wait_for_function("Search.title?.textContent !== 'Searching'", timeout=30_000)
    return found.get_attribute("href") or ""


def test_search_shows_an_excerpt_of_the_first_page(site: str, browser: Browser) -> None:
    root = Path(site.removeprefix("file://"))
    errors: list[object] = []
    with browser.new_context() as context:
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(error))
        # Like a server, because a page from a file may not fetch others.
        page.route("http://site/**", lambda route: route.fulfill(path=root / route.request.url[12:].partition("?")[0]))
        page.goto("http://site/search.html?q=install")
        found = page.locator("#search-results li", has=page.locator("a[href^='README.html']")).first
        expect(found.locator("p")).to_contain_text("pip install", timeout=30_000)
        found.locator("a").click()
        page.wait_for_url("**/index.html", timeout=30_000)
    assert errors == []


def test_lesson_is_one_click_away_and_reads_a_drawing(page: Page) -> None:
    page.locator("article").get_by_role("link", name="Lesson", exact=True).click()
    page.locator("#go").click()
    draw(page, ".pad", place(DIGITS[3], 0.2, 0.2, 0.6))
    expect(page.locator(".answer")).to_have_text("3")


def test_links_to_code_show_the_file(page: Page) -> None:
    page.locator("article").get_by_role("link", name="layers.py", exact=True).click()
    expect(page.locator("pre")).to_contain_text("class Convolution")
