from itertools import product

import pytest

from pipeline.reader.batch.table import protect, unprotect

CELLS = [
    "".join(parts)
    for parts in product(["", "'", "''"], ["=", "-", "\n=", "1", "；＝", "x;=1;-", ""], ["", "1", "\n1", ";'="])
]


@pytest.mark.parametrize("cell", CELLS)
def test_cell_is_the_same_after_protection(cell: str) -> None:
    assert unprotect(protect(cell)) == cell


@pytest.mark.parametrize("cell", ["=1", "=\n1", "\n=1", "\r=1", "\t=1", "+1", "@A"])
def test_formulas_are_protected_also_before_a_line_break(cell: str) -> None:
    assert protect(cell) == f"'{cell}"


@pytest.mark.parametrize(
    ("cell", "protected"),
    [("x;=1+1", "x;'=1+1"), ("；@A", "；'@A"), ("＝1+1", "'＝1+1"), ("-5;-6", "-5;-6"), ("1; -3", "1; -3")],
)
def test_formula_after_a_semicolon_or_of_wide_characters_is_protected(cell: str, protected: str) -> None:
    assert protect(cell) == protected


def test_different_cells_stay_different() -> None:
    assert len(set(map(protect, CELLS))) == len(set(CELLS))
