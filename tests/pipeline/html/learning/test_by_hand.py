"""Training in the drawing demo by hand: slopes and steps, a cell that is changed, a sign that is taught."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import PHONE, find_box, open_page
from tests.pipeline.html.handwriting import HEART
from tests.pipeline.html.input import draw_with_mouse, numbers, prediction, wait_for_update
from tests.pipeline.html.learning.conftest import STATE, parameters_of, step, wait_until
from tests.pipeline.html.strokes import DIGITS, place

pytestmark = pytest.mark.slow

LOSS = f"measureSet(model.learner.networks[0], {STATE}.fixed).loss"
READ = "(ink) => readImage(model, ink.map((x) => 255 * x)).digit"


def open_hill(page: Page) -> None:
    page.evaluate("scenes.go(5)")
    wait_until(page, f"{STATE}.slopes !== null && !document.getElementById('learning').inert")


def test_steps_lower_the_one_loss_and_raise_the_share_of_the_right_digit(page: Page) -> None:
    open_hill(page)
    losses, shares = [], []
    for _ in range(3):
        wait_for_update(page)
        losses.append(page.evaluate(LOSS))
        assert numbers(page.locator("#hill-loss"))[0] == pytest.approx(losses[-1], abs=6e-4)
        assert numbers(page.locator("#loss"))[0] == pytest.approx(losses[-1], abs=6e-3)
        shares += numbers(page.locator("#mean-share"))
        step(page)
    assert losses == sorted(losses, reverse=True)
    assert shares == sorted(shares)


def test_step_moves_the_framed_cell_as_its_sums_say(page: Page) -> None:
    open_hill(page)
    tops = lambda: [find_box(page.locator(name))["y"] for name in ("#hill", "#loss-curve")]  # noqa: E731
    before = tops()
    page.locator("#sums").click()
    wait_for_update(page)
    assert np.ptp(np.subtract(before, tops())) < 1 and min(tops()) >= 0  # the curves stay in sight
    cell, loss = page.evaluate(f"[{STATE}.cell, {STATE}.slopes[0].weights[{STATE}.cell]]")
    texts = [numbers(page.locator("#sums-text li").nth(number)) for number in range(5)]
    mean, old, rate, slope, new = texts[-1]
    before = parameters_of(page)
    step(page)
    after = parameters_of(page)
    assert [old, new] == pytest.approx([before[cell], after[cell]], abs=6e-4)
    assert old + rate * slope == pytest.approx(new, abs=1.5e-3)  # with the numbers that are shown
    assert mean == slope == pytest.approx(loss, abs=6e-4)
    assert -rate == 0.3
    assert len(np.flatnonzero(np.array(after) != before)) > 1000
    share, shown_loss = texts[0]
    page.evaluate("learning.open()")
    expect(page.locator("#sums")).to_have_attribute("aria-expanded", "false")
    assert shown_loss == pytest.approx(-np.log(share / 100), abs=0.005 + 0.006 / share)


def test_ball_follows_the_slider_and_cells_are_chosen_by_keys(page: Page) -> None:
    open_hill(page)
    cell, weight = page.evaluate(f"[{STATE}.cell, model.learner.networks[0][0].weights[{STATE}.cell]]")
    now = f"model.learner.networks[0][0].weights[{cell}]"
    page.locator("#weight").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate(now) == pytest.approx(weight + 0.01, abs=0.006)
    assert numbers(page.locator("#hill-loss"))[0] == pytest.approx(page.evaluate(LOSS), abs=6e-4)
    page.locator("#chosen").focus()
    page.keyboard.press("ArrowUp" if cell % 25 >= 5 else "ArrowDown")
    assert abs(page.evaluate(f"{STATE}.cell") - cell) == 5
    assert "slope" in page.locator("#announcement").inner_text()
    page.locator(".tile:visible").nth(6).click()
    assert page.evaluate(f"{STATE}.cell") // 25 == 6


def test_finger_chooses_a_cell_and_the_slider_changes_it_alone(browser: Browser, file: Path) -> None:
    with open_page(browser, file, "#scene=5", **PHONE) as page:
        open_hill(page)
        page.locator("#chosen").scroll_into_view_if_needed()
        box = find_box(page.locator("#chosen"))
        assert box["width"] / 5 >= 60  # of a cell
        page.locator("#chosen").tap(position={"x": 0.9 * box["width"], "y": 0.1 * box["height"]})
        before, cell = np.array(parameters_of(page)), page.evaluate(f"{STATE}.cell")
        assert cell % 25 == 4
        page.locator("#weight").scroll_into_view_if_needed()
        weight = find_box(page.locator("#weight"))
        page.locator("#weight").tap(position={"x": 0.8 * weight["width"], "y": weight["height"] / 2})
        wait_for_update(page)
        changes = np.array(parameters_of(page)) - before
        middle = page.evaluate(f"{STATE}.middle")
        assert middle == pytest.approx(before[cell], abs=1e-6)  # the curve stays, and the ball where it was put
        page.locator("#less").tap()
        assert parameters_of(page)[cell] == pytest.approx(before[cell] + changes[cell] - 0.1, abs=1e-5)
    assert np.flatnonzero(changes).tolist() == [cell]
    assert changes[cell] == pytest.approx(0.6, abs=0.1)


def teach(page: Page, name: str) -> None:
    page.locator("#teach").click()
    page.locator("#sign-name").fill(name)
    for number in range(5):
        draw_with_mouse(page, place([HEART], 0.02 * number, 0.03 * number, 0.8 - 0.04 * number))
        page.locator("#keep").click()
    wait_until(page, f"model.signs.includes('{name}')")


def test_taught_sign_is_read_shared_and_unlearnt_while_digits_are_still_read(browser: Browser, file: Path) -> None:
    unseen = f"learning.lessons().then(({{ unseen }}) => unseen.inks.map({READ}))"
    with open_page(browser, file) as page, open_page(browser, file) as other:
        before = page.evaluate(unseen)
        draw_with_mouse(page, place(DIGITS[3], 0.2, 0.2, 0.6))
        page.locator("#teach").click()
        assert page.evaluate("drawing.strokes.length") == 0
        page.locator("#sign-name").press("Escape")
        assert not page.locator("#teaching").is_visible()
        teach(page, "♥")
        assert page.locator("#hint").inner_text() != ""
        draw_with_mouse(page, place([HEART], 0.1, 0.1, 0.75))
        assert prediction(page) == "♥"
        assert page.locator("#hint").inner_text() == ""
        after = page.evaluate(unseen)
        link = page.evaluate("addressOf()")
        other.evaluate("(link) => { location.hash = link; }", link)
        wait_until(other, "model.signs.length === 1")
        assert prediction(other) == "♥"
        for name, kept in (("♥", 0), ("3", 0), ("star", 1)):  # of these, only the last one is free
            if name == "♥":
                page.locator("#teach").click()
            page.locator("#sign-name").fill(name)
            draw_with_mouse(page, place([HEART], 0.1, 0.1, 0.75))
            page.locator("#keep").click()
            assert page.locator("#kept canvas").count() == kept
        page.locator("#stop-teaching").click()
        page.locator("#unteach").click()
        assert prediction(page) != "♥"
        assert page.evaluate(unseen) == before
        assert page.locator(".class").count() == other.locator(".class").count() - 1
    assert len(before) == 100
    assert np.mean(np.array(before) == np.array(after)) > 0.9
