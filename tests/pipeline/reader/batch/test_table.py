from itertools import product

import pytest

from pipeline.reader.batch.table import protect, unprotect

CELLS = ["".join(parts) for parts in product(["", "'", "''"], ["=", "-", "\n=", "1", ""], ["", "1", "\n1"])]


@pytest.mark.parametrize("cell", CELLS)
def test_cell_is_the_same_after_protection(cell: str) -> None:
    assert unprotect(protect(cell)) == cell


@pytest.mark.parametrize("cell", ["=1", "=\n1", "\n=1", "\r=1", "\t=1", "+1", "@A"])
def test_formulas_are_protected_also_before_a_line_break(cell: str) -> None:
    assert protect(cell) == f"'{cell}"


def test_different_cells_stay_different() -> None:
    assert len(set(map(protect, CELLS))) == len(set(CELLS))
