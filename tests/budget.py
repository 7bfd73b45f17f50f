"""Compare the size of the project with the table `[tool.budget]` of pyproject.toml, for `make lint`.

    python -m tests.budget [--lower]

The table limits four totals: `product`, `tests` and `tools`, those of the tests and the site, in lines of code, which
are lines that are more than a comment or a docstring; and the `words` of the documentation, also of the code in
docs/learn. Each tracked source counts in one of them. A total may exceed its limit by SLACK, and by the amounts of the
`loans` until their dates. Excess, and a loan that is overdue, are printed, and the exit status is 1. --lower lowers the
limits to the present sizes and raises none.
"""

import argparse
import ast
import io
import re
import subprocess
import sys
import tokenize
import tomllib
from datetime import date
from pathlib import Path

SETTINGS = Path("pyproject.toml")
SLACK = 0.005  # of a limit: a small fix needs no cut
TOTALS = {  # the first whose pattern is that of the path
    "words": r"README\.md|docs/.*\.md|docs/learn/.*\.py",
    "tests": r"tests/(.*/)?test_[^/]*|tests/(make|pipeline|stages|thorough)/.*",
    "tools": r"tests/.*|\.ci/.*|docs/.*",
    "product": r".*",
}
HASH = re.compile(r"()^\s*#.*", re.MULTILINE)
COMMENTS = {  # by suffix; group 1 is no comment
    ".js": re.compile(r"""("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|/\*(?s:.*?)\*/|//.*"""),
    ".css": re.compile(r"()/\*(?s:.*?)\*/"),
    ".html": re.compile(r"()<!--(?s:.*?)-->|\{#(?s:.*?)#\}"),
    ".mk": HASH,
    ".sh": HASH,
}
LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def count_python(text: str) -> int:
    """Return the number of lines with a token other than layout, comments and docstrings."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, documented)]
    firsts = [node.body[0] for node in nodes if ast.get_docstring(node, clean=False) is not None]
    docstrings = {(first.lineno, first.col_offset) for first in firsts}
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    code = [token for token in tokens if token.type not in LAYOUT and token.start not in docstrings]
    return len({line for token in code for line in range(token.start[0], token.end[0] + 1)})


def count_lines(path: Path) -> int:
    """Return the lines of code of a source, and 0 for any other file."""
    suffix = path.suffix or (".mk" if path.name == "Makefile" else ".sh" * path.read_bytes().startswith(b"#!"))
    if suffix == ".py":
        return count_python(path.read_text(encoding="utf-8"))
    if suffix not in COMMENTS:
        return 0
    text = path.read_text(encoding="utf-8")
    code = COMMENTS[suffix].sub(lambda found: found[1] or "\n" * found[0].count("\n"), text)
    return sum(1 for line in code.splitlines() if line.strip())


def measure() -> dict[str, int]:
    """Return the size of each total."""
    names = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, check=True).stdout.split("\0")
    sizes = dict.fromkeys(TOTALS, 0)
    for path in filter(Path.is_file, map(Path, names)):
        total = next(total for total, pattern in TOTALS.items() if re.fullmatch(pattern, path.as_posix()))
        sizes[total] += len(path.read_text(encoding="utf-8").split()) if total == "words" else count_lines(path)
    return sizes


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lower", action="store_true", help="lower the limits to the present sizes")
    lower = parser.parse_args().lower
    text = SETTINGS.read_text(encoding="utf-8")
    budget, sizes = tomllib.loads(text)["tool"]["budget"], measure()
    faults = []
    for loan in budget.get("loans", ()):
        if loan["until"] < date.today():
            faults.append(f"a loan was due on {loan['until']}: pay it back and remove it: {loan['reason']}")
    lent = [loan for loan in budget.get("loans", ()) if loan["until"] >= date.today()]
    for total, size in sizes.items():
        limit = budget[total]
        allowed = limit + round(limit * SLACK) + sum(loan.get(total, 0) for loan in lent)
        if size > allowed:
            faults.append(f"{total}: {size:,} are more than the {allowed:,} allowed: take away as much")
        elif lower and size < limit:
            text = re.sub(rf"^{total} = \d+", f"{total} = {size}", text, count=1, flags=re.MULTILINE)
        elif size < limit * (1 - SLACK):
            print(f"budget: {total}: {size:,} of {limit:,}: lower the limit by python -m tests.budget --lower")
    if lower:
        SETTINGS.write_text(text, encoding="utf-8")
    for fault in faults:
        print(f"budget: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
