"""The page under bad conditions: other networks, addresses of nothing, and browsers that lack something."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from pipeline.html.lesson.packing import encode_array, pack
from pipeline.html.lesson.page import model_values, render_lesson
from tests.browser import PHONE, find_box, is_wider_than_screen, open_page, wait_until
from tests.pipeline.models import make_model

pytestmark = pytest.mark.slow
DIGITS = tuple("0123456789")
STILL: dict[str, Any] = {**PHONE, "reduced_motion": "reduce"}
LACK = """
Object.defineProperty(window, "localStorage", { get() { throw new DOMException("denied", "SecurityError"); } });
const { getContext } = HTMLCanvasElement.prototype;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
    return kind.startsWith("webgl") ? null : getContext.call(this, kind, ...rest);
};
"""


def test_page_needs_neither_storage_nor_webgl_nor_a_network(file: Path, browser: Browser) -> None:
    with open_page(browser, file, "", **STILL, offline=True) as page:
        page.add_init_script(LACK)
        page.reload()
        assert page.evaluate("[navigator.onLine, document.createElement('canvas').getContext('webgl')]") == [
            False,
            None,
        ]
        expect(page.locator(".answer")).to_have_text("3")


def test_address_of_no_scene_or_step_opens_the_first_one(file: Path, browser: Browser) -> None:
    with open_page(browser, file, "#scene=3&step=9", **STILL) as page:
        for fragment, scene, step in (
            ("#scene=3&step=9", 3, 1),
            ("#scene=3&step=0", 3, 1),
            ("#scene=3&step=4", 3, 4),
            ("#scene=2&step=5", 2, None),
            ("#scene=99", 1, None),
            ("#scene=3&step=8&s=%", 3, 8),
            ("#%E0%A4%A", 1, None),
        ):
            page.evaluate("(fragment) => { location.hash = fragment; }", fragment)
            wait_until(page, f"state.scene === {scene} && (state.scenes[{scene}].step ?? null) === {json.dumps(step)}")
            expect(page.locator("#title")).not_to_be_empty()


def test_chart_is_drawn_again_when_what_stands_below_it_takes_its_room(file: Path, browser: Browser) -> None:
    with open_page(browser, file, "#scene=6", viewport={"width": 844, "height": 390}) as page:
        page.locator(".ask .pick").first.click()
        expect(page.locator(".rule small").first).to_be_visible()
        text, rule = (page.locator(each).first for each in ("svg text:has-text('One weight')", ".rule"))
        expect(text).to_be_visible()
        wait_until(page, "requested === null")
        assert find_box(text)["y"] + find_box(text)["height"] <= find_box(rule)["y"] + 1


@pytest.mark.parametrize("layers", ["conv1,conv8,6", "conv32,conv96x3/2,20"])
def test_scenes_of_a_network_with_one_kernel_and_with_many_fit(
    layers: str, file: Path, tmp_path: Path, browser: Browser
) -> None:
    model = make_model(layers, shape=(28, 28), class_names=DIGITS, negative_class=True)
    text = file.read_text(encoding="utf-8")
    data = json.loads(re.findall('id="data">(.*?)</script>', text, re.DOTALL)[0])
    shapes = [layer for layer in model.networks[0].layers if len(layer.output_shape) > 1][1].output_shape[0]
    data |= model_values(model, pack(model))
    data["pictures"]["excited"] = encode_array(np.zeros(40 * shapes, "<u4"))
    other = tmp_path / "other.html"
    encoded = json.dumps(data).replace("<", "\\u003c")
    other.write_text(re.sub('(?s)(id="data">).*?(</script>)', lambda part: part[1] + encoded + part[2], text, count=1))
    with open_page(browser, other, "", **STILL) as page:
        for fragment in ("scene=1", *(f"scene=3&step={step}" for step in range(1, 9)), "scene=9"):
            page.evaluate("(fragment) => { location.hash = fragment; }", fragment)
            wait_until(page, f"location.hash === '#{fragment}' && requested === null")
            expect(page.locator("#title")).not_to_be_empty()
            assert not is_wider_than_screen(page), fragment
            assert "NaN" not in page.locator("#main").inner_text(), fragment
            assert "undefined" not in page.locator("#main").inner_text(), fragment
        expect(page.locator(".maps button")).to_have_count(model.networks[0].layers[0].output_shape[0])


def test_network_without_convolutions_is_explored_without_maps(tmp_path: Path, browser: Browser) -> None:
    other = tmp_path / "dense.html"
    other.write_text(render_lesson(make_model("8", shape=(28, 28), class_names=DIGITS))[0], encoding="utf-8")
    with open_page(browser, other, "#scene=3&step=4", **STILL) as page:
        expect(page.locator("#title")).to_have_text("Explore the network")
        expect(page.locator(".score")).to_have_count(10)
        expect(page.locator(".maps, .kernel").locator("visible=true")).to_have_count(0)
        assert not is_wider_than_screen(page)
