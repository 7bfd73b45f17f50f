"""Lines of the modules of pipeline/network.

python -m tests.benchmarks.core
"""

import ast
from pathlib import Path

from tests.benchmarks.markdown import table

FOLDER = Path("pipeline/network")


def count_code(source: str) -> int:
    """Return the number of lines that contain code: without blank lines, comments and docstrings."""
    tree = ast.parse(source)
    docstrings = {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    lines = enumerate(source.splitlines(), start=1)
    return sum(bool(line.strip()) and not line.strip().startswith("#") and i not in docstrings for i, line in lines)


def main() -> None:
    sources = {path.name: path.read_text() for path in sorted(FOLDER.glob("*.py"))}
    counts = {f"`{name}`": (len(text.splitlines()), count_code(text)) for name, text in sources.items()}
    total = tuple(map(sum, zip(*counts.values(), strict=True)))
    rows = [[name, *each] for name, each in {**counts, "all": total}.items()]
    print(table(["`pipeline/network/`", "lines", "of code"], rows))
    print("\nCode: without blank lines, comments and docstrings.")


if __name__ == "__main__":
    main()
