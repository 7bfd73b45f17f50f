"""A headless browser for pages opened from files."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, FloatRect, Locator, Page, expect, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
SWITCHES += ["--disable-background-networking", "--disable-component-update"]
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2}
PHONE |= {"has_touch": True, "is_mobile": True}
SMALL_PHONE = {**PHONE, "viewport": {"width": 360, "height": 640}}
TIMEOUT = 240_000  # milliseconds: other work may slow the browser down
expect.set_options(timeout=TIMEOUT)


def find_browser() -> str:
    """Return the program of a browser; skip the test if none is installed."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip(f"no browser is installed ({', '.join(PROGRAMS)})")
    return program


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Yield a browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=SWITCHES)
        yield browser
        browser.close()


@contextmanager
def open_page(browser: Browser, file: Path, fragment: str = "#scene=9", **options: Any) -> Iterator[Page]:
    """Yield the page of a file. Fail on console errors, exceptions, dialogs and requests for other resources.

    fragment: of the address; by default, the lesson explores. options: of the browser context, such
    as `viewport`, `has_touch`, `color_scheme`.
    """
    errors: list[str] = []
    with browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options}) as context:
        context.set_default_timeout(TIMEOUT)
        page = context.new_page()
        page.on(
            "console", lambda message: errors.append(message.text) if message.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("dialog", lambda dialog: errors.append(dialog.message))
        page.on("request", lambda request: None if is_own(request.url, file) else errors.append(request.url))
        page.goto(file.as_uri() + fragment)
        yield page
    assert errors == [], errors


def find_violations(page: Page) -> list[tuple[str, str]]:
    """Return the accessibility rules that axe finds violated, of any level, each with an element."""
    return [(each["id"], each["nodes"][0]["html"][:200]) for each in Axe().run(page).response["violations"]]


def find_box(found: Locator) -> FloatRect:
    """Return the bounding box of the first element as soon as it is visible."""
    expect(found.first).to_be_visible()
    box = found.first.bounding_box()
    assert box is not None
    return box


def is_wider_than_screen(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def is_own(address: str, file: Path) -> bool:
    """Return whether the address is the page itself or embedded in it."""
    return address.partition("#")[0] == file.as_uri() or address.startswith("data:")


def wait_until(page: Page, condition: str) -> None:
    """Wait for four minutes at most, as other work may slow the page down.

    The security policy of the pages forbids `wait_for_function`.
    """
    call = f"""async () => {{
        const end = performance.now() + 240_000;
        while (!({condition}) && performance.now() < end) await new Promise(requestAnimationFrame);
        return Boolean({condition});
    }}"""
    assert page.evaluate(call), condition
