"""The part of a sheet that the picture shows."""

import numpy as np

from pipeline.reader.rows.labels import SHEET
from pipeline.reader_training.synthesis.line_images import choose_window, continue_beyond
from pipeline.reader_training.synthesis.line_writing import Line
from pipeline.reader_training.synthesis.number_writing import Piece


def test_paper_continues_beyond_the_edges_of_a_picture() -> None:
    left, top, right, bottom = window = 30, 20, 200, 70
    inner, sheet = np.s_[top:bottom, left:right], np.zeros(SHEET, np.uint8)
    sheet[inner] = 200
    sheet[40:50, 90:110] = 30
    shown = continue_beyond(sheet, window)
    assert np.array_equal(shown[inner], sheet[inner])
    shown[inner] = 200
    assert (shown == 200).all()


def test_tight_crop_of_a_thin_sign_shows_some_of_it() -> None:
    line = Line([Piece(np.ones((20, 2), np.float32), 30, 100, 1, 0)], [])
    windows = np.array([choose_window(line, "digits", np.random.default_rng(seed)) for seed in range(2000)])
    assert (windows[:, :2] < windows[:, 2:]).all()
