"""Ink on a sheet of paper."""

import numpy as np
import pytest

from pipeline.reader_training.synthesis.paper import paste


@pytest.mark.parametrize(("top", "left"), [(-3, 4), (8, -2), (9, 9), (50, 3), (-50, 0)])
def test_ink_beyond_the_sheet_is_lost(top: int, left: int) -> None:
    sheet, ink = np.zeros((12, 10), np.float32), np.ones((5, 4), np.float32)
    paste(sheet, ink, top, left)
    larger = np.zeros((112, 110), np.float32)
    larger[50 + top : 55 + top, 50 + left : 54 + left] = 1
    assert np.array_equal(sheet, larger[50:62, 50:60])
