"""A real browser, without a window, for pages that are opened from the disk."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}
SMALL_PHONE = {**PHONE, "viewport": {"width": 360, "height": 640}}


def find_browser() -> str | None:
    """Where a Chromium is installed, if one is."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A browser, until the block ends. Skips the test where none is installed."""
    program = find_browser()
    if program is None:
        pytest.skip(f"no browser is installed ({', '.join(PROGRAMS)})")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        yield browser
        browser.close()


@contextmanager
def open_page(browser: Browser, file: Path, **options: Any) -> Iterator[Page]:
    """The page in that file. Fails if it complains on its console, throws, or asks for anything but itself.

    options: of the browser's context, such as `viewport`, `has_touch`, `color_scheme`.
    """
    faults: list[str] = []
    with browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options}) as context:
        page = context.new_page()
        page.on(
            "console", lambda message: faults.append(message.text) if message.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", lambda dialog: faults.append(dialog.message))
        page.on("request", lambda request: None if is_own(request.url, file) else faults.append(request.url))
        page.goto(file.as_uri())
        yield page
    assert faults == []


def is_own(address: str, file: Path) -> bool:
    """Whether it is the page itself or something that it holds."""
    return address == file.as_uri() or address.startswith("data:")
