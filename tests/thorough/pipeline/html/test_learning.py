"""Forgetting and learning in the drawing demo."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from pipeline.html.drawing import save_drawing_page
from pipeline.html.lessons import BRIGHT, DARK, SHADES, Lessons
from pipeline.model.prediction import predict
from pipeline.model.safetensors import load_safetensors
from tests.browser import PHONE, find_box, find_violations, is_wider_than_screen, open_page
from tests.drawings import sample_digits
from tests.pipeline.html.conftest import TEST_RESULT
from tests.pipeline.html.handwriting import HEART
from tests.pipeline.html.input import draw_with_mouse, numbers, prediction, wait_for_update
from tests.pipeline.html.strokes import DIGITS, place
from tests.pipeline.models import make_model
from tests.processes import Run

LEARNT = 400
STATE = "learning.state"
READ = "(ink) => readImage(model, ink.map((x) => 255 * x)).digit"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "index.html"
    images, labels = sample_digits()
    model = make_model("conv16,64", shape=(28, 28), class_names=tuple("0123456789"))
    save_drawing_page(file, model, *TEST_RESULT, lessons=Lessons(images, labels, LEARNT))
    return file


@pytest.fixture
def page(browser: Browser, file: Path) -> Iterator[Page]:
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
    page.locator("#forget").click()
    wait_until(page, f"{STATE}.accuracies.length === 1")


def learn(page: Page, seen: int) -> None:
    """Learn until so many images were seen and the accuracy was measured since."""
    page.locator("#learn").click()
    wait_until(page, f"{STATE}.training.seen >= {seen} && {STATE}.accuracies.at(-1).seen >= {seen / 2}")
    page.locator("#learn").click()
    wait_for_update(page)


def parameters_of(page: Page) -> list[float]:
    call = "model.learner.networks[0].flatMap(({ weights, biases }) => [...weights, ...biases])"
    found: list[float] = page.evaluate(call)
    return found


def test_forgetting_and_learning_change_the_answer_to_the_own_drawing(page: Page) -> None:
    before = prediction(page)
    forget(page)
    assert prediction(page) == ""
    assert page.locator("#accuracy").inner_text() in {f"{n}%" for n in range(30)}
    learn(page, 1500)
    assert prediction(page) == "3"
    accuracies = page.evaluate(f"{STATE}.accuracies")
    assert accuracies[-1]["value"] > 0.6
    assert accuracies[-1]["low"] < accuracies[-1]["value"] < accuracies[-1]["high"]
    page.locator("#trained").click()
    assert prediction(page) == before
    assert not page.locator("#learning").is_visible()


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
    page.locator("#one-step").click()
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


def test_downloaded_network_predicts_the_same(page: Page, tmp_path: Path, run: Run) -> None:
    forget(page)
    learn(page, 1000)
    with page.expect_download() as download:
        page.locator("#save-network").click()
    file = tmp_path / "my-network.safetensors"
    download.value.save_as(file)
    images = sample_digits()[0][LEARNT:]
    call = "(images) => images.map((image) => Array.from(predict(model.learner, image).probabilities))"
    found = np.array(page.evaluate(call, images.reshape(len(images), -1).tolist()))
    model = load_safetensors(file)
    np.testing.assert_allclose(found, predict(model, images), atol=1e-4)
    assert model.validation_accuracy == page.evaluate(f"{STATE}.accuracies.at(-1).value")
    np.save(tmp_path / "images.npy", images)
    ran = run("predict", "images.npy", "--model", str(file))
    assert ran.returncode == 0, ran.stderr
    assert np.array_equal(np.load(tmp_path / "predictions.npy"), found.argmax(axis=1))


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


@pytest.mark.parametrize("link", ["#s=AAAA&l=1.99.3", "#s=AAAA&l=x", "#s=AAAA&l=1.2.3456789"])
def test_damaged_training_in_a_link_is_ignored(page: Page, link: str) -> None:
    page.evaluate("(link) => { location.hash = link; }", link)
    wait_for_update(page)
    assert not page.locator("#learning").is_visible()


def test_too_large_rate_fails_with_finite_numbers(page: Page) -> None:
    forget(page)
    page.locator("#rate").focus()
    page.keyboard.press("End")
    learn(page, 640)
    assert page.evaluate(f"{STATE}.accuracies.at(-1).value") < 0.5
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


def test_all_moves_above_the_fold(page: Page) -> None:
    forget(page)
    for selector in (
        "#canvas",
        ".kernel:visible >> nth=7",
        ".map:visible >> nth=7",
        "#answer",
        "#loss-curve",
        "#accuracy-curve",
    ):
        box = page.locator(selector).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 720, selector


def test_reduced_motion_offers_only_single_steps(browser: Browser, file: Path) -> None:
    with open_page(browser, file, reduced_motion="reduce") as page:
        forget(page)
        assert not page.locator("#learn").is_visible()
        before = parameters_of(page)
        page.locator("#one-step").click()
        wait_for_update(page)
        assert parameters_of(page) != before


def test_one_step_shows_the_arithmetic_of_a_weight(page: Page) -> None:
    forget(page)
    before = np.array(parameters_of(page)[:200])
    page.locator("#one-step").click()
    wait_for_update(page)
    changes = np.array(parameters_of(page)[:200]) - before
    cell = int(np.abs(changes).argmax())
    errors, story = numbers(page.locator("#step-errors")), []
    for _ in range(4):
        story.append(numbers(page.locator("#step-text")))
        last = numbers(page.locator("#step-sum"))  # shown in the last part
        page.locator("#step-next").click()
    old, rate, slope, new = last
    assert rate == -0.01  # "0.310 - 0.01 x 4.2"
    assert [old, new] == pytest.approx([before[cell], before[cell] + changes[cell]], abs=6e-4)
    assert rate * slope == pytest.approx(changes[cell], abs=6e-5)
    first, wrong, second, other, share, loss, *_, growth, less_loss = story[0]
    assert [wrong, other] == errors[:2]
    assert sorted([first - wrong, second - other]) == pytest.approx([0, 1], abs=0.02)
    assert loss == pytest.approx(-np.log(share), abs=0.01)
    assert less_loss == pytest.approx(loss + growth * (share - 1), abs=0.02)
    factors = np.reshape(story[1][2:8], (3, 2))
    assert story[1][-1] == pytest.approx(factors.prod(axis=1).sum() + story[1][-2], abs=0.02)
    more, less, total = story[2][-3:]
    assert [more + less, total] == pytest.approx([slope, slope], abs=2e-3)
    growth, effect, *_, percentage, loss_after = story[3]
    assert effect == pytest.approx(growth * abs(slope), abs=6e-4)
    assert loss > loss_after == pytest.approx(-np.log(percentage / 100), abs=0.01)
    assert numbers(page.locator("#step-text")) != story[0]  # another image


def test_cell_that_is_dragged_or_changed_by_keys_changes_the_weight_and_the_loss(page: Page) -> None:
    forget(page)
    learn(page, 640)
    before, losses = np.array(parameters_of(page)), set()
    box = find_box(page.locator(".kernel:visible").nth(2))
    left, top = box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.1
    page.mouse.move(left, top)
    page.mouse.down()
    for up in (20, 50, 100):
        page.mouse.move(left, top - up)
        wait_for_update(page)
        losses.update(numbers(page.locator("#cell-text"))[1:])
    page.mouse.up()
    page.locator(".tile:visible").nth(5).focus()
    for key in ("Shift+ArrowDown", "Shift+ArrowRight", "+"):  # from the cell that was dragged
        page.keyboard.press(key)
    changes = np.array(parameters_of(page)) - before
    assert np.flatnonzero(changes).tolist() == [2 * 25 + 2, 5 * 25 + 8]
    assert changes[[52, 133]] == pytest.approx([1, 0.1], abs=0.02)
    assert len(losses) == 4  # before, and of each place
    assert page.locator("#announcement").inner_text().startswith("Kernel 6, row 2, column 4: ")


def test_taught_sign_is_read_and_digits_still_are(browser: Browser, file: Path) -> None:
    with open_page(browser, file) as page:
        before = page.evaluate("learning.lessons().then(({ unseen }) => unseen.inks.map(READ))".replace("READ", READ))
        draw_with_mouse(page, place(DIGITS[3], 0.2, 0.2, 0.6))
        page.locator("#teach").click()
        assert page.evaluate("drawing.strokes.length") == 0
        page.locator("#sign-name").press("Escape")
        assert not page.locator("#teaching").is_visible()
        page.locator("#teach").click()
        for number in range(5):
            draw_with_mouse(page, place([HEART], 0.02 * number, 0.03 * number, 0.8 - 0.04 * number))
            page.locator("#keep").click()
        wait_until(page, "model.signs?.length === 1")
        draw_with_mouse(page, place([HEART], 0.1, 0.1, 0.75))
        assert prediction(page) == "♥"
        assert find_violations(page) == []
        page.locator("#share-drawing").click()
        assert "♥" in (page.locator("#card").get_attribute("aria-label") or "")
        after = page.evaluate("learning.lessons().then(({ unseen }) => unseen.inks.map(READ))".replace("READ", READ))
    assert len(before) == 100
    assert np.mean(np.array(before) == np.array(after)) > 0.9
