"""The drawing demo with images to learn from, and what its tests do with it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from pipeline.html.demo.drawing_page import save_drawing_page
from pipeline.html.demo.lessons import Lessons
from tests.browser import open_page
from tests.drawings import sample_digits
from tests.pipeline.html.conftest import TEST_RESULT
from tests.pipeline.html.input import draw_with_mouse, wait_for_update
from tests.pipeline.html.strokes import DIGITS, place
from tests.pipeline.models import make_model

LEARNT = 400
STATE = "learning.state"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo of a network with random parameters, with the digits of the sample to learn from."""
    file = tmp_path_factory.mktemp("page") / "index.html"
    images, labels = sample_digits()
    model = make_model("conv16,64", shape=(28, 28), class_names=tuple("0123456789"))
    save_drawing_page(file, model, *TEST_RESULT, lessons=Lessons(images, labels, LEARNT))
    return file


@pytest.fixture
def page(browser: Browser, file: Path) -> Iterator[Page]:
    """Its page with a three drawn."""
    with open_page(browser, file, viewport={"width": 1280, "height": 720}) as page:
        draw_with_mouse(page, place(DIGITS[3], 0.2, 0.2, 0.6))
        yield page


def wait_until(page: Page, condition: str) -> None:
    """Wait for four minutes at most, as other work may slow the training down.

    The security policy of the page forbids `wait_for_function`.
    """
    call = f"""async () => {{
        const end = performance.now() + 240_000;
        while (!({condition}) && performance.now() < end) await new Promise(requestAnimationFrame);
        return Boolean({condition});
    }}"""
    assert page.evaluate(call), condition


def forget(page: Page) -> None:
    page.evaluate("learning.open()")
    wait_until(page, f"{STATE}.exams.length === 1")


def step(page: Page) -> None:
    """Press "Step", of the lesson or of the panel, and wait until the weights have moved."""
    steps = page.evaluate(f"{STATE}.exams.length")
    page.get_by_role("button", name="Step", exact=True).click()
    wait_until(page, f"{STATE}.exams.length > {steps}")


def learn(page: Page, seen: int) -> None:
    """Learn until so many images were seen and the accuracy was measured since."""
    page.locator("#learn").click()
    wait_until(page, f"{STATE}.training.seen >= {seen} && {STATE}.exams.at(-1).at >= {seen / 2}")
    page.evaluate("learning.state.isRunning && $('learn').click()")
    wait_for_update(page)


def parameters_of(page: Page) -> list[float]:
    call = "model.learner.networks[0].flatMap(({ weights, biases }) => [...weights, ...biases])"
    found: list[float] = page.evaluate(call)
    return found
