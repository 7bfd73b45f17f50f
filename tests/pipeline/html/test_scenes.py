"""The lesson of the drawing demo: five scenes, each with a sentence and an action, and Explore."""

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from pipeline.html.demo.included import render_included_demo
from tests.browser import PHONE, SMALL_PHONE, find_box, find_violations, is_wider_than_screen, open_page
from tests.pipeline.html.input import draw_with_mouse, numbers, prediction, strokes_of, wait_for_update
from tests.pipeline.html.learning.conftest import STATE, step, wait_until
from tests.pipeline.html.strokes import DIGITS, place

pytestmark = pytest.mark.slow

TABLET: dict[str, Any] = {"viewport": {"width": 768, "height": 1024}, "has_touch": True}
# 1280 x 800 at 200 % zoom has as many pixels of CSS as the second one.
SIZES = [{}, {"viewport": {"width": 640, "height": 400}}, {"viewport": {"width": 2560, "height": 1440}}]
DIGIT = place(DIGITS[3], 0.2, 0.2, 0.6)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("included") / "demo.html"
    file.write_text(render_included_demo(), encoding="utf-8")
    return file


@pytest.fixture
def lesson(browser: Browser, file: Path) -> Iterator[Page]:
    with open_page(browser, file, "") as page:
        yield page


def find_dot(page: Page) -> tuple[float, float]:
    """Return where the first dot of "Why" is, as shares of the width and the height."""
    address = page.locator("#why-picture").evaluate("(canvas) => canvas.toDataURL()")
    levels = np.asarray(Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))).convert("RGB"))
    y, x = np.argwhere((levels == page.evaluate("colour('--pen')")).all(axis=2))[0]
    return (float(x) + 1) / levels.shape[1], (float(y) + 1) / levels.shape[0]


def scene(page: Page) -> str | None:
    return page.locator("body").get_attribute("data-scene")


def test_whoever_presses_the_highlighted_button_has_trained_a_network(lesson: Page) -> None:
    draw_with_mouse(lesson, DIGIT)
    pressed: list[str] = []
    ends = [0]
    while "Train" not in pressed and len(pressed) < 15:
        button = lesson.locator("#scene .primary:visible")
        pressed.append(button.inner_text())
        button.click()
        ends = lesson.evaluate(f"{STATE}.way?.map(({{ effect }}) => effect.getComputedTiming().endTime)") or ends
        wait_until(lesson, f"document.querySelector('#scene .primary') !== null && !{STATE}.way")
        lesson.wait_for_timeout(1000)
    assert pressed[-3:] == ["Step", "Step", "Train"]
    assert ends == sorted(ends) and 1800 < ends[-1] < 3000  # slow enough to be followed
    loss = lesson.evaluate(f"{STATE}.exams.map(({{ loss }}) => loss)")[:3]
    assert loss == sorted(loss, reverse=True)
    assert lesson.locator("#scene .primary:visible").get_attribute("id") == "scene-train"
    assert lesson.locator("#scene-action").inner_text() == "Step"  # no other action under the mouse
    expect(lesson.locator("#run-card")).to_be_visible()
    assert lesson.evaluate(f"{STATE}.exams.at(-1).value > Math.max({STATE}.exams[0].value, 0.8)")
    assert lesson.locator("#scene .primary:visible").get_attribute("id") == "scene-next"
    lesson.locator("#run-card").click()
    expect(lesson.locator("#share")).to_be_visible()
    assert "I trained a network in" in (lesson.locator("#card").get_attribute("aria-label") or "")
    assert find_violations(lesson) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("options", [*SIZES, TABLET, PHONE, SMALL_PHONE])
def test_each_scene_is_accessible_and_fits_the_screen(
    scheme: Any, options: dict[str, Any], browser: Browser, file: Path
) -> None:
    with open_page(browser, file, "#scene=1", color_scheme=scheme, **options) as page:
        draw_with_mouse(page, DIGIT)
        for number in range(1, 7):
            page.evaluate(f"scenes.go({number})")
            page.wait_for_timeout(1200)
            assert find_violations(page) == [], number
            assert not is_wider_than_screen(page), number
            grid = "showGrid($('weights'), new Float32Array(16).fill(-1.85), 4, 4, signedColours(2), true)"
            cell = "$('weights').firstElementChild"
            assert page.evaluate(f"({grid}, {cell}.scrollWidth <= {cell}.clientWidth)"), number
            if number < 6:
                text = page.locator("#scene-text")
                box, height = find_box(text), page.evaluate("innerHeight")
                assert 0 <= box["y"] < height
                for button in page.locator("#scene button:visible").all():
                    assert find_box(button)["y"] + find_box(button)["height"] <= height


@pytest.mark.parametrize("size", [(390, 664), (360, 640)])
def test_what_a_scene_is_about_is_in_sight_on_a_small_phone(
    size: tuple[int, int], browser: Browser, file: Path
) -> None:
    viewport = {"width": size[0], "height": size[1]}
    with open_page(browser, file, "#scene=1", **{**PHONE, "viewport": viewport}) as page:
        draw_with_mouse(page, DIGIT)
        for number, selectors in ((3, ["#why-picture"]), (4, [".class", ".kernel"]), (5, ["#hill"])):
            page.evaluate(f"scenes.go({number})")
            page.wait_for_timeout(700)
            for pressed in (False, True):
                if pressed and number == 4:
                    page.locator("#scene-action").tap()
                    page.wait_for_timeout(700)
                end = find_box(page.locator(".scene-buttons"))["y"]
                for selector in ("#canvas", *selectors):
                    for found in page.locator(f"{selector}:visible").all():
                        box = find_box(found)
                        assert box["y"] >= 0, (number, selector)
                        assert box["y"] + box["height"] <= end, (number, selector)


def test_scenes_are_reached_by_keys_swipes_and_the_address_which_a_reload_keeps(browser: Browser, file: Path) -> None:
    with open_page(browser, file, "#scene=2", **PHONE) as page:
        assert scene(page) == "2"
        page.locator("#scene-next").tap()
        assert (scene(page), page.url.split("#")[1]) == ("3", "scene=3")
        box = find_box(page.locator("#scene-text"))
        touch = page.context.new_cdp_session(page)
        for kind, x in (("touchStart", 300), ("touchMove", 200), ("touchMove", 100), ("touchEnd", None)):
            points = [] if x is None else [{"x": x, "y": box["y"] + 20}]
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        wait_until(page, "document.body.dataset.scene === '4'")
        page.go_back()
        assert scene(page) == "3"
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("ArrowLeft")
        assert scene(page) == "2"
        page.locator("#canvas").focus()
        page.keyboard.press("ArrowRight")  # moves the pen
        assert scene(page) == "2"
        page.reload()
        assert scene(page) == "2"
        page.goto(file.as_uri())
        page.reload()
        assert scene(page) == "1"


def test_arrows_and_the_keys_of_a_clicker_change_the_scene_after_a_drawing_by_mouse(lesson: Page) -> None:
    draw_with_mouse(lesson, DIGIT)
    for key, expected in (("ArrowRight", "2"), ("PageDown", "3"), ("PageUp", "2"), ("ArrowLeft", "1")):
        lesson.keyboard.press(key)
        wait_until(lesson, f"document.body.dataset.scene === '{expected}'")
    assert len(strokes_of(lesson)) == 1


def test_network_that_was_trained_is_kept_while_other_scenes_are_shown(lesson: Page) -> None:
    draw_with_mouse(lesson, DIGIT)
    lesson.evaluate("scenes.go(5)")
    wait_until(lesson, f"{STATE}.slopes !== null && !document.getElementById('learning').inert")
    step(lesson)
    before = lesson.locator("#loss").inner_text()
    lesson.evaluate("scenes.go(3)")
    lesson.evaluate("scenes.go(5)")
    wait_until(lesson, "!document.getElementById('learning').inert")
    assert lesson.locator("#loss").inner_text() == before
    assert lesson.evaluate(f"{STATE}.byHand") == 1


def test_what_is_not_in_focus_is_dimmed_and_out_of_reach(lesson: Page) -> None:
    draw_with_mouse(lesson, DIGIT)
    wait_for_update(lesson)
    for number, focus in ((1, {"drawing", "result", ""}), (3, {"drawing", "result", "bars", "why"})):
        lesson.evaluate(f"scenes.go({number})")
        lesson.wait_for_timeout(500)
        active = "[...document.querySelectorAll(PARTS)].filter((each) => !each.inert).map((each) => each.id)"
        assert set(lesson.evaluate(active)) == focus
        opacity = "getComputedStyle(document.querySelector('#picture-column')).opacity"
        assert float(lesson.evaluate(opacity)) == 0.25
        lesson.locator("#canvas").focus()
        for _ in range(25):
            lesson.keyboard.press("Tab")
            assert lesson.evaluate("document.activeElement.closest('[inert]')") is None


def test_who_goes_on_without_a_drawing_sees_an_example(lesson: Page) -> None:
    lesson.locator("#scene-next").click()
    assert prediction(lesson) == "3"


def test_tapped_dot_adds_ink_and_fool_it_changes_the_answer(lesson: Page) -> None:
    lesson.evaluate("restore({ strokes: [], example: examples.findIndex(({ label }) => label === 0) }), changed(true)")
    lesson.evaluate("scenes.go(3)")
    before = prediction(lesson)
    lesson.wait_for_timeout(300)
    lesson.locator("#why-picture").click(position={"x": 120, "y": 100})
    wait_for_update(lesson)
    assert "with a dot of ink" in lesson.locator("#runner-up").inner_text()
    lesson.locator("#take-back").click()
    assert prediction(lesson) == before
    chosen = np.argsort(numbers(lesson.locator(".class .votes"))[:10])[-3]  # not the runner-up
    lesson.locator(".class").nth(chosen).click()
    lesson.locator("#scene-action").click()
    expect(lesson.locator("#fooled")).to_contain_text("ink")
    assert prediction(lesson) == str(chosen)
    lesson.evaluate("scenes.go(2)")
    assert prediction(lesson) == before
    lesson.evaluate("scenes.go(3)")
    draw_with_mouse(lesson, [[(0.3, 0.3), (0.3, 0.7)]])
    wait_for_update(lesson)
    assert "ink" not in lesson.locator("#runner-up").inner_text()
    assert lesson.locator("#fooled").inner_text() == ""


def test_tapped_dot_does_what_it_says_and_the_question_stays(lesson: Page) -> None:
    draw_with_mouse(lesson, DIGIT)
    lesson.evaluate("scenes.go(3)")
    lead = "Number($('leads').textContent.split(' ').at(-1).replace('−', '-'))"
    for _ in range(2):
        wait_until(lesson, "!$('gaps').parentElement.hidden")
        before, asked = lesson.evaluate(lead), lesson.locator("#why-title").inner_text()
        rival, score = int(asked[-2]), numbers(lesson.locator(".class .votes"))
        at = find_dot(lesson)
        box = find_box(lesson.locator("#why-picture"))
        lesson.mouse.click(box["x"] + at[0] * box["width"], box["y"] + at[1] * box["height"])
        wait_until(lesson, f"{lead} !== {before}")
        assert numbers(lesson.locator(".class .votes"))[rival] > score[rival]
        if lesson.locator("#why-title").inner_text() != asked:
            break  # the answer has changed
        assert lesson.evaluate(lead) < before


def test_link_is_forgotten_with_the_drawing_that_it_showed(lesson: Page) -> None:
    draw_with_mouse(lesson, DIGIT)
    prediction(lesson)
    lesson.locator("#share-drawing").click()
    assert "#s=" in lesson.url
    lesson.keyboard.press("Escape")
    lesson.reload()
    assert prediction(lesson) == "3"
    lesson.locator("#clear").click()
    draw_with_mouse(lesson, place(DIGITS[7], 0.2, 0.2, 0.6))
    prediction(lesson)
    assert "s=" not in lesson.url
    lesson.reload()
    assert prediction(lesson) == "7"


def test_present_enlarges_the_page_for_a_projector(browser: Browser, file: Path) -> None:
    with open_page(browser, file, "#scene=3", viewport={"width": 2560, "height": 1440}) as page:
        wait_for_update(page)
        before = find_box(page.locator("#stage"))["width"]
        page.locator("#present").click()
        wait_for_update(page)
        assert find_box(page.locator("#stage"))["width"] > max(before, 0.9 * 2560)
        size = "parseFloat(getComputedStyle(document.querySelector('#bars .caption')).fontSize)"
        assert page.evaluate(size) >= 18
        for number in range(1, 6):
            page.evaluate(f"scenes.go({number})")
            page.wait_for_timeout(700)
            assert page.evaluate("document.documentElement.scrollHeight <= innerHeight"), number
        assert not is_wider_than_screen(page)
