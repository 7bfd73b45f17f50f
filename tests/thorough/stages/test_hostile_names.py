"""Class names that are injection attacks, through all stages, with the pages opened in a browser."""

import json
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import numpy as np
import onnx
import pytest
import yaml
from markdown_it import MarkdownIt
from playwright.sync_api import Browser, Page

from pipeline.data import idx
from pipeline.data.dataset import FILES
from tests.browser import open_page
from tests.processes import environment
from tests.stages.common import STAGES

NAMES = (
    "<script>window.pwned = 1</script>",
    "</script><script>window.pwned = 2</script>",
    '"><img src=x onerror="window.pwned = 3">',
    "' onfocus='window.pwned = 4' autofocus='",
    "<svg/onload=window.pwned=5>",
    "</title></style><iframe srcdoc='<script>parent.pwned = 6</script>'>",
    "<!--",
    "]]>",
    "{{7*7}}",
    "{% include 'x' %}",
    "${window.pwned = 7}",
    "`touch trap`",
    "$(touch trap)",
    "; touch trap",
    "a|b",
    "*a* _b_ ~c~ [d](javascript:alert(1)) ![e](http://localhost/e.png) \\",
    "&lt;b&gt;",
    "--- !!python/object/apply:os.mkdir [trap]",
    "__proto__",
    "constructor",
    "../../escaped",
    "%s %(x)s {0.__class__}",
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the artifacts of such a data set; the network makes some errors."""
    project = tmp_path_factory.mktemp("hostile")
    folder = project / "<img src=x onerror=alert(1)> $(touch trap)"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for count, (images, labels) in zip((440, 110), (FILES[:2], FILES[2:]), strict=True):
        truth = (np.arange(count) % len(NAMES)).astype(np.uint8)
        pictures = rng.integers(0, 200, (count, 8, 8), dtype=np.uint8)
        pictures.reshape(count, -1)[np.arange(count), truth] = 255
        idx.save(folder / images, pictures)
        idx.save(folder / labels, truth)
    (folder / "class-names.txt").write_text("\n".join(NAMES) + "\n", encoding="utf-8")
    options = {
        "download": ["--dataset", "custom", "--from", folder.name],
        "train": ["--layers", "conv4x3/1,16", "--epochs", "4"],
    }
    for stage in STAGES:
        command = [sys.executable, "-m", "stages.cli.main", stage, *options.get(stage, [])]
        subprocess.run(command, cwd=project, env=environment(), check=True, capture_output=True)
    assert {path.name for path in project.iterdir()} == {folder.name, "artifacts"}
    return project


def assert_untouched(page: Page) -> None:
    """Assert that no injected script ran and no name created an element; `open_page` checks the rest."""
    assert page.evaluate("window.pwned") is None
    assert page.locator("iframe, [onerror], [onfocus], [onload], script[src], img:not([src^='data:'])").count() == 0


def test_drawing_demo_shows_names_as_text(browser: Browser, project: Path) -> None:
    with open_page(browser, project / "artifacts/export/index.html") as page:
        assert page.locator("script").count() == 2  # the model and the program
        assert page.locator("#answer .name").all_text_contents() == [*NAMES, "none"]
        box = page.locator("#canvas").bounding_box()
        assert box
        for share in (0.2, 0.5, 0.8):
            page.mouse.move(box["x"] + share * box["width"], box["y"] + 0.1 * box["height"])
            page.mouse.down()
            page.mouse.move(box["x"] + share * box["width"], box["y"] + 0.9 * box["height"], steps=5)
            page.mouse.up()
        page.wait_for_function("document.getElementById('prediction').textContent.trim().length > 0")
        assert_untouched(page)


def test_report_shows_names_as_text(browser: Browser, project: Path) -> None:
    with open_page(browser, project / "artifacts/report/index.html") as page:
        assert page.locator("script").count() == 0
        shown = page.locator("th[scope=row]").all_text_contents()
        assert all(shown.count(name) >= 2 for name in NAMES)  # confusion matrix and table of classes
        errors = page.locator("figcaption b").all_text_contents()
        assert errors
        assert set(errors) <= set(NAMES)
        assert_untouched(page)


@pytest.mark.parametrize("page", ["export", "report"])
def test_injected_script_is_blocked_by_csp(page: str, browser: Browser, project: Path, tmp_path: Path) -> None:
    attacks = "<script>window.pwned = 8</script><img src='data:,' onerror='window.pwned = 9'>"
    text = (project / "artifacts" / page / "index.html").read_text(encoding="utf-8")
    file = tmp_path / "index.html"
    file.write_text(text.replace("<body", f"{attacks}<body", 1), encoding="utf-8")
    with browser.new_context() as context:
        opened = context.new_page()
        errors: list[str] = []
        opened.on("console", lambda message: errors.append(message.text))
        opened.goto(file.as_uri(), wait_until="networkidle")
        assert opened.evaluate("window.pwned") is None
        assert len(errors) == 2
        assert all("Content Security Policy" in error for error in errors)


def test_model_card_shows_names_as_text(project: Path) -> None:
    text = (project / "artifacts/export/MODEL_CARD.md").read_text(encoding="utf-8")
    _, head, body = text.split("---\n", 2)
    assert yaml.safe_load(head)["model-index"][0]["name"] == "custom-standard"
    page = MarkdownIt("commonmark").enable("table").render(body)
    assert not re.search(r"<(script|img|svg|iframe|!--|a )", page)
    rows = [re.findall(r"<td>(.*?)</td>", row, re.S) for row in re.findall(r"<tr>(.*?)</tr>", page, re.S)]
    assert [unescape(row[0]) for row in rows if len(row) == 5] == list(NAMES)


def test_data_files_preserve_names(project: Path) -> None:
    artifacts = project / "artifacts"
    assert json.loads((artifacts / "train/model.json").read_text(encoding="utf-8"))["class_names"] == list(NAMES)
    properties = {one.key: one.value for one in onnx.load(str(artifacts / "export/model.onnx")).metadata_props}
    assert json.loads(properties["class_names"]) == list(NAMES)
    assert set(json.loads((artifacts / "evaluate/metrics.json").read_text(encoding="utf-8"))["classes"]) == set(NAMES)
