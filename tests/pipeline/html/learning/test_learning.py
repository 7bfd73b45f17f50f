"""Training in the drawing demo."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from pipeline.data.scaling import Scaling
from pipeline.html.demo.drawing_page import save_drawing_page
from pipeline.html.demo.lessons import BRIGHT, DARK, SHADES, Lessons
from pipeline.model.prediction import predict
from tests.browser import PHONE, find_violations, is_wider_than_screen, open_page
from tests.drawings import sample_digits
from tests.pipeline.html.conftest import TEST_RESULT
from tests.pipeline.html.input import prediction, wait_for_update
from tests.pipeline.html.learning.conftest import LEARNT, STATE, forget, learn, parameters_of, step, wait_until
from tests.pipeline.models import make_model

pytestmark = pytest.mark.slow


def test_forgetting_and_learning_change_the_answer_to_the_own_drawing(page: Page) -> None:
    before = prediction(page)
    forget(page)
    assert prediction(page) == ""
    assert page.locator("#accuracy").inner_text() in {f"{n / 10:.1f}%" for n in range(300)}
    learn(page, 1500)
    assert prediction(page) == "3"
    exams = page.evaluate(f"{STATE}.exams")
    assert exams[-1]["value"] > 0.6
    trained = parameters_of(page)
    page.locator("summary", has_text="More").click()
    page.locator("#forget").click()
    wait_until(page, f"{STATE}.exams.length === 1")
    page.locator("#forget").click()  # takes it back
    assert parameters_of(page) == trained
    page.locator("#trained").click()
    assert prediction(page) == before
    assert not page.locator("#learning").is_visible()
    page.locator("#trained").click()  # back to the own one
    assert parameters_of(page) == trained and prediction(page) == "3"


def test_crosses_are_on_the_test_images_that_the_shown_network_misreads(browser: Browser, tmp_path: Path) -> None:
    images, labels = sample_digits()
    model = make_model("conv16,64", shape=(28, 28), class_names=tuple("0123456789"))
    examples = [(image, int(label)) for image, label in zip(images[:10], labels[:10], strict=True)]
    file = tmp_path / "index.html"
    save_drawing_page(file, model, *TEST_RESULT, examples, Lessons(images, labels, LEARNT))
    with open_page(browser, file) as page:
        forget(page)
        counts = []
        for seen in (64, 1500):
            learn(page, seen)
            buttons = "[...document.querySelectorAll('#examples button')]"
            found = page.evaluate(f"{buttons}.map((each) => each.matches('.misread'))")
            read = page.evaluate("examples.map(({ image }) => readImage(model.learner, image).digit)")
            assert found == [digit != label for digit, label in zip(read, labels[:10].tolist(), strict=True)]
            counts.append(sum(found))
        assert counts[1] < counts[0]


def test_no_line_crosses_the_maps_while_they_change(page: Page) -> None:
    lines = page.locator(".overlay line")
    wait_for_update(page)
    before = lines.count()
    assert before > 0
    forget(page)
    step(page)
    wait_for_update(page)
    assert lines.count() == 0
    page.locator("#trained").click()
    wait_for_update(page)
    assert lines.count() == before


def test_page_has_the_images_in_16_greys(page: Page) -> None:
    forget(page)
    images, labels = sample_digits()
    parts = [page.evaluate(f"{STATE}.lessons.{name}.inks.map((ink) => [...ink])") for name in ("learnt", "unseen")]
    inks, found = (
        np.concatenate(parts),
        page.evaluate(f"['learnt', 'unseen'].flatMap((x) => {STATE}.lessons[x].labels)"),
    )
    assert found == labels.tolist()
    assert page.evaluate(f"{STATE}.lessons.learnt.labels.length") == LEARNT
    expected = (
        np.rint(np.clip((images.reshape(len(images), -1) - float(DARK)) / (BRIGHT - DARK), 0, 1) * SHADES) / SHADES
    )
    np.testing.assert_allclose(inks, expected, atol=1e-6)


def test_trained_network_predicts_as_in_python(page: Page) -> None:
    forget(page)
    learn(page, 1000)
    images = sample_digits()[0][LEARNT:]
    call = "(images) => images.map((image) => Array.from(predict(model.learner, image).probabilities))"
    found = np.array(page.evaluate(call, images.reshape(len(images), -1).tolist()))
    names = tuple("0123456789")
    model = make_model("conv8", shape=(28, 28), class_names=names, scaling=Scaling(0, 1), temperature=1)
    (network,) = model.networks
    arrays = [array for layer in network.parameters.layers for array in layer]
    ends = np.cumsum([array.size for array in arrays])
    for array, values in zip(arrays, np.split(np.array(parameters_of(page)), ends[:-1]), strict=True):
        array[...] = values.reshape(array.shape)
    np.testing.assert_allclose(found, predict(model, images), atol=1e-4)


def test_link_repeats_the_training(page: Page, browser: Browser, file: Path) -> None:
    forget(page)
    learn(page, 320)
    link = page.evaluate("addressOf()")
    expected = parameters_of(page)
    steps = page.evaluate(f"{STATE}.training.steps")
    with open_page(browser, file) as other:
        other.evaluate("(link) => { location.hash = link; }", link)
        wait_until(other, f"{STATE}.training?.steps === {steps} && !{STATE}.isRunning")
        assert other.evaluate("addressOf()") == link
        if page.evaluate(f"{STATE}.training.count") == 0:  # paused between two batches
            assert parameters_of(other) == expected
        assert other.evaluate("drawing.strokes.length") == 1


@pytest.mark.parametrize("link", ["#s=AAAA&l=1.99.3.0", "#s=AAAA&l=x", "#s=AAAA&l=1.2.3456789.0"])
def test_damaged_training_in_a_link_is_ignored(page: Page, link: str) -> None:
    page.evaluate("(link) => { location.hash = link; }", link)
    wait_for_update(page)
    assert not page.locator("#learning").is_visible()


def test_too_large_rate_fails_with_finite_numbers(page: Page) -> None:
    forget(page)
    page.locator("summary", has_text="More").click()
    page.locator("#rate").focus()
    page.keyboard.press("End")
    learn(page, 640)
    assert page.evaluate(f"{STATE}.exams.at(-1).value") < 0.5
    assert "too large" in page.locator("#learning-text").inner_text()
    assert np.isfinite(parameters_of(page)).all()


@pytest.mark.parametrize(
    "options", [{"color_scheme": "light"}, {"color_scheme": "dark"}, PHONE], ids=["light", "dark", "phone"]
)
def test_training_is_accessible_and_fits_the_screen(browser: Browser, file: Path, options: dict[str, Any]) -> None:
    with open_page(browser, file, **options) as page:
        forget(page)
        learn(page, 320)
        assert find_violations(page) == []
        assert not is_wider_than_screen(page)


@pytest.mark.parametrize("size", [(1280, 720), (1024, 768)])
def test_all_moves_above_the_fold(size: tuple[int, int], page: Page) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    forget(page)
    page.locator("#learn").click()
    wait_until(page, f"{STATE}.training.seen > 200")
    maps = ".kernel:visible >> nth=0", ".kernel:visible >> nth=7", ".map:visible >> nth=7"
    for selector in ("#canvas", *maps, "#answer", "#loss-curve", "#accuracy-curve"):
        box = page.locator(selector).bounding_box()
        assert box is not None
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= size[1], selector


def test_with_reduced_motion_it_learns_and_is_repainted_once_a_second(browser: Browser, file: Path) -> None:
    with open_page(browser, file, reduced_motion="reduce") as page:
        forget(page)
        page.locator("#learn").click()
        versions, start = page.evaluate(f"[model.learner.version, {STATE}.frames]")
        wait_until(page, f"{STATE}.frames > {start} + 60 && {STATE}.exams.at(-1).value > 0.5")
        after, frames = page.evaluate(f"[model.learner.version, {STATE}.frames]")
        assert 1 <= after - versions < (frames - start) / 5


def test_run_that_begins_at_once_after_forgetting_is_not_lost(page: Page) -> None:
    for _ in range(3):
        page.evaluate("void learning.open({ seed: 5 })")
        wait_until(page, f"{STATE}.training !== null && {STATE}.isOpen")
        page.evaluate("$('learn').click()")
        wait_until(page, f"{STATE}.training.seen > 200 && {STATE}.isRunning")
        page.evaluate("$('learn').click()")
