"""Inside the network, in a browser: the votes for each class, and why one is above another."""

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from pipeline.model.prediction import predict_logits
from tests.browser import find_box
from tests.pipeline.models import make_model
from tests.pipeline.pages.conftest import Demo
from tests.pipeline.pages.input import draw_with_mouse, pixels, prediction
from tests.pipeline.pages.strokes import DIGITS, place
from tests.thorough.pipeline.pages.conftest import DIGIT
from tests.thorough.pipeline.pages.inside import numbers, pin, tile, title, wait_for_update


def test_bar_asks_why_not_that_class(drawn: Page) -> None:
    logits = drawn.evaluate("Array.from(read(model, drawing.strokes).logits)")
    best = int(np.argmax(logits))
    one, other = (best + 1) % 10, (best + 2) % 10
    drawn.locator(".class").nth(one).click()
    wait_for_update(drawn)
    assert drawn.locator("#why-title").inner_text() == f"Why {best}, not {one}?"
    assert drawn.locator(".class").nth(one).get_attribute("aria-pressed") == "true"
    *terms, lead = numbers(drawn.locator(":is(#raises, #lowers, #biases, #leads)"))
    assert lead == pytest.approx(logits[best] - logits[one], abs=0.051)
    assert lead == round(sum(terms), 1)  # the numbers that are shown add up
    assert numbers(drawn.locator("#detail-sum"))[-1] == pytest.approx(lead, abs=0.06)  # the same, vote by vote
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


def test_why_is_hidden_while_it_explains_another_answer(drawn: Page) -> None:
    """At the moment of a change, before the delay of "Why" is over."""
    seen = drawn.evaluate(
        """() => [3, 6, 0].map((best) => {
            probabilitiesOf = () => softmax(Array.from({ length: 10 }, (_, k) => (k === best ? 5 : k / 10)));
            remembered.length = 0;
            drawing.strokes = [[{ x: 0.3, y: 0.1 + best / 20 }, { x: 0.5, y: 0.6 }]];
            show();
            const title = document.getElementById("why-title");
            return [getComputedStyle(title).visibility, title.textContent.startsWith(`Why ${best},`)];
        })"""
    )
    assert all(visibility == "hidden" or is_current for visibility, is_current in seen)
    expect(drawn.locator("#why-title")).to_have_text("Why 0, not 9?")
    expect(drawn.locator("#why-title")).to_be_visible()


def test_what_is_too_improbable_is_undecided_everywhere(drawn: Page) -> None:
    drawn.evaluate("() => { probabilitiesOf = () => Array(10).fill(0.73 / 9).fill(0.27, 3, 4); }")
    drawn.evaluate("perform(() => restore({ strokes: [[{ x: 0.3, y: 0.1 }, { x: 0.5, y: 0.6 }]], example: null }))")
    assert prediction(drawn) == ""
    confidence = drawn.locator("#confidence").inner_text()
    assert confidence.startswith("Undecided: 3 has 27.0%")
    assert "40%" in confidence
    assert drawn.locator(".network-read").all_inner_texts() == ["? 3, 27.0%"] * 2
    expect(drawn.locator("#why-title")).to_have_text("Why 3 before 0?")


@pytest.mark.parametrize("by_key", [False, True])
def test_deselect_and_escape_also_take_back_the_compared_class(by_key: bool, drawn: Page) -> None:
    drawn.locator(".class:not(.best)").first.click()
    wait_for_update(drawn)
    assert drawn.locator(".class[aria-pressed=true]").count() == 1
    if by_key:
        drawn.keyboard.press("Escape")
    else:
        tile(drawn, 0, 3).click()
        drawn.locator("#follow").click()
    wait_for_update(drawn)
    assert drawn.locator(":is(.class, .tile)[aria-pressed=true]").count() == 0
    assert len(drawn.evaluate("drawing.strokes")) == 1


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
        assert title(page).startswith(f"Score of {model.class_names[best]},")
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


def test_pointing_at_a_class_shows_its_logit_or_the_lead_over_it_and_why_agrees(drawn: Page) -> None:
    logits = drawn.evaluate("Array.from(read(model, drawing.strokes).logits)")
    best = int(np.argmax(logits))
    drawn.locator(".class").nth((best + 3) % 10).click()  # what is pointed at counts more
    for number in (best, (best + 1) % 10, (best + 5) % 10):
        drawn.locator(".class").nth(number).hover()
        found = title(drawn)
        if number == best:
            assert found.startswith(f"Score of {best},")
            shown = logits[best]
        else:
            assert found == f"Votes for {best} minus votes for {number}"
            assert drawn.locator("#why-title").inner_text() == f"Why {best}, not {number}?"
            shown = logits[best] - logits[number]
        assert numbers(drawn.locator("#detail-sum"))[-1] == pytest.approx(shown, abs=0.011)
        assert drawn.locator(".overlay line").count() == 5
        field = drawn.locator(".overlay rect").first
        assert float(field.get_attribute("width") or 0) == pytest.approx(112 * 25 / 28, abs=1)


def test_gaps_are_marked_where_ink_would_raise_the_other_class(drawn: Page) -> None:
    logits = drawn.evaluate("Array.from(read(model, drawing.strokes).logits)")
    best, *_, other = np.argsort(logits)[::-1].tolist()
    drawn.evaluate('() => { adviceFor = () => "more"; }')
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
