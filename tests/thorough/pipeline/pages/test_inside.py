"""Inside the network, in a browser: each interaction works by mouse, touch and keys."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from pipeline.model.prediction import predict_logits
from tests.browser import PHONE, find_box, find_violations, is_wider_than_screen, open_page
from tests.pipeline.models import make_model
from tests.pipeline.pages.conftest import Demo
from tests.pipeline.pages.input import draw_with_mouse, pixels, prediction
from tests.pipeline.pages.strokes import DIGITS, place
from tests.thorough.pipeline.pages.conftest import DIGIT

TOLERANCE = 1e-4


def wait_for_update(page: Page) -> None:
    """Wait for the frame after an event."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def numbers(found: Locator) -> list[float]:
    """Return all numbers in the texts of elements."""
    text = " ".join(found.all_inner_texts()).replace("−", "-").replace("- ", "-")
    return [float(number) for number in re.findall(r"-?\d+\.\d+", text)]


def title(page: Page) -> str:
    wait_for_update(page)
    return page.locator("#detail-title").inner_text()


def tile(page: Page, layer: int, unit: int) -> Any:
    return page.locator(".tiles:visible").nth(layer).locator(".tile").nth(unit)


def tab(page: Page, name: str) -> Locator:
    return page.locator("[role=tab]", has_text=name)


def hover(page: Page, layer: int, unit: int, row: float, column: float, size: int = 12) -> None:
    tile(page, layer, unit).scroll_into_view_if_needed()
    box = find_box(tile(page, layer, unit).locator(".map"))
    page.mouse.move(box["x"] + (column - 0.5) * box["width"] / size, box["y"] + (row - 0.5) * box["height"] / size)


def pin(page: Page) -> None:
    """Click a pixel of a map."""
    hover(page, 0, 5, 7, 3)
    page.mouse.down()
    page.mouse.up()


def test_pointing_shows_the_patch_and_leaving_ends_it(drawn: Page) -> None:
    before = title(drawn)
    hover(drawn, 0, 5, 7, 3)
    assert title(drawn) == "Pixel of map 6, layer 1: row 7, column 3"
    hover(drawn, 1, 20, 2, 4, size=4)
    assert title(drawn) == "Pixel of map 21, layer 2: row 2, column 4"
    assert drawn.locator(".overlay rect:not(.halo)").count() == 2 + 5
    assert drawn.locator(".overlay line:not(.vote)").count() == 5
    assert drawn.locator(".tile.source").count() == 5
    drawn.mouse.move(5, 5)
    assert title(drawn) == before


def test_shown_sum_is_that_of_the_shown_numbers(drawn: Page) -> None:
    hover(drawn, 0, 5, 7, 3)
    wait_for_update(drawn)
    numbers = {
        name: np.array([float(text.replace("−", "-")) for text in drawn.locator(f".{name} span").all_inner_texts()])
        for name in ("patch", "weights", "products")
    }
    assert {len(values) for values in numbers.values()} == {25}
    np.testing.assert_allclose(numbers["patch"] * numbers["weights"], numbers["products"], atol=0.02)
    text = drawn.locator("#detail-sum").inner_text().replace("−", "-").replace("- bias ", "-")
    products, bias, total, *activation = [float(number) for number in re.findall(r"-?\d+\.\d+", text)]
    assert products == pytest.approx(numbers["products"].sum(), abs=0.15)
    assert round(products + bias, 2) == total  # the numbers that are shown add up
    assert activation == ([total] if total > 0 else [])


def test_click_pins_and_follow_releases(drawn: Page) -> None:
    pin(drawn)
    drawn.mouse.move(5, 5)
    assert title(drawn) == "Pixel of map 6, layer 1: row 7, column 3"
    assert tile(drawn, 0, 5).get_attribute("aria-pressed") == "true"
    drawn.locator("#canvas").scroll_into_view_if_needed()
    draw_with_mouse(drawn, [[(0.3, 0.9), (0.7, 0.9)]])
    assert title(drawn) == "Pixel of map 6, layer 1: row 7, column 3"
    drawn.locator("#follow").click()
    wait_for_update(drawn)
    assert drawn.locator(".tile[aria-pressed=true]").count() == 0
    expect(drawn.locator("#follow")).to_be_hidden()  # it would have no effect
    for pressed in ("true", "false"):  # a second click releases, too
        pin(drawn)
        wait_for_update(drawn)
        assert tile(drawn, 0, 5).get_attribute("aria-pressed") == pressed


def test_keys_move_between_tiles_and_within_a_pinned_map(drawn: Page) -> None:
    tile(drawn, 0, 0).focus()
    drawn.keyboard.press("ArrowRight")
    assert title(drawn).startswith("Pixel of map 2, layer 1")
    drawn.keyboard.press("ArrowDown")
    assert title(drawn).startswith("Pixel of map 6, layer 1")
    drawn.keyboard.press("Enter")
    row, column = map(int, re.findall(r"\d+", title(drawn))[2:])
    for key, down, right in (("ArrowUp", -1, 0), ("ArrowLeft", 0, -1), ("ArrowDown", 1, 0), ("ArrowRight", 0, 1)):
        drawn.keyboard.press(key)
        row, column = min(max(row + down, 1), 12), min(max(column + right, 1), 12)
        assert title(drawn) == f"Pixel of map 6, layer 1: row {row}, column {column}"
    wait_for_update(drawn)
    announced = drawn.locator("#announcement").inner_text()
    assert announced.startswith(f"Pixel of map 6, layer 1: row {row}, column {column}: products ")
    drawn.keyboard.press("Escape")
    drawn.keyboard.press("End")
    assert title(drawn).startswith("Pixel of map 16, layer 1")
    assert len(drawn.evaluate("drawing.strokes")) == 1  # Escape did not clear the drawing


def test_arrow_keys_move_on_from_a_pinned_unit_and_tiles_of_a_layer_are_one_tab_stop(drawn: Page) -> None:
    tile(drawn, 2, 3).focus()
    drawn.keyboard.press("Enter")
    drawn.keyboard.press("ArrowRight")
    assert title(drawn) == "Unit 5 of dense"
    for number in range(3):
        assert drawn.locator(".tiles:visible").nth(number).locator(".tile[tabindex='0']").count() == 1


def test_kernel_slides_over_all_positions(drawn: Page) -> None:
    pin(drawn)
    drawn.locator("#slide").click()
    seen: list[int] = []
    for wait in (1000, 400, 400):
        drawn.wait_for_timeout(wait)
        if not seen:
            reached = pixels(drawn, "#result-map")[-1]
            assert (reached == reached[0]).all()  # after one second the last row is still empty
        row, column = map(int, re.findall(r"\d+", title(drawn))[2:])
        seen.append(12 * row + column)
    assert seen == sorted(set(seen))
    expect(drawn.locator("#slide")).to_have_text("Slide the kernel")
    strongest = drawn.evaluate("strongestPosition(read(model, drawing.strokes).values[1], 16, 5)")
    assert title(drawn) == f"Pixel of map 6, layer 1: row {strongest // 12 + 1}, column {strongest % 12 + 1}"


def test_sliding_is_stopped_by_its_button(drawn: Page) -> None:
    drawn.locator("#slide").click()
    drawn.wait_for_timeout(500)
    drawn.locator("#slide").click()
    at = title(drawn)
    drawn.wait_for_timeout(500)
    assert title(drawn) == at
    assert drawn.locator("#slide").inner_text() == "Slide the kernel"


def test_inside_can_be_closed_and_opened_with_another_colour_scheme(phone: Page) -> None:
    """A kernel has the colours of the scheme after opening; `open_page` fails on exceptions."""
    light, button = pixels(phone, ".kernel"), phone.locator("#look-inside")
    tab(phone, "Layer 1").tap()
    phone.locator("#slide").tap()
    assert button.get_attribute("aria-expanded") == "true"
    button.tap()
    assert not phone.locator(".columns").is_visible()
    assert button.get_attribute("aria-expanded") == "false"
    phone.emulate_media(color_scheme="dark")
    phone.wait_for_timeout(400)  # labels are updated after 300 ms
    button.tap()
    tab(phone, "Layer 1").tap()
    wait_for_update(phone)
    assert phone.locator(".columns").is_visible()
    assert phone.locator("#slide").inner_text() == "Slide the kernel"
    assert pixels(phone, ".kernel").mean() < light.mean()


def test_with_reduced_motion_a_button_moves_the_kernel(browser: Browser, file: Path) -> None:
    with open_page(browser, file, reduced_motion="reduce") as page:
        draw_with_mouse(page, DIGIT)
        prediction(page)
        pin(page)
        wait_for_update(page)
        assert np.array_equal(pixels(page, "#result-map"), pixels(page, ".tile[aria-pressed=true] .map"))
        page.locator("#follow").click()
        for column in (1, 2, 3):
            page.locator("#slide").click()
            assert title(page).endswith(f"row 1, column {column}")


def test_bar_asks_why_not_that_class(drawn: Page) -> None:
    logits = drawn.evaluate("Array.from(read(model, drawing.strokes).logits)")
    best = int(np.argmax(logits))
    one, other = (best + 1) % 10, (best + 2) % 10
    drawn.locator(".class").nth(one).click()
    wait_for_update(drawn)
    assert drawn.locator("#why-title").inner_text() == f"Why {best}, not {one}?"
    assert drawn.locator(".class").nth(one).get_attribute("aria-pressed") == "true"
    text = (drawn.locator("#why-sum").text_content() or "").replace("−", "-").replace("- ", "-")
    *terms, total = [float(number) for number in re.findall(r"-?\d+\.\d+", text)]
    assert total == pytest.approx(logits[best] - logits[one], abs=0.016)
    assert total == round(sum(terms), 2)
    announced = drawn.locator("#announcement").inner_text()
    assert announced.startswith(f"Why {best}, not {one}?: ")
    assert "temperature" not in announced
    drawn.locator(".class").nth(one).click()
    drawn.mouse.move(5, 5)
    assert title(drawn).startswith("Pixel of map ")
    assert drawn.locator(".class[aria-pressed=true]").count() == 0
    drawn.locator(".class").nth(other).focus()
    drawn.keyboard.press("Enter")
    wait_for_update(drawn)
    assert drawn.locator("#why-title").inner_text() == f"Why {best}, not {other}?"


def test_another_drawing_asks_about_its_own_runner_up_and_leaves_walk_and_pixel(drawn: Page) -> None:
    probabilities = drawn.evaluate("Array.from(read(model, drawing.strokes).probabilities)")
    question = drawn.locator("#why-title")
    drawn.locator(".class").nth(int(np.argsort(probabilities)[0])).click()
    expect(question).to_have_text(f"Why {np.argmax(probabilities)}, not {np.argmin(probabilities)}?")
    drawn.locator("#clear").click()
    draw_with_mouse(drawn, place(DIGITS[1], 0.2, 0.2, 0.6))
    second, first = np.argsort(drawn.evaluate("Array.from(read(model, drawing.strokes).probabilities)"))[-2:]
    expect(question).to_have_text(f"Why {first}, not {second}?")
    assert drawn.locator(".class[aria-pressed=true]").count() == 0
    for is_walking in (False, True):
        pin(drawn)
        if is_walking:
            drawn.locator("#walk").click()
        drawn.evaluate("perform(() => restore({ strokes: [[{ x: 0.3, y: 0.1 }, { x: 0.5, y: 0.6 }]], example: null }))")
        wait_for_update(drawn)
        drawn.mouse.move(5, 5)
        expect(drawn.locator("#walk-text")).to_be_hidden()
        assert drawn.locator(".tile[aria-pressed=true]").count() == (not is_walking)
        shown, row, column = (int(number) for number in re.findall(r"\d+", title(drawn).replace("layer 1", "")))
        strongest = f"strongestPosition(read(model, drawing.strokes).values[1], 16, {shown - 1})"
        assert 12 * (row - 1) + column - 1 == drawn.evaluate(strongest)


@pytest.mark.parametrize(
    ("cells", "place"),
    [
        ([(2, 2)], "at the top left"),
        ([(5, 2)], "left of the waist"),
        ([(5, 4)], "at the waist"),
        ([(5, 0)], "left of the waist"),  # beside the drawing
        ([(4, 2), (3, 2), (7, 6)], "at the upper left"),
        ([(3, 2), (7, 2), (3, 6)], "on the left"),
        ([(3, 2), (3, 6), (8, 4)], "in the upper half"),
        ([(2, 2), (2, 6), (8, 2), (8, 6)], None),
        ([], None),
    ],
)
def test_place_is_the_smallest_part_of_the_drawings_box_with_most_of_the_weight(
    cells: list[tuple[int, int]], place: str | None, drawn: Page
) -> None:
    """The ink covers rows 2 to 8 and columns 2 to 6 of 12 x 9 pixels."""
    found = drawn.evaluate(
        """(cells) => {
            const image = Uint8Array.from({ length: 108 }, (_, i) => {
                const [row, column] = [Math.floor(i / 9), i % 9];
                return row >= 2 && row <= 8 && column >= 2 && column <= 6 ? 255 : 0;
            });
            const values = new Float32Array(108);
            for (const [row, column] of cells) values[9 * row + column] = 1;
            return placeOf(values, [12, 9], boxOf(image, [12, 9]))?.name ?? null;
        }""",
        cells,
    )
    assert found == place


def test_reason_names_places_of_the_drawing_not_of_the_picture(drawn: Page) -> None:
    """The ink covers rows 2 to 8 and columns 4 to 8 of 12 x 9 pixels; the missing ink is beside it."""
    reason = drawn.evaluate(
        """() => {
            const at = (...positions) => Float32Array.from({ length: 108 }, (_, i) => Number(positions.includes(i)));
            const image = Uint8Array.from({ length: 108 }, (_, i) => {
                const [row, column] = [Math.floor(i / 9), i % 9];
                return row >= 2 && row <= 8 && column >= 4 ? 255 : 0;
            });
            const gradient = at(9 * 5 + 3).map((value) => -value);
            showWhy({ gradient, contributions: at(9 * 8 + 8), rest: 0 }, image, [12, 9], true, "3", "8", true);
            return document.getElementById("why-reason").textContent;
        }"""
    )
    assert "left of the waist" in reason
    assert "at the bottom right" in reason


def test_reason_never_names_overlapping_places(drawn: Page) -> None:
    for number in range(10):
        drawn.locator(".class").nth(number).click()
        wait_for_update(drawn)
        reason = drawn.locator("#why-reason").inner_text()
        names = re.findall(r"More ink (.+?) \(dots\)|Its ink (.+?) speaks", reason)
        missing, present = ([name for name in each if name] for each in zip(*names, strict=True)) if names else ([], [])
        if missing and present:
            places = {each["name"]: each for each in drawn.evaluate("PLACES")}
            one, other = places[missing[0]], places[present[0]]
            assert any(one[side][0] >= other[side][1] or other[side][0] >= one[side][1] for side in ("rows", "columns"))


def test_a_digit_is_compared_with_a_digit_and_never_with_itself(drawn: Page) -> None:
    contenders = "([probabilities, chosen]) => contenders(probabilities, chosen, 3)"
    for chosen, expected in ((None, [1, 2]), (0, [1, 0]), (1, [1, 2]), (3, [1, 3])):
        assert drawn.evaluate(contenders, [[0.1, 0.4, 0.2, 0.3], chosen]) == expected
    assert drawn.evaluate(contenders, [[0.1, 0.2, 0.2, 0.5], None]) == [3, 1]


def test_headline_bars_and_why_follow_the_network_and_the_move(drawn: Page) -> None:
    """The numbers of what is shown: the dense network, and the picture moved by some pixels."""

    def check_answers(shown: str) -> None:
        wait_for_update(drawn)
        found = drawn.evaluate(
            f"""() => {{
                const {{ image }} = read(model, drawing.strokes);
                const {{ digit, probabilities }} = {shown};
                return [digit === null ? "?" : model.classNames[digit], Array.from(probabilities)];
            }}"""
        )
        read, probabilities = found
        assert drawn.locator("#prediction").inner_text() == read
        assert drawn.locator(".class.best .name").inner_text() == str(np.argmax(probabilities))
        assert drawn.locator("#why-title").inner_text().startswith(f"Why {np.argmax(probabilities)},")
        if read != "?":
            assert drawn.locator("#confidence").inner_text().endswith(f"{int(1000 * max(probabilities)) / 10:.1f}%")

    check_answers("readImage(model, image)")
    assert "moved" not in drawn.locator("#runner-up").inner_text()
    drawn.evaluate("() => { choose = (probabilities) => probabilities.indexOf(Math.max(...probabilities)); }")
    for _ in range(3):
        drawn.locator("[aria-label=Left]").click()
    check_answers("readImage(model, moveImage(image, model.shape, [0, -3]))")
    assert re.search(r"moved 3 left: (now|still)", drawn.locator("#runner-up").inner_text())
    drawn.locator("[name=network]").nth(1).check()
    check_answers("readImage(model.dense, moveImage(image, model.shape, [0, -3]))")
    assert "dense network" in drawn.locator("#runner-up").inner_text()
    drawn.locator(".centre").click()
    drawn.locator("[name=network]").nth(0).check()
    check_answers("readImage(model, image)")


def test_a_class_has_one_sum_of_votes_everywhere_from_which_its_share_follows(open_demo: Demo) -> None:
    model = make_model("6", temperature=0.5)
    with open_demo(model) as page:
        draw_with_mouse(page, DIGIT)
        prediction(page)
        image = np.array(page.evaluate("Array.from(read(model, drawing.strokes).image)"), np.float32).reshape(1, 3, 4)
        standardised = ((image / 255 - model.scaling.mean) / model.scaling.std).astype(np.float32)
        logits = predict_logits(model, standardised)[0] / 0.5
        shown = numbers(page.locator(".class .votes"))
        assert shown == pytest.approx(logits, abs=0.051)
        best = int(np.argmax(logits))
        page.locator(".class").nth(best).hover()
        assert title(page) == f"Sum of votes for {model.class_names[best]}"
        assert numbers(page.locator("#detail-sum"))[-1] == pytest.approx(logits[best], abs=0.011)
        page.locator("summary", has_text="Numbers").click()
        text = page.locator("#share-of").inner_text().replace("−", "-")
        first, again, second = (float(number) for number in re.findall(r"e\^(-?\d+\.\d)", text))
        assert [first, again, second] == [shown[best], shown[best], sorted(shown)[-2]]
        share = page.locator(".class.best .share").inner_text()
        assert text.endswith(f"= {share}")
        assert float(share[:-1]) == pytest.approx(100 / np.exp(logits - logits[best]).sum(), abs=0.1)


def test_lines_lead_from_the_strongest_votes_to_the_answer(drawn: Page) -> None:
    votes = drawn.evaluate(
        """() => {
            const [layers] = model.networks;
            const { values, probabilities } = read(model, drawing.strokes);
            const best = probabilities.indexOf(Math.max(...probabilities));
            return Array.from(values.at(-2), (value, unit) => value * rowOf(layers.at(-1), best)[unit]);
        }"""
    )
    strongest = np.argsort(-np.abs(votes))[:5]
    answer = find_box(drawn.locator(".class.best"))
    ends = drawn.evaluate(
        """() => {
            const { left, top } = document.getElementById("stage").getBoundingClientRect();
            const ends = (line) => ["x1", "y1", "x2", "y2"].map((name) => Number(line.getAttribute(name)));
            const toPage = ([x1, y1, x2, y2]) => [x1 + left, y1 + top, x2 + left, y2 + top];
            return [...document.querySelectorAll(".overlay .vote")].map((line) => toPage(ends(line)));
        }"""
    )
    assert len(ends) == 5
    for unit, (x1, y1, x2, y2) in zip(strongest, ends, strict=True):
        cell = find_box(tile(drawn, 2, int(unit)))
        assert [x1, y1] == pytest.approx([cell["x"] + cell["width"], cell["y"] + cell["height"] / 2], abs=1)
        assert [x2, y2] == pytest.approx([answer["x"], answer["y"] + answer["height"] / 2], abs=1)
    drawn.locator(".class:not(.best)").first.hover()
    wait_for_update(drawn)
    assert drawn.locator(".overlay .vote").count() == 0  # the lines lead to that class


def test_ink_that_is_missing_is_named_only_if_it_is_asked_for_or_the_answer_is_open(drawn: Page) -> None:
    logits = [0.0] * 10
    for lead, is_asked, is_named in ((1, False, True), (9, False, False), (9, True, True)):
        logits[:2] = [lead, 0.5]
        drawn.evaluate("(logits) => { probabilitiesOf = () => softmax(logits); }", logits)
        drawn.locator("#clear").click()
        draw_with_mouse(drawn, DIGIT)
        expect(drawn.locator("#why-title")).to_have_text("Why 0, not 1?")
        if is_asked:
            drawn.locator(".class").nth(1).click()
        drawn.wait_for_timeout(200)
        reason = drawn.locator("#why-reason").inner_text()
        assert reason != ""
        assert ("More ink" in reason) == is_named


def test_shown_unit_is_the_one_that_the_drawing_raises_most(open_demo: Demo) -> None:
    """A unit with a large bias is active without any ink."""
    model = make_model("8")
    model.parameters[0].layers[0][1][4] += 50
    with open_demo(model) as page:
        draw_with_mouse(page, DIGIT)
        prediction(page)
        raised = page.evaluate(
            """() => {
                const [layer] = model.networks[0];
                const values = read(model, drawing.strokes).values[1];
                const blank = forward([layer], new Float32Array(12))[1];
                return Array.from(values, (value, unit) => value - blank[unit]);
            }"""
        )
        assert np.argmax(raised) != 4
        assert title(page) == f"Unit {np.argmax(raised) + 1} of dense"


def test_nothing_is_marked_after_clear(drawn: Page) -> None:
    assert drawn.locator(".overlay rect").count() > 0
    drawn.locator("#clear").click()
    wait_for_update(drawn)
    assert drawn.locator(".overlay *").count() == 0
    assert drawn.locator(".tile:is(.target, .source)").count() == 0
    drawn.locator("[aria-label=Left]").click()
    wait_for_update(drawn)
    assert "moved" not in drawn.locator("main").inner_text()


@pytest.mark.parametrize("name", ["How it works", "Keys"])
def test_explanations_are_closed_by_escape_and_by_a_click_elsewhere(name: str, drawn: Page) -> None:
    summary = drawn.locator("summary", has_text=name)
    for leave in (lambda: drawn.keyboard.press("Escape"), lambda: drawn.mouse.click(5, 5)):
        summary.click()
        assert drawn.locator("details[open]").count() == 1
        leave()
        assert drawn.locator("details[open]").count() == 0
    assert len(drawn.evaluate("drawing.strokes")) == 1


def test_pointing_at_a_class_shows_its_logit(drawn: Page) -> None:
    logits = drawn.evaluate("Array.from(read(model, drawing.strokes).logits)")
    for number in (2, 7):
        drawn.locator(".class").nth(number).hover()
        assert title(drawn) == f"Sum of votes for {number}"
        text = drawn.locator("#detail-sum").inner_text().replace("−", "-")
        assert float(text.split()[-1]) == pytest.approx(logits[number], abs=0.011)
        assert drawn.locator(".overlay line").count() == 5
        field = drawn.locator(".overlay rect").first
        assert float(field.get_attribute("width") or 0) == pytest.approx(112 * 25 / 28, abs=1)


def test_gaps_are_marked_where_ink_would_raise_the_other_class(drawn: Page) -> None:
    logits = drawn.evaluate("Array.from(read(model, drawing.strokes).logits)")
    best, *_, other = np.argsort(logits)[::-1].tolist()
    drawn.locator(".class").nth(other).click()
    wait_for_update(drawn)
    picture = pixels(drawn, "#why-picture")[..., :3].astype(int)
    marked = {
        (y, x) for y in range(28) for x in range(28) if (picture[4 * y + 1, 4 * x + 1] != picture[4 * y, 4 * x]).any()
    }
    assert len(marked) == 12
    image = drawn.evaluate("Array.from(read(model, drawing.strokes).image)")
    changes = []
    for y, x in marked:
        assert image[28 * y + x] <= 25.5
        moved = [255 * 0.02 + value if i == 28 * y + x else value for i, value in enumerate(image)]
        new = drawn.evaluate("(image) => Array.from(predict(model, Float32Array.from(image)).logits)", moved)
        changes.append((new[best] - new[other]) - (logits[best] - logits[other]))
    assert max(changes) < 0


def test_numbers_name_the_temperature_of_the_network_that_is_shown(drawn: Page) -> None:
    temperatures = drawn.evaluate("[model, model.dense].map(({ temperature }) => temperature.toFixed(2))")
    drawn.locator("summary", has_text="Numbers").click()
    shown = drawn.locator("#hints [data-view]:visible")
    assert shown.all_inner_texts() == temperatures[:1]
    drawn.locator("[name=network]").nth(1).check()
    drawn.locator("summary", has_text="Numbers").click()
    assert shown.all_inner_texts() == temperatures[1:]


def test_nudging_moves_the_maps_until_the_next_stroke(drawn: Page) -> None:
    before = [pixels(drawn, selector) for selector in ("#picture", ".map")]
    for _ in range(2):
        drawn.locator("[aria-label=Right]").click()
    wait_for_update(drawn)
    picture, first = (pixels(drawn, selector) for selector in ("#picture", ".map"))
    assert np.array_equal(picture[:, 2:], before[0][:, :-2])
    assert np.array_equal(first[:, 2:], before[1][:, 1:-1])  # a stride of 2: one pixel of the map
    assert drawn.locator("#nudge-text").inner_text() == "moved 2 right"
    assert drawn.locator("#announcement").inner_text().startswith("moved 2 right: ")
    drawn.locator(".centre").click()
    wait_for_update(drawn)
    assert np.array_equal(pixels(drawn, "#picture"), before[0])
    drawn.locator("[aria-label=Up]").click()
    drawn.locator("#canvas").scroll_into_view_if_needed()
    draw_with_mouse(drawn, [[(0.3, 0.9), (0.7, 0.9)]])
    wait_for_update(drawn)
    assert "centred" in drawn.locator("#nudge-text").inner_text()


def test_dense_network_is_shown_beside_the_convolutional_one(drawn: Page) -> None:
    for text in drawn.locator(".networks label").all_inner_texts():
        assert re.search(r"\d, \d+\.\d%", text)
    drawn.locator("[name=network]").nth(1).check()
    wait_for_update(drawn)
    assert drawn.locator(".tiles:visible").count() == 1
    hovered = tile(drawn, 0, 9)
    hovered.hover()
    assert title(drawn) == "Unit 10 of dense"
    assert drawn.locator("#slices canvas").count() == 3
    drawn.locator("[name=network]").nth(0).check()
    wait_for_update(drawn)
    assert drawn.locator(".tiles:visible").count() == 3


@pytest.fixture
def phone(browser: Browser, file: Path) -> Iterator[Page]:
    with open_page(browser, file, **PHONE) as page:
        draw_with_mouse(page, DIGIT)
        prediction(page)
        page.locator("#look-inside").tap()
        wait_for_update(page)
        yield page


def test_phone_shows_one_tab_at_a_time_and_taps_pin(phone: Page) -> None:
    assert find_box(phone.locator("#canvas"))["width"] <= 221
    tabs = phone.locator("[role=tab]")
    assert tabs.all_inner_texts() == ["Why", "Picture", "Layer 1", "Layer 2", "Dense"]
    for each in tabs.all():
        each.tap()
        wait_for_update(phone)
        assert phone.locator(":is(.column, .picture-column, .answer-column):visible").count() == 1
        assert not is_wider_than_screen(phone)
    tab(phone, "Layer 1").tap()
    tile(phone, 0, 2).tap(position={"x": 60, "y": 20})
    assert title(phone).startswith("Pixel of map 3, layer 1")
    assert tile(phone, 0, 2).get_attribute("aria-pressed") == "true"
    assert phone.locator("#detail").is_visible()
    sheet = find_box(phone.locator("#detail"))
    assert sheet["y"] + sheet["height"] <= 845
    phone.locator("#look-inside").tap()
    wait_for_update(phone)
    assert phone.locator("#stage").evaluate("(stage) => getComputedStyle(stage).paddingBottom") == "0px"


def test_tabs_keep_their_place_on_a_phone_without_empty_space_below(phone: Page) -> None:
    tab(phone, "Picture").tap()  # the shortest
    height = "Math.round(document.querySelector('footer').getBoundingClientRect().bottom + scrollY)"
    assert phone.evaluate("document.documentElement.scrollHeight") <= max(phone.evaluate(height), 844)
    tab(phone, "Layer 2").tap()  # the longest
    wait_for_update(phone)
    phone.evaluate("document.getElementById('tabs').scrollIntoView()")
    top = find_box(phone.locator("#tabs"))["y"]
    for name in ("Picture", "Why", "Dense", "Layer 1"):
        tab(phone, name).tap()
        wait_for_update(phone)
        assert find_box(phone.locator("#tabs"))["y"] == pytest.approx(top, abs=1)


def test_numbers_fit_in_their_cells_on_phones(phone: Page) -> None:
    tab(phone, "Layer 1").tap()
    for width in (390, 360):
        phone.set_viewport_size({"width": width, "height": 844})
        wait_for_update(phone)
        phone.locator(".numbers span").first.evaluate("(span) => (span.textContent = '−1.8')")
        box, cell = phone.locator(".numbers span").first.evaluate(
            """(span) => {
                const range = document.createRange();
                range.selectNodeContents(span);
                return [range.getBoundingClientRect().width, span.getBoundingClientRect().width];
            }"""
        )
        assert box <= cell
        last = find_box(phone.locator(".products").last)
        assert last["x"] + last["width"] <= width


def test_closing_the_inside_goes_back_to_the_answer_for_the_centred_picture(phone: Page) -> None:
    tab(phone, "Picture").tap()
    phone.locator("[aria-label=Left]").tap()
    wait_for_update(phone)
    assert "moved" in phone.locator("#runner-up").inner_text()
    phone.locator("#look-inside").tap()
    wait_for_update(phone)
    assert "moved" not in phone.locator("#runner-up").inner_text()


def test_clear_closes_the_inside_on_a_phone(phone: Page) -> None:
    phone.locator("#clear").tap()
    wait_for_update(phone)
    assert phone.locator("#tabs").is_hidden()
    assert phone.locator("#look-inside").get_attribute("aria-expanded") == "false"


def test_frame_of_a_unit_covers_its_cell_on_a_phone(phone: Page) -> None:
    tab(phone, "Dense").tap()
    boxes = [find_box(phone.locator(f".column:visible .cells{part}")) for part in ("", " > canvas")]
    assert boxes[0] == pytest.approx(boxes[1], abs=1)


def test_tabs_are_reached_by_keys(phone: Page) -> None:
    phone.locator("[role=tab]").first.focus()
    phone.keyboard.press("ArrowRight")
    assert phone.evaluate("document.activeElement.textContent") == "Picture"
    phone.keyboard.press("End")
    assert phone.evaluate("document.activeElement.textContent") == "Dense"
    assert phone.locator("#why").is_hidden()
    phone.keyboard.press("ArrowRight")
    assert phone.evaluate("document.activeElement.textContent") == "Why"
    assert phone.locator("#why").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_view(scheme: Any, browser: Browser, file: Path) -> None:
    with open_page(browser, file, color_scheme=scheme) as page:
        draw_with_mouse(page, DIGIT)
        prediction(page)
        for layer in range(3):
            tile(page, layer, 3).hover()
            check(page)
        page.locator("[name=network]").nth(1).check()
        check(page)
    with open_page(browser, file, color_scheme=scheme, **PHONE) as page:
        draw_with_mouse(page, DIGIT)
        prediction(page)
        page.locator("#look-inside").tap()
        for each in page.locator("[role=tab]").all():
            each.tap()
            check(page)


def check(page: Page) -> None:
    page.wait_for_timeout(400)
    assert find_violations(page) == []


def test_keyboard_leads_from_the_canvas_to_why_and_back(drawn: Page) -> None:
    page = drawn
    page.locator("h1").click()
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
        if reached[-1] == "class":
            break
    assert reached[0] == "canvas"
    assert [name.split()[0] for name in reached if name].count("tile") == 3
    page.keyboard.press("Enter")
    wait_for_update(page)
    assert page.locator(".class").first.get_attribute("aria-pressed") == "true"
    for _ in reached[1:]:
        page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.id") == "canvas"


@pytest.mark.parametrize(
    ("layers", "networks", "activation", "loss", "negative_class"),
    [
        ("", 1, "relu", "cross-entropy", True),
        ("6,5", 3, "sigmoid", "quadratic", True),
        ("conv4", 1, "relu", "cross-entropy", False),
        ("conv4x2/1,conv3x3/2", 2, "sigmoid", "quadratic", False),
        ("conv4x3/1,conv3x3/2,6", 3, "relu", "cross-entropy", True),
    ],
)
def test_every_kind_of_model_is_shown(
    layers: str, networks: int, activation: Any, loss: Any, negative_class: bool, open_demo: Demo
) -> None:
    model = make_model(layers, networks, (9, 7), activation=activation, loss=loss, negative_class=negative_class)
    hidden = model.networks[0].layers[:-1]
    with open_demo(model) as page:
        draw_with_mouse(page, [[(0.2, 0.2), (0.7, 0.7)]])
        prediction(page)
        assert page.locator("#picture").evaluate("canvas => [canvas.height, canvas.width]") == [9, 7]
        wait_for_update(page)
        assert page.locator(".tiles").count() == len(hidden)
        for number, layer in enumerate(hidden):
            assert page.locator(".tiles").nth(number).locator(".tile").count() == layer.output_shape[0]
            tile(page, number, 0).hover()
            assert title(page).startswith(("Pixel of map 1, ", "Unit 1 of"))
            assert page.locator("#slices li").count() >= 1
        assert page.locator(".class").count() == 3 + negative_class
        assert page.locator("#why-title").inner_text().startswith("Why ")
        page.locator(".class").last.hover()
        page.mouse.move(5, 5)
        wait_for_update(page)
        assert page.locator(".overlay *").count() > 0
        assert ("no hidden layer" in (page.locator("#lead").text_content() or "")) == (hidden == ())
        difference, expected = page.evaluate(
            """() => {
                const { image, logits } = read(model, drawing.strokes);
                return [explainDifference(model.networks, image, 0, 2).difference, logits[0] - logits[2]];
            }"""
        )
        assert difference == pytest.approx(expected, abs=TOLERANCE)
