"""Parts of the page inside the network, for its tests."""

import re
from typing import Any

from playwright.sync_api import Locator, Page

from tests.browser import find_box


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
    """Select a map, and a pixel in it."""
    hover(page, 0, 5, 7, 3)
    for _ in range(2):
        page.mouse.down()
        page.mouse.up()
