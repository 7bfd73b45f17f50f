import numpy as np
import pytest

from pipeline.reader.rows.expected import compile_pattern
from pipeline.reader.rows.fitting import fit, strip_spaces
from pipeline.reader.rows.spans import Span, find_spans, measure

DIGITS = tuple("0123456789")
SPACE, OTHER, BLANK = 10, 11, 12
PITCH = 2.0


def make_logits(**symbols: float) -> np.ndarray:
    """Logits (13, 60) of a strip that says 3, perhaps a space, and 8, which might be a 0."""
    logits = np.zeros((13, 60), np.float32)
    logits[BLANK] = 9
    logits[3, 20] = 14
    logits[8, 30], logits[0, 30] = 12, 11
    for name, value in symbols.items():
        logits[{"space": SPACE, "other": OTHER}[name], 25] = value
    return logits


def read(pattern: str, logits: np.ndarray) -> Span:
    spans = measure(find_spans(logits, 10, PITCH), 1.0)
    return fit(spans, logits, PITCH, 1.0, compile_pattern(pattern, DIGITS))


def test_most_probable_text_that_fits_is_read() -> None:
    found = read(r"\d\d", make_logits())
    assert found.labels == (3, 8)
    assert found.places.tolist() == [41, 61]
    assert found.probability == pytest.approx(np.exp(12) / (np.exp(12) + np.exp(11)), abs=0.02)
    assert found.others
    assert found.others[0][0] == (3, 0)
    other = read("[0-3]0", make_logits())
    assert other.labels == (3, 0)
    assert other.probability > 0.95


@pytest.mark.parametrize("between", ["space", "other"])
def test_other_writing_counts_as_a_space(between: str) -> None:
    found = read(r"\d \d", make_logits(**{between: 13}))
    assert found.labels == (3, SPACE, 8)
    assert len(found.places) == 2


def test_what_fits_nothing_has_no_label_but_its_place() -> None:
    found = read(r"\d{7}", make_logits())
    assert (found.labels, len(found.places)) == ((), 2)
    assert found.probability > 0.6


def test_only_spaces_between_digits_remain() -> None:
    assert strip_spaces((OTHER, 1, 2, SPACE, OTHER, 3, OTHER), 10) == (1, 2, SPACE, 3)
    assert strip_spaces((OTHER,), 10) == ()
