"""Inside the network, in a browser: feature maps, kernels and units, by mouse and keys."""

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import open_page
from tests.pipeline.pages.input import draw_with_mouse, pixels, prediction
from tests.thorough.pipeline.pages.conftest import DIGIT
from tests.thorough.pipeline.pages.inside import hover, pin, tile, title, wait_for_update


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
    pin(drawn)
    drawn.mouse.click(5, 5)
    hover(drawn, 0, 5, 7, 3)
    drawn.mouse.down()  # on what is selected: this releases, too
    drawn.mouse.up()
    wait_for_update(drawn)
    assert tile(drawn, 0, 5).get_attribute("aria-pressed") == "false"


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
