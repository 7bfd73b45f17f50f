"""Measure the tables of the documentation again and write them into their pages: `make benchmarks`.

    python -m tests.tools.figures [--stale] [NAME ...]

A table stands between `<!-- figure: NAME -->` and `<!-- end -->`, below a line with the command that printed it, the
version of this project, the processor, the versions of Python and NumPy, and the date. Of a new table, write only the
two marks and the command, between backticks.
--stale lists the tables that were measured more than MAX_AGE days ago.
"""

import argparse
import re
import shlex
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path

from tests.benchmarks.markdown import describe_machine, wrap

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"(<!-- figure: ([\w-]+) -->\n)(`([^`]+)`.*?)(<!-- end -->)", re.DOTALL)
MAX_AGE = 180  # days


def list_pages() -> list[Path]:
    return [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]


def find_figures() -> dict[str, tuple[Path, str, str]]:
    """Return the page, the content and the command of each table by its name."""
    blocks = ((page, block) for page in list_pages() for block in BLOCK.finditer(page.read_text(encoding="utf-8")))
    return {block[2]: (page, block[3], " ".join(block[4].split())) for page, block in blocks}


def measure(name: str, page: Path, command: str) -> None:
    """Run the command and write what it prints into the page. Raises CalledProcessError if the command fails."""
    print(f"{name}: {command}", flush=True)
    done = subprocess.run(shlex.split(command), cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    caption = wrap(f"`{command}`; version {version}; {describe_machine()}; {date.today()}")
    content = f"{caption}\n\n{wrap(done.stdout.rstrip())}\n"
    text = page.read_text(encoding="utf-8")
    filled = BLOCK.sub(lambda block: f"{block[1]}{content}{block[5]}" if block[2] == name else block[0], text)
    page.write_text(filled, encoding="utf-8")


def is_stale(content: str) -> bool:
    dates = re.findall(r"\d{4}-\d\d-\d\d", content.partition("\n\n")[0])
    return not dates or (date.today() - date.fromisoformat(dates[0])).days > MAX_AGE


def main() -> None:
    figures = find_figures()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"default: all of {', '.join(figures)}")
    parser.add_argument("--stale", action="store_true", help="only list the tables that are old")
    given = parser.parse_args()
    if unknown := set(given.names) - set(figures):
        parser.error(f"unknown table {min(unknown)!r}: choose from {', '.join(figures)}")
    if given.stale:
        stale = (name for name, (_, content, _) in figures.items() if is_stale(content))
        print(f"Tables measured more than {MAX_AGE} days ago:", ", ".join(stale) or "none")
        return
    for name in given.names or figures:
        page, _, command = figures[name]
        measure(name, page, command)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"{shlex.join(error.cmd)} failed: see the messages above")
