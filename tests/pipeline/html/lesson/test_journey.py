"""A journey through the lesson in a browser: by mouse, by finger and by keyboard; accessibility and screen sizes."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from pipeline.html.report.report_page import link_demo
from pipeline.model.model import load_model
from pipeline.model.prediction import predict_with_negative
from tests.browser import PHONE, find_box, find_violations, is_wider_than_screen, open_page, wait_until
from tests.pipeline.html.lesson.input import draw
from tests.pipeline.html.strokes import DIGITS, place

LAPTOP: dict[str, Any] = {"viewport": {"width": 1366, "height": 620}}
TABLET: dict[str, Any] = {"viewport": {"width": 820, "height": 1180}, "has_touch": True}
STILL: dict[str, Any] = {"reduced_motion": "reduce"}
EXPLORE = 9
# Whether a finger hits elements everywhere inside of 40 x 44 pixels.
HITS = """(elements) => elements.map((element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    const corners = [[-19, -21], [19, -21], [-19, 21], [19, 21]];
    const hit = ([dx, dy]) => document.elementFromPoint(x + width / 2 + dx, y + height / 2 + dy);
    return corners.every((corner) => element.contains(hit(corner)));
})"""
# What is too small to be pressed; the weights of a kernel are dragged, or chosen by keys.
SMALL = """(elements) => elements.filter((element) => {
    const { width, height } = element.getBoundingClientRect();
    return Math.min(width, height) < 39.5 && !element.disabled && !element.closest(".editable");
}).map((element) => element.outerHTML.slice(0, 200))"""
RESTS = "requested === null && (state.scenes[7]?.moved ?? 1) === 1"  # no frame is due, and no message moves


@pytest.fixture
def page(file: Path, browser: Browser) -> Iterator[Page]:
    with open_page(browser, file, "", **LAPTOP) as opened:
        yield opened


def go_on(page: Page, label: str) -> None:
    expect(page.locator("#go")).to_have_text(label)
    page.locator("#go").click()


def numbers(page: Page, selector: str) -> list[float]:
    """Return the numbers in the texts of elements."""
    text = " ".join(page.locator(selector).all_text_contents()).replace("\u2212", "-").replace(",", "")
    return [float(number) for number in re.findall(r"-?\d+\.\d+", text)]


def marks(page: Page) -> dict[str, str]:
    """Return the choices of a question that are marked."""
    picks = page.locator(".ask .pick").evaluate_all("(picks) => picks.map((p) => [p.textContent, p.dataset.mark])")
    return {text: mark for text, mark in picks if mark}


@pytest.mark.slow
def test_a_pupil_draws_a_digit_and_slides_a_kernel(page: Page) -> None:
    wait_until(page, "state.scenes[1]?.points > 5")  # it opens alive
    expect(page.locator(".answer")).not_to_be_empty()
    assert page.locator(".bar span").all_text_contents() == [*"0123456789", "none"]
    go_on(page, "Your turn")
    draw(page, ".pad", place(DIGITS[7], 0.2, 0.2, 0.6))
    assert page.locator(".answer").inner_text() in "0123456789?"
    go_on(page, "Next")
    page.locator(".pick", has_text="A").click()
    expect(page.locator(".why")).to_contain_text("No")
    assert marks(page) == {"A": "wrong", "B": "right"}
    page.locator(".pick", has_text="B").click()
    expect(page.locator(".why")).to_contain_text("Yes")
    assert marks(page) == {"B": "right"}
    go_on(page, "To the end")
    wait_until(page, RESTS)
    assert numbers(page, ".sum b")[0] > 1  # the strongest stop
    page.locator(".map canvas").press("ArrowRight")
    wait_until(page, RESTS)
    cells = [numbers(page, f".{name} .cells span") for name in ("ink", "numbers", "products")]
    ink, kernel, products = map(np.array, cells)
    np.testing.assert_allclose(products, ink * kernel, atol=0.0051)
    assert numbers(page, ".sum b")[0] == pytest.approx(products.sum(), abs=1e-6)
    page.locator(".numbers span").nth(12).focus()
    page.keyboard.press("ArrowUp")
    wait_until(page, RESTS)
    assert numbers(page, ".numbers .cells span")[12] == 1
    page.keyboard.press("ArrowDown")
    wait_until(page, RESTS)
    assert numbers(page, ".numbers .cells span")[12] == 0.95


@pytest.mark.slow
def test_a_pupil_adds_up_a_shape_switches_it_off_and_goes_back(page: Page) -> None:
    page.emulate_media(**STILL)  # test_window_that_turns_narrow sees the scene move
    page.evaluate("location.hash = '#scene=3'")
    page.locator(".maps button").nth(2).click()
    expect(page.locator(".large figcaption")).to_contain_text("Edge map 3")
    go_on(page, "Go to layer 2")
    expect(page.locator("#go")).to_be_hidden()  # first the guess
    page.locator(".ask .pick", has_text="Below 0").click()
    assert marks(page) == {"Above 0": "right", "Below 0": "wrong"}
    wait_until(page, RESTS)
    assert sum(numbers(page, ".products span")) == pytest.approx(numbers(page, ".line b")[0], abs=1e-6)
    go_on(page, "Next map")
    page.locator(".products .cells").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Add all").click()
    expect(page.locator("#go")).to_have_text("Slide it")
    sums, bias, square = (numbers(page, f".whole {part}")[0] for part in ("span", "span + span", "b"))
    assert sum(numbers(page, ".strip small")) == pytest.approx(sums, abs=1e-6)
    assert sums + bias == pytest.approx(square, abs=1e-6)
    go_on(page, "Slide it")
    expect(page.locator(".why")).to_contain_text("one came out")  # it has slid
    assert numbers(page, ".to figcaption") == [square]
    go_on(page, "Switch it off")
    page.locator(".neurons .over").press("ArrowRight")
    before = numbers(page, ".score.best span")
    page.locator(".ask .pick", has_text="Still a 3").click()
    expect(page.locator(".framed")).to_have_class(re.compile("gone"))
    wait_until(page, RESTS)
    assert marks(page) == {"Still a 3": "right"}
    assert numbers(page, ".why") == [*before, *numbers(page, ".score.best span")]
    go_on(page, "My turn")
    page.locator(".shapes button").nth(3).click()
    wait_until(page, RESTS)
    while "still" in page.locator(".why").inner_text():
        page.get_by_role("button", name="Hint").click()
        page.locator(".shapes .chosen").click()
        wait_until(page, RESTS)
    expect(page.locator(".why")).to_contain_text("off, and it reads")
    go_on(page, "Who matters?")
    page.locator(".pictures button").last.click()
    expect(page.locator(".why")).to_contain_text("This 9 is read as an 8")
    go_on(page, "Next")
    expect(page.locator("#title")).to_contain_text("Fool it")
    for title in ("Who needs", "can it lose", "missing"):  # the steps of scene 3, from the last one on
        page.go_back()
        expect(page.locator("#title")).to_contain_text(title)
    page.reload()
    expect(page.locator("#title")).to_contain_text("missing")
    assert page.evaluate("[state.scenes[3].step, state.scenes[3].missing]") == [6, None]


@pytest.mark.slow
def test_a_pupil_rubs_out_ink_and_sees_scores_become_percentages(page: Page) -> None:
    page.evaluate("location.hash = '#scene=4'")
    expect(page.locator(".eraser")).to_have_count(2)
    fill = "(discs) => discs.map((disc) => getComputedStyle(disc).backgroundColor)"
    assert len(set(page.locator(".eraser").evaluate_all(fill))) == 2  # the eraser is filled, the ring is not
    page.locator(".ask .pick", has_text="3").click()
    page.locator(".rubbing canvas").focus()
    for key in [*["ArrowRight"] * 4, "Space"]:  # on the way to the ring it is carried
        page.keyboard.press(key)
    wait_until(page, RESTS)
    assert marks(page) == {}
    assert page.evaluate("state.scenes[4].places.length") == 0
    ring = find_box(page.locator(".ring"))
    page.mouse.move(ring["x"] + ring["width"] / 2, ring["y"] + ring["height"] / 2)
    page.mouse.down()
    page.mouse.up()
    expect(page.locator(".gone")).to_contain_text("Fooled")
    expect(page.locator(".ask .why")).to_contain_text("Yes: it reads a 3")
    assert marks(page) == {"3": "right"}
    rubbed = page.locator(".rubbing canvas").evaluate("(canvas) => canvas.toDataURL()")
    go_on(page, "Show the scores")
    expect(page.locator(".list")).to_be_visible()
    powers = numbers(page, ".list .bar span:nth-of-type(3)")
    assert len(powers) == 11
    assert numbers(page, "p.sums:last-child") == [pytest.approx(sum(powers), abs=1e-6)]
    assert page.locator(".rubbing canvas").evaluate("(canvas) => canvas.toDataURL()") == rubbed
    page.get_by_role("button", name="Start again").click()
    wait_until(page, RESTS)
    assert marks(page) == {}
    expect(page.locator(".ask .q")).to_be_visible()
    page.get_by_role("button", name="New digit").click()
    expect(page.locator(".ask .q")).to_contain_text("Which digit takes over?")


def press_go(page: Page, label: str, times: int = 1) -> None:
    """Press the blue button a number of times, waiting for what moves."""
    for _ in range(times):
        go_on(page, label)
        wait_until(page, f"{RESTS} && (state.scenes[6]?.hop ?? 1) === 1")


@pytest.mark.slow
@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_a_pupil_goes_through_the_scenes_on_loss_slope_error_and_training(
    motion: Any, file: Path, browser: Browser
) -> None:
    with open_page(browser, file, "#scene=5", reduced_motion=motion, **LAPTOP) as page:
        page.evaluate("Object.assign(TRAINING, { steps: 2, exams: 2 })")
        expect(page.locator(".pictures b")).to_have_text(["3, read as 3", "7, read as 1", "9, read as 8"])
        page.locator(".pick", has_text="Doubles").click()
        expect(page.locator(".why")).to_contain_text("No")
        assert marks(page) == {"Doubles": "wrong", "Over 3 times": "right"}
        expect(page.locator(".q")).to_be_visible()
        wait_until(page, "state.scenes[5].share === null")
        share, loss = numbers(page, ".chart .halo")
        assert loss == pytest.approx(-np.log(share), abs=0.00501)
        box = find_box(page.locator(".chart"))
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] - 60)  # the dot goes to the curve
        wait_until(page, RESTS)
        share, loss = numbers(page, ".chart .halo")
        assert 0.3 < share < 0.7
        assert loss == pytest.approx(-np.log(share), abs=0.00501)
        press_go(page, "Next")
        page.keyboard.press("ArrowLeft")
        wait_until(page, RESTS)  # a hidden slider takes no key
        assert marks(page) == {"\u2190 Smaller": "right"}
        box = find_box(page.locator(".chart"))
        page.mouse.click(box["x"] + 60, box["y"] + 60)  # the ball rolls to the left, where the slope is below 0
        wait_until(page, RESTS)
        expect(page.locator(".why")).to_contain_text("a larger weight")
        page.locator("#rate").press("End")
        press_go(page, "Step")
        expect(page.locator(".q")).to_be_hidden()
        after, weight, rate, slope = numbers(page, ".rule div:has(small)")
        assert after == pytest.approx(weight - rate * slope, abs=0.00501)
        expect(page.locator(".why")).to_contain_text("out of the valley")
        press_go(page, "Try again")
        expect(page.locator("#rate")).to_have_value("40")
        while page.locator("#go").inner_text() == "Step":
            press_go(page, "Step")
        assert numbers(page, ".why") == numbers(page, ".chart .halo")  # the slope
        press_go(page, "Next")
        page.locator(".pick", has_text="Both").click()
        expect(page.locator(".why")).to_contain_text("No")
        assert marks(page) == {"A": "right", "Both": "wrong"}
        press_go(page, "Walk back")
        expect(page.locator(".q")).to_be_hidden()
        page.keyboard.press("ArrowRight")  # back to the question
        expect(page.locator(".q")).to_be_visible()
        press_go(page, "Walk back", 5)
        expect(page.locator(".ledger li").last).to_contain_text("make A larger")
        expect(page.locator(".message")).to_have_count(5)  # one for each line
        press_go(page, "Take the step")
        wait_until(page, "state.scenes[7].taken === 1")
        wait_until(page, RESTS)
        first, slope, after = numbers(page, ".ledger li:last-child")[:3]
        assert after == pytest.approx(first + 5 * slope, abs=0.0051)
        press_go(page, "Next")
        weights = page.locator("#lead").inner_text()
        assert "18,378" in weights
        page.locator(".ask .pick", has_text="9 of 10").click()
        go_on(page, "Train" if motion == "no-preference" else "Train 25 steps")
        wait_until(page, "state.scenes[8].phase === 'done'")
        assert page.evaluate("state.scenes[8].step") == 2
        go_on(page, "Teach it a sign")
        for kept in range(5):
            draw(page, ".pad", place(DIGITS[2], 0.1, 0.1 + 0.01 * kept, 0.7))
            page.locator(".kept .go", has_text=f"Keep {kept + 1} of 5").click()
        wait_until(page, "state.scenes[8].phase === 'taught'")
        draw(page, ".pad", place(DIGITS[2], 0.12, 0.12, 0.7))
        expect(page.locator(".result .answer")).to_have_text("\u2665")
        assert find_violations(page) == []
        page.get_by_role("button", name="Forget the sign").click()
        page.get_by_role("button", name="Forget everything").click()
        expect(page.locator("#go")).to_contain_text("Train")
        assert page.evaluate("state.scenes[8].step") == 0


@pytest.mark.slow
def test_page_of_any_network_explores_and_reads_as_python_does(built: Path, browser: Browser) -> None:
    image = np.array(np.load(built / "parse" / "test-images.npy")[0])
    fragment = "#" + link_demo(image, 7).partition("#")[2]
    with open_page(browser, built / "export" / "index.html", fragment, **LAPTOP) as page:
        expect(page.locator(".words")).to_contain_text("this is a 7")
        probabilities = predict_with_negative(load_model(built / "train"), image[np.newaxis])[0]
        scores = np.array(numbers(page, ".score span"))
        np.testing.assert_allclose(np.exp(scores) / np.exp(scores).sum(), probabilities[: len(scores)], atol=1e-2)
        assert find_violations(page) == []


@pytest.mark.slow
def test_explore_changes_a_kernel_shares_and_repeats_a_drawing_by_its_link(file: Path, browser: Browser) -> None:
    with open_page(browser, file, "#scene=9", **LAPTOP) as page:
        page.locator(".kernel .cells span").first.focus()
        page.keyboard.press("Shift+ArrowUp")
        expect(page.locator(".words")).to_contain_text("1 changed weight takes")
        page.get_by_role("button", name="Clear").click()
        draw(page, ".pad", place(DIGITS[3], 0.2, 0.2, 0.6))
        assert find_violations(page) == []
        link, strokes = page.evaluate("[encodeLink(state), state.strokes]")
    with open_page(browser, file, link, **LAPTOP) as page:
        wait_until(page, "state.scene === 9")
        assert page.evaluate("state.strokes") == strokes


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "size"), [("light", LAPTOP), ("dark", PHONE), ("light", TABLET)])
def test_every_scene_is_accessible_and_fits(scheme: Any, size: dict[str, Any], file: Path, browser: Browser) -> None:
    with open_page(browser, file, "", color_scheme=scheme, **size, **STILL) as page:
        for scene in range(1, EXPLORE + 1):
            page.evaluate("(scene) => { location.hash = `#scene=${scene}`; }", scene)
            wait_until(page, f"state.scene === {scene}")
            page.wait_for_timeout(100)
            for step in range(1, 9 if scene == 3 else 2):
                if scene == 3:
                    page.evaluate("(step) => { location.hash = `#scene=3&step=${step}`; }", step)
                    wait_until(page, f"state.scenes[3].step === {step}")
                    page.wait_for_timeout(100)
                    assert find_violations(page) == [], step
                    assert not is_wider_than_screen(page), step
                elif page.locator(".ask .pick").count():
                    page.locator(".ask .pick").nth(1 if scene == 2 else 0).click()  # B, which has more to show
                    page.wait_for_timeout(100)
            assert find_violations(page) == [], scene
            assert not is_wider_than_screen(page), scene
            hits = page.locator("nav a, summary").locator("visible=true").evaluate_all(HITS)
            assert hits == [True] * (EXPLORE if size is PHONE else EXPLORE + 1), (
                scene
            )  # on phones, Explore is in the menu
            small = page.locator("main :is(button, input, [tabindex='0'])").locator("visible=true").evaluate_all(SMALL)
            assert small == [], scene
            if scene == 1 and size is PHONE:  # the lines to the answer end above its bar
                shape, bar = find_box(page.locator(".shapes canvas")), find_box(page.locator(".bar.best i"))
                assert bar["y"] - shape["y"] - shape["height"] > 12
            if scene == 2:
                expect(page.locator(".cells").locator("visible=true")).to_have_count(3)  # ink, kernel and products
            box = find_box(page.locator("main"))
            assert box["y"] + box["height"] <= size["viewport"]["height"] + 1, scene


@pytest.mark.slow
def test_window_that_turns_narrow_in_the_middle_of_a_motion_shows_all_of_it(file: Path, browser: Browser) -> None:
    with open_page(browser, file, "#scene=3&step=4", **LAPTOP) as page:
        wait_until(page, "state.scenes[3].filled > 2")
        page.set_viewport_size(PHONE["viewport"])
        wait_until(page, "state.scenes[3].filled > 9")  # it slides on
        assert not is_wider_than_screen(page)
        page.locator(".to .cells").press("ArrowRight")  # which ends the slide
        go_on(page, "Switch it off")
        page.set_viewport_size({"width": 844, "height": 390})
        wait_until(page, RESTS)
        assert not is_wider_than_screen(page)
        frame, neurons = find_box(page.locator(".neurons .frame")), find_box(page.locator(".neurons .over"))
        assert neurons["x"] - 4 < frame["x"] < neurons["x"] + neurons["width"]


@pytest.mark.slow
def test_present_fills_a_projector_and_its_remote_control_turns_the_scenes(file: Path, browser: Browser) -> None:
    size = {"width": 1920, "height": 1080}
    with open_page(browser, file, "#scene=3&present", viewport=size) as page:
        wait_until(page, "state.isPresenting")
        box = find_box(page.locator("#stage"))
        assert box["x"] + box["width"] > 0.9 * size["width"]
        assert not is_wider_than_screen(page)
        page.locator(".maps button").nth(2).click()  # which keeps the focus
        ways = [("PageUp", 2), ("PageUp", 1), ("ArrowLeft", 1), *(("ArrowRight", k) for k in (2, 3, *[3] * 7, 4))]
        for key, scene in [*ways, *(("PageDown", k) for k in range(5, 10))]:
            page.keyboard.press(key)
            wait_until(page, f"state.scene === {scene} && {RESTS}")
            expect(page.locator("[aria-current=step]").first).to_have_attribute("data-scene", str(scene))
            if scene == 4:
                assert find_box(page.locator(".rubbing"))["height"] > 0.7 * size["height"]
        page.keyboard.press("PageDown")
        page.wait_for_timeout(200)
        assert page.evaluate("[state.scene, scrollY, location.hash]") == [EXPLORE, 0, "#scene=9&present"]
        page.go_back()
        wait_until(page, "state.scene === 8 && state.isPresenting")
        page.keyboard.press("Escape")
        wait_until(page, "!state.isPresenting && location.hash === '#scene=8'")
    with open_page(browser, file, "#scene=3&step=9", viewport=size) as page:  # it has eight
        wait_until(page, "state.scene === 3")
        page.keyboard.press("PageDown")
        assert page.evaluate("[state.scene, state.scenes[3].step]") == [3, 1]  # it scrolls the page
