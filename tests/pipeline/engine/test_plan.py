"""Reasons as people read them."""

from pipeline.engine.plan import simplify
from pipeline.engine.provenance import Reason


def shown(*reasons: Reason) -> list[str]:
    return list(map(str, simplify(reasons)))


def test_only_python_modules_are_called_code() -> None:
    changes = (Reason("code", "data/day.log", "new"), Reason("code", "stages/m.py", "changed"))
    assert shown(*changes) == ["file data/day.log: new", "code stages/m.py: changed"]


def test_digests_of_code_are_not_compared_between_versions_of_python() -> None:
    python = Reason("environment", "python", "3.11 -> 3.12")
    changes = (Reason("code", "stages/m.py", "changed"), Reason("code", "data/day.log", "changed"), python)
    assert shown(*changes) == ["file data/day.log: changed", "environment python: 3.11 -> 3.12"]


def test_long_parameters_are_shortened_in_the_middle() -> None:
    (line,) = shown(Reason("parameter", "hashes", f"old {'a' * 64 * 9} -> {'b' * 64 * 9} new"))
    assert (len(line) < 200, line.startswith("parameter hashes: old a"), line.endswith("b new")) == (True, True, True)
    assert shown(Reason("parameter", "epochs", "5 -> 2")) == ["parameter epochs: 5 -> 2"]
