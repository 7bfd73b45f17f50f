"""Measure all values that the documentation states, and write them into its pages: `make benchmarks`.

    python -m tests.figures [--again | --stale | --pages] [NAME ...]

Each figure is a program that prints Markdown. Its output is written to docs/figures/NAME.md with a caption, and copied
into all pages between the lines `<!-- figure: NAME -->` and `<!-- end -->`. A figure is measured only if its code, or
the minor version of Python, has changed since its file was written, or with --again. --stale lists such figures,
--pages only copies.
"""

import argparse
import hashlib
import importlib
import inspect
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pipeline.engine.fingerprint import fingerprint
from tests.benchmarks.markdown import describe_machine, wrap

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "figures"
BLOCK = re.compile(r"(<!-- figure: ([\w-]+) -->\n)(.*?)(?<=\n)(<!-- end -->)", re.DOTALL)
ENGINE = ("pipeline/engine/", "stages/cli/")  # they do not influence the results of stages

MODEL = ("pipeline/model/pretrained/*.safetensors",)
PAGE = tuple(f"pipeline/pages/templates/{name}" for name in ("*.js", "drawing.*", "inside.*", "style.css"))
SCHEDULING = ("pipeline/scheduling/*.py",)
STAGES = ("pipeline.engine.stage", "pipeline.engine.cache")


@dataclass(frozen=True)
class Figure:
    """A measurement by `python -m COMMAND`.

    runs: modules that the command runs in other processes, or that `fingerprint` leaves out. files: patterns of other
    files that determine the output. engine: whether it measures the engine. target: the target of `make` that a reader
    runs; its output is text, not Markdown.
    """

    name: str
    command: str
    runs: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    engine: bool = False
    target: str = ""

    def digest(self) -> str:
        """Return a digest of the command and of all code that influences the figure."""
        parts = {"command": self.command}
        for name in (self.command.split()[0], *self.runs):
            parts |= fingerprint(find_function(name), extra_files=self.files)
        lines = [f"{file} {parts[file]}" for file in sorted(parts) if self.engine or not file.startswith(ENGINE)]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]

    def is_stale(self) -> bool:
        path = find_file(self.name)
        return not path.exists() or f"<!-- code: {self.digest()} -->" not in path.read_text()

    def measure(self) -> None:
        """Run the command and write the file. Raises CalledProcessError if the command fails."""
        digest = self.digest()  # of the code that is about to run
        command = [sys.executable, "-m", *self.command.split()]
        output = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.rstrip()
        shown = f"make {self.target}" if self.target else f".venv/bin/python -m {self.command}"
        caption = wrap(f"`{shown}`; {describe_machine()}; {date.today()}")
        FOLDER.mkdir(exist_ok=True)
        part = find_file(self.name).with_suffix(".part")
        body = f"```text\n{output}\n```" if self.target else wrap(output)
        part.write_text(f"<!-- code: {digest} -->\n{caption}\n\n{body}\n")
        part.replace(find_file(self.name))


FIGURES = (
    Figure("recipe-values", "tests.benchmarks.recipes values"),
    Figure("core", "tests.benchmarks.core", files=("pipeline/network/*.py",)),
    Figure("training", "tests.benchmarks.training"),
    Figure("recipes", "tests.benchmarks.recipes", files=MODEL),
    Figure("variants", "tests.benchmarks.recipes variants"),
    Figure("networks", "tests.benchmarks.recipes networks"),
    Figure("fashion", "tests.benchmarks.recipes fashion"),
    Figure("ablation", "stages.ablation", target="ablation"),
    Figure("tutorial", "tests.benchmarks.tutorial"),
    Figure("prediction", "tests.benchmarks.prediction"),
    Figure("reruns", "tests.benchmarks.reruns", (*STAGES, "stages.status"), engine=True),
    Figure("cluster", "tests.benchmarks.cluster", ("stages.predict", "tests.benchmarks.plain"), SCHEDULING),
    Figure("scale", "tests.benchmarks.scale", ("stages.download", "stages.parse", "stages.normalize", "stages.train")),
    Figure("classify", "tests.benchmarks.classify", ("stages.classify",), MODEL + SCHEDULING),
    Figure("page-speed", "tests.benchmarks.page_speed", ("stages.export",), PAGE),
    Figure("page", "tests.benchmarks.page", ("stages.export", "stages.train"), MODEL + PAGE),
    Figure("kinds", "tests.benchmarks.kinds --count 200 --peers 30", ("tests.benchmarks.ours",), MODEL),
    Figure("non-digits", "tests.benchmarks.non_digits", files=MODEL),
    Figure("fonts", "tests.benchmarks.fonts", files=MODEL),
    Figure("fuzz", "tests.torture.fuzz --seconds 200", engine=True),
    Figure("faults", "tests.torture.faults", STAGES, engine=True),
    Figure("cluster-faults", "tests.torture.cluster", ("stages.predict",), SCHEDULING),
)


def find_function(module: str) -> Callable[..., Any]:
    """Return `main` of the module, or else the first function that it defines."""
    names = vars(importlib.import_module(module))
    values = (getattr(value, "function", value) for value in (names.get("main"), *names.values()))
    return next(value for value in values if inspect.isfunction(value) and value.__module__ == module)


def list_pages() -> list[Path]:
    return [ROOT / "README.md", *sorted(path for path in ROOT.glob("docs/**/*.md") if path.parent != FOLDER)]


def find_file(name: str) -> Path:
    return FOLDER / f"{name}.md"


def read_figure(name: str, default: str = "") -> str:
    """Return the content of a figure's file without the digest; the default if it has not been measured."""
    return find_file(name).read_text().partition("\n")[2] if find_file(name).exists() else default


def fill_pages() -> None:
    """Copy all figures into the pages."""
    for page in list_pages():
        text = page.read_text()
        filled = BLOCK.sub(lambda block: f"{block[1]}{read_figure(block[2], block[3])}{block[4]}", text)
        if filled != text:
            page.write_text(filled)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    figures = {figure.name: figure for figure in FIGURES}
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"default: all of {', '.join(figures)}")
    parser.add_argument("--again", action="store_true", help="measure even if the code has not changed")
    parser.add_argument("--stale", action="store_true", help="list the outdated figures")
    parser.add_argument("--pages", action="store_true", help="only copy the figures into the pages")
    given = parser.parse_args()
    if unknown := set(given.names) - set(figures):
        parser.error(f"unknown figure {min(unknown)!r}: choose from {', '.join(figures)}")
    stale = (figures[name] for name in given.names or figures if given.again or figures[name].is_stale())
    if given.stale:
        print("Outdated figures:", ", ".join(figure.name for figure in stale) or "none")
        return
    for figure in () if given.pages else stale:
        print(f"{figure.name}: {figure.command}", flush=True)
        figure.measure()
        fill_pages()
    fill_pages()


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"{shlex.join(error.cmd)} failed: see the messages above")
