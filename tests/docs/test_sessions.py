"""The blocks of a page run in order, and what differs from the page is reported."""

import sys
from pathlib import Path

import pytest

from tests.docs.pages import parse_page
from tests.docs.sessions import run_page

RIGHT = """
<!-- file: data.txt -->
```text
seven
```

<!-- first: mkdir folder -->
```console
$ cd folder && name=7
$ cat ../data.txt | tr a-z A-Z; cat none
SEVEN
cat: none: No such file or directory
$ echo "$name" > ../$name
```

```python
from pathlib import Path
x = Path("7").read_text().strip()
```

<!-- exact -->
```python
print(x)
```

```text
7
```

<!-- needs: a_module_that_does_not_exist -->
```python
import a_module_that_does_not_exist
```

<!-- not run: an example -->
```console
$ false
```
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    return tmp_path


def run(text: str, folder: Path) -> list[str]:
    return run_page(parse_page(folder / "page.md", text), folder)


def test_right_page(folder: Path) -> None:
    assert run(RIGHT, folder) == []


@pytest.mark.parametrize(
    "old, new, line, difference",
    [
        ("SEVEN", "EIGHT", 10, "- EIGHT\n+ SEVEN"),
        ("SEVEN\n", "", 10, "+ SEVEN"),
        ("```text\n7", "```text\n8", 22, "- 8\n+ 7"),
        ("print(x)", "print(y)", 22, "NameError: name 'y' is not defined"),
        ("first: mkdir", "first: cd", 9, "folder: No such file or directory"),
        ("<!-- not run: an example -->\n", "", 36, "status 1"),
        ("cd folder && ", "cd folder && exit; ", 9, "the session ended"),
    ],
)
def test_wrong_page(old: str, new: str, line: int, difference: str, folder: Path) -> None:
    assert RIGHT.count(old) == 1
    printed = "\n".join(run(RIGHT.replace(old, new), folder))
    assert difference in printed.replace("\n  ", "\n")
    assert f"page.md:{line}:" in printed
