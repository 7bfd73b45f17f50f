"""Training in the drawing demo by hand: a single step, a cell that is dragged, a sign that is taught."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from tests.browser import PHONE, find_box, find_violations, open_page
from tests.pipeline.html.handwriting import HEART
from tests.pipeline.html.input import draw_with_mouse, numbers, prediction, wait_for_update
from tests.pipeline.html.strokes import DIGITS, place
from tests.thorough.pipeline.html.learning.conftest import STATE, forget, learn, parameters_of, wait_until

LOSS = f"lossOf(forward(model.learner.networks[0], {STATE}.step.ink).at(-1), {STATE}.step.label)"  # of its image
READ = "(ink) => readImage(model, ink.map((x) => 255 * x)).digit"


def test_one_step_shows_the_arithmetic_of_a_weight(page: Page) -> None:
    forget(page)
    for _ in range(2):  # the second goes on from the first
        page.locator("#one-step").click()
        wait_for_update(page)
    before, true_loss = np.array(parameters_of(page)[:200]), page.evaluate(LOSS)
    assert find_violations(page) == []
    errors, story = numbers(page.locator("#step-errors")), []
    for _ in range(4):
        story.append(numbers(page.locator("#step-text")))
        last = numbers(page.locator("#step-sum"))  # shown in the last part
        changes = np.array(parameters_of(page)[:200]) - before
        assert changes.any() == (len(story) == 4)
        page.locator("#step-next").click()
    cell = int(np.abs(changes).argmax())
    old, rate, slope, new = last
    assert rate == -0.01  # "0.310 - 0.01 x 4.2"
    assert [old, new] == pytest.approx([before[cell], before[cell] + changes[cell]], abs=6e-4)
    assert rate * slope == pytest.approx(changes[cell], abs=6e-5)
    share, loss, *_, first, wrong, second, other, growth, less_loss = story[0]
    assert [wrong, other] == errors[:2]
    assert sorted([first - wrong, second - other]) == pytest.approx([0, 1], abs=0.02)
    assert [loss, loss] == pytest.approx([-np.log(share / 100), true_loss], abs=0.01)
    assert less_loss == pytest.approx(loss + growth * (share / 100 - 1), abs=0.02)
    factors = np.reshape(story[1][2:8], (3, 2))
    assert story[1][-1] == pytest.approx(factors.prod(axis=1).sum() + story[1][-2], abs=2e-3)
    *_, pixel_slope, _, _, most, rest, total = story[2]
    assert pixel_slope == story[1][-1]
    assert [most + rest, total] == pytest.approx([slope, slope], abs=2e-3)
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
    for key in ("Control+-", "Shift+ArrowDown", "Shift+ArrowRight", "+"):  # from the cell that was dragged
        page.keyboard.press(key)
    changes = np.array(parameters_of(page)) - before
    assert np.flatnonzero(changes).tolist() == [2 * 25 + 2, 5 * 25 + 8]
    assert changes[[52, 133]] == pytest.approx([1, 0.1], abs=0.02)
    assert len(losses) == 4  # before, and of each place
    assert page.locator("#announcement").inner_text().startswith("Kernel 6, row 2, column 4: ")
    page.locator("#one-step").click()
    untouched = parameters_of(page)
    page.locator(".tile:visible").nth(5).press("-")
    assert numbers(page.locator("#cell-text"))[-1] == pytest.approx(page.evaluate(LOSS), abs=1e-4)
    page.locator("#step-next").click()
    assert parameters_of(page) == untouched


def test_finger_drags_a_cell_sideways_only(browser: Browser, file: Path) -> None:
    with open_page(browser, file, **PHONE) as page:
        forget(page)
        box, before = find_box(page.locator(".kernel:visible").nth(2)), np.array(parameters_of(page))
        touch = page.context.new_cdp_session(page)
        for right, down in ((50, 0), (0, 50)):
            for kind, share in (("touchStart", 0.0), ("touchMove", 0.5), ("touchMove", 1.0)):
                x, y = box["x"] + box["width"] / 2 + share * right, box["y"] + 3 + share * down
                touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
            touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
            wait_for_update(page)
        changes = np.array(parameters_of(page)) - before
    assert np.flatnonzero(changes).tolist() == [2 * 25 + 2]
    assert changes[52] == pytest.approx(0.5, abs=0.02)


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
        assert page.locator("#hint").inner_text() != ""
        draw_with_mouse(page, place([HEART], 0.1, 0.1, 0.75))
        assert prediction(page) == "♥"
        assert page.locator("#hint").inner_text() == ""
        assert find_violations(page) == []
        page.locator("#share-drawing").click()
        assert "♥" in (page.locator("#card").get_attribute("aria-label") or "")
        after = page.evaluate("learning.lessons().then(({ unseen }) => unseen.inks.map(READ))".replace("READ", READ))
        page.keyboard.press("Escape")
        page.locator("#teach").click()
        for name, kept in (("♥", 0), ("3", 0), ("star", 1)):  # of these, only the last one is free
            page.locator("#sign-name").fill(name)
            draw_with_mouse(page, place([HEART], 0.1, 0.1, 0.75))
            page.locator("#keep").click()
            assert page.locator("#kept canvas").count() == kept
    assert len(before) == 100
    assert np.mean(np.array(before) == np.array(after)) > 0.9
