"""The budget: what counts, in which total, and what a loan allows."""

import subprocess
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.budget import count_lines, main, measure

CODE = "x = 1\n" * 200
Check = Callable[..., int]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Write files into a project whose totals are at their limits of 200; return the exit status."""
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "--quiet"], check=True)
    limits = "".join(f"{total} = 200\n" for total in ("product", "tests", "tools", "words"))
    start = {
        "pyproject.toml": f"[tool.budget]\n{limits}",
        "library/a.py": CODE,
        "tests/pipeline/test_a.py": CODE,
        "tests/helper.py": CODE,
        "README.md": "word " * 200,
    }

    def run(files: dict[str, str], *options: str) -> int:
        for name, text in {**start, **files}.items():
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_text(text)
        subprocess.run(["git", "add", "--all"], check=True)
        monkeypatch.setattr("sys.argv", ["budget", *options])
        return main()

    assert run({}) == 0
    return run


def with_loan(days: int) -> dict[str, str]:
    until = date.today() + timedelta(days)
    loan = f'\n[[tool.budget.loans]]\nreason = "a large change"\nuntil = {until}\nproduct = 300\n'
    return {"pyproject.toml": Path("pyproject.toml").read_text() + loan}


@pytest.mark.parametrize(
    ("name", "total"),
    [
        ("new/package/module.py", "product"),
        ("new.js", "product"),
        ("stages/templates/page.css", "product"),
        ("page.html", "product"),
        ("Makefile", "product"),
        ("deep/rules.mk", "product"),
        ("bin/start", "product"),
        ("tests/pipeline/common.py", "tests"),
        ("tests/docs/test_x.py", "tests"),
        ("tests/docs/pages.py", "tools"),
        ("tests/torture/limits.py", "tools"),
        (".ci/run", "tools"),
        ("docs/use/page.md", "words"),
    ],
)
def test_each_source_counts_in_one_total(name: str, total: str, check: Check) -> None:
    before = measure()
    text = "#!/bin/sh\n" + "x = 1;\n" * 100 if not Path(name).suffix else "x = 1;\n" * 100
    assert check({name: text}) == 1
    assert measure() == {**before, total: 300 if total != "words" else 500}


def test_loan_counts_until_its_date(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    larger = {"new/b.py": "x = 1\n" * 300}
    assert check(larger) == 1
    assert check({**larger, **with_loan(days=0)}) == 0
    assert check({"new/b.py": "x = 1\n" * 302}) == 1
    capsys.readouterr()
    assert check({"new/b.py": "", **with_loan(days=-1)}) == 1
    assert "a large change" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "text", "count"),
    [
        ("a.py", '"""Module.\n\nMore.\n"""\n\nx = 1  # comment\n# comment\ny = """a\n\nb"""\n', 4),
        ("a.py", 'def f():\n    r"""Doc."""\n\nclass A:\n    """Doc."""\n    z = (\n        1,\n    )\n', 5),
        ("a.py", 'async def f(): "Doc."\n"no docstring"\n', 2),
        ("a.js", "// one\nlet a = '/*'; // two\n/* three\nfour */\nlet b = `// ${a}\n`;\n", 3),
        ("a.css", "/* one\n two */ a {\n}\n\n", 2),
        ("a.html", "<!-- one\ntwo -->\n{# three #}\n<p>four</p>\n", 1),
        ("a.mk", "# one\nall: # two\n\t# three\n\tdo\n", 2),
    ],
)
def test_comments_docstrings_and_blank_lines_do_not_count(name: str, text: str, count: int, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    assert count_lines(tmp_path / name) == count
