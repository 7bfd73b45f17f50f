"""Count the pages of a PDF file, or render one, in a process of its own, which can be ended.

A short file can describe a page that takes hours or gigabytes. Its renderer cannot be interrupted, and if memory is
refused, it leaves pictures out without an error. So this process ends when it has used too much of either.

The arguments are the path, the seconds of CPU time, the bytes of memory and, for a page, its number, from 0, and the
pixels of its longer side. The page is printed as PGM, otherwise the number of pages, or the reason that there is none.
"""

import os
import signal
import sys
import threading
import time
from typing import Any

REFUSED, TOO_LARGE, TOO_SLOW = 3, 4, -signal.SIGPROF  # exit codes; after REFUSED, the reason is printed
INTERVAL = 0.005  # seconds between two looks at the memory
PASSWORD = "password"  # in the message of pypdfium2 about an encrypted file


def end_above(memory: int) -> None:
    """End this process as soon as it takes more bytes."""
    import psutil

    process = psutil.Process()
    while process.memory_info().rss <= memory:
        time.sleep(INTERVAL)
    os._exit(TOO_LARGE)


def refuse(reason: str) -> None:
    """End this process with the reason that there is no page."""
    print(reason)
    sys.exit(REFUSED)


def open_file(path: str) -> Any:
    """Return the pages."""
    import pypdfium2

    try:
        return pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if PASSWORD in str(error).lower():
            refuse("encrypted: save a copy without a password")
        refuse("damaged: export it again, as PDF or as pictures")


def render_bitmap(path: str, number: int, side: int) -> Any:
    """Return a page in grey levels, as a Pillow image."""
    pages = open_file(path)
    if number >= len(pages):
        refuse(f"without a page {number + 1}: name one up to {len(pages)}")
    page = pages[number]
    return page.render(scale=side / max(*page.get_size(), 1), grayscale=True).to_pil()


if __name__ == "__main__":
    path, seconds, memory, *page = sys.argv[1:]
    signal.setitimer(signal.ITIMER_PROF, float(seconds))
    threading.Thread(target=end_above, args=[int(memory)], daemon=True).start()
    if page:
        render_bitmap(path, *map(int, page)).save(sys.stdout.buffer, "PPM")
    else:
        print(len(open_file(path)))
