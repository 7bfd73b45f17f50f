"""Compare the size of the project with the table `[tool.budget]` of pyproject.toml, for `make lint`.

    python -m tests.budget [--lower]

The table has the greatest number of lines of the files that match a pattern, or of words if they are Markdown. An entry
that is exceeded is printed, and the exit status is 1. --lower lowers the entries to the present sizes and raises none.
"""

import argparse
import re
import sys
import tomllib
from pathlib import Path

SETTINGS = Path("pyproject.toml")


def count(pattern: str) -> int:
    texts = [path.read_text(encoding="utf-8") for path in Path().glob(pattern)]
    return sum(len(text.split()) if pattern.endswith(".md") else text.count("\n") for text in texts)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lower", action="store_true", help="lower the entries to the present sizes")
    lower = parser.parse_args().lower
    text = SETTINGS.read_text(encoding="utf-8")
    budget: dict[str, int] = tomllib.loads(text)["tool"]["budget"]
    sizes = {pattern: count(pattern) for pattern in budget}
    exceeded = [pattern for pattern in budget if sizes[pattern] > budget[pattern]]
    spare = {pattern: budget[pattern] - size for pattern, size in sizes.items() if size < budget[pattern]}
    for pattern in exceeded:
        unit = "words" if pattern.endswith(".md") else "lines"
        print(f"budget: {pattern} has {sizes[pattern]:,} {unit}, allowed are {budget[pattern]:,}: take away as much")
    if lower:
        for pattern in spare:
            text = re.sub(rf'^("{re.escape(pattern)}" = )\d+', rf"\g<1>{sizes[pattern]}", text, flags=re.MULTILINE)
        SETTINGS.write_text(text, encoding="utf-8")
    elif spare:
        shown = ", ".join(f"{pattern} by {by:,}" for pattern, by in spare.items())
        print(f"budget: can be lowered by python -m tests.budget --lower: {shown}")
    return 1 if exceeded else 0


if __name__ == "__main__":
    sys.exit(main())
