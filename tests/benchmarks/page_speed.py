"""Measure how long the drawing demo takes for each update while a digit is drawn, and the size of its file.

    python -m tests.benchmarks.page_speed

Draws ten digits, point by point, on a desktop by mouse and on a phone by touch, there without and with
"Inside the network".
An update is the task of the browser's main thread that runs an animation frame, as the browser's trace shows it: input
events, script, style, layout and paint. Needs a browser, and artifacts/export.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser

from tests.benchmarks.markdown import table
from tests.browser import PHONE, open_browser, open_page
from tests.pipeline.html.input import Draw, clear, draw_with_finger, draw_with_mouse, prediction
from tests.pipeline.html.strokes import DIGITS, place

PAGE = Path("artifacts/export/index.html")
VIEWS: dict[str, tuple[Draw, dict[str, Any]]] = {
    "desktop": (draw_with_mouse, {}),
    "phone": (draw_with_finger, PHONE),
}
CATEGORIES = ["devtools.timeline", "disabled-by-default-devtools.timeline"]
SCRIPT, TASK = "FireAnimationFrame", "RunTask"  # names in the trace: a callback of a frame, and the task that runs it

Event = dict[str, Any]
Update = tuple[float, float, float]  # milliseconds of the task, of CPU time in it, of its script


def find_updates(events: Iterable[Event]) -> list[Update]:
    """Return the updates in a trace."""
    threads: dict[tuple[int, int], list[Event]] = {}
    for event in sorted((e for e in events if e["name"] in (SCRIPT, TASK) and "tdur" in e), key=lambda e: e["ts"]):
        threads.setdefault((event["pid"], event["tid"]), []).append(event)
    updates = []
    for thread in threads.values():
        scripts: dict[int, float] = {}  # of tasks, by their index
        task = 0
        for i, event in enumerate(thread):
            if event["name"] == TASK:
                task = i
            else:
                scripts[task] = scripts.get(task, 0) + event["dur"]
        updates += [(thread[i]["dur"] / 1e3, thread[i]["tdur"] / 1e3, script / 1e3) for i, script in scripts.items()]
    return updates


def measure(browser: Browser, file: Path, view: str, inside: bool) -> list[Update]:
    """Return the updates while ten digits are drawn."""
    draw, options = VIEWS[view]
    updates: list[Update] = []
    with open_page(browser, file, **options) as page:
        button = page.locator("#look-inside")
        if inside and button.is_visible():
            button.click()
        for strokes in DIGITS.values():
            clear(page)
            prediction(page)
            browser.start_tracing(page=page, categories=CATEGORIES)
            draw(page, place(strokes, 0.2, 0.2, 0.6))
            updates += find_updates(json.loads(browser.stop_tracing())["traceEvents"])
    return updates


def main() -> None:
    file, rows = PAGE.resolve(), []
    with open_browser() as browser:
        for view, inside in (("desktop", True), ("phone", False), ("phone", True)):
            updates = np.array(measure(browser, file, view, inside))
            cells = ("{:.1f} ms ({:.1f})".format(*np.percentile(column, (50, 95))) for column in updates.T)
            rows.append([f"{view} {'with' if inside else 'without'} the inside", str(len(updates)), *cells])
    print(table(["view", "updates", "main thread", "its CPU time", "its script"], rows), file=sys.stderr)
    times = ", ".join(f"{row[2]} on a {row[0]} of the network" for row in rows)
    print(f"While a digit is drawn, an update takes the main thread of the browser {times}: medians, with the 95th")
    print(f"percentile in parentheses. The page has {file.stat().st_size / 1e6:.2f} MB.")


if __name__ == "__main__":
    main()
