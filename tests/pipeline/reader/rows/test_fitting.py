import numpy as np
import pytest

from pipeline.network.losses import log_softmax
from pipeline.reader.rows.expected import compile_pattern
from pipeline.reader.rows.fitting import fit, merge_outputs, tidy, write_out
from pipeline.reader.rows.labels import SEPARATORS
from pipeline.reader.rows.spans import Span, find_spans, measure
from tests.pipeline.reader.rows.paths import enumerate_paths
from tests.pipeline.reader.rows.paths import make_logits as draw_logits

DIGITS = tuple("0123456789")
SPACE, OTHER = 10, 11
POINT, COMMA = (10 + SEPARATORS[character] for character in ".,")
BLANK = 10 + 2 + len(SEPARATORS)
NAMES = {"space": SPACE, "other": OTHER, "point": POINT, "comma": COMMA}
PITCH = 2.0


def make_logits(**symbols: float) -> np.ndarray:
    """Logits (outputs, 60) of a line image that says 3, perhaps something else, and 8, which might be a 0."""
    logits = np.zeros((BLANK + 1, 60), np.float32)
    logits[BLANK] = 9
    logits[3, 20] = 14
    logits[8, 30], logits[0, 30] = 12, 11
    for name, value in symbols.items():
        logits[NAMES[name], 25] = value
    return logits


def read(pattern: str, logits: np.ndarray, *, whole: bool = False) -> Span:
    spans = measure(find_spans(logits, 10, PITCH), 1.0)
    return fit(spans, logits, PITCH, 1.0, compile_pattern(pattern, DIGITS, whole=whole))


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


@pytest.mark.parametrize("between", ["space", "other"])
def test_whole_number_is_written_without_the_spaces_between_its_digits(between: str) -> None:
    logits = make_logits(**{between: 13})
    assert read(r"\d\d", logits).labels == (3, SPACE, 8)
    found = read(r"\d\d", logits, whole=True)
    assert [found.labels, *(labels for labels, _ in found.others or ())] == [(3, 8), (3, 0)]


@pytest.mark.parametrize("between", ["space", "other", "point", "comma"])
def test_confidence_is_that_of_the_digits_whatever_the_pattern_does_not_name(between: str) -> None:
    """As likely as not there is something between them, which is written if it is more likely."""
    expected = read(r"\d\d", make_logits())
    for value in (9.5, 8.5):
        found = read(r"\d\d", make_logits(**{between: value}))
        shown = SPACE if between == "other" else NAMES[between]
        assert found.labels == ((3, shown, 8) if value > 9 else (3, 8))
        assert found.probability == pytest.approx(expected.probability, abs=1e-4)
        assert found.places.tolist() == [41, 61]
        assert found.probabilities.shape == (2, 10)
        assert found.others
        assert found.others[0][1] == pytest.approx(expected.others[0][1], abs=1e-4)  # type: ignore[index]


def test_separators_that_the_pattern_names_are_as_written() -> None:
    logits = make_logits(point=10, comma=11)
    assert read(r"\d\.\d", logits).labels == (3, POINT, 8)
    assert read(r"\d[.,]\d", logits).labels == (3, COMMA, 8)
    assert read(r"\d[.,]\d", logits).probability < 0.65  # since it may be the other one
    assert read(r"\d\d", logits).probability > 0.7
    assert read(r"\d:\d", logits).labels == ()


def test_what_fits_nothing_has_no_label_but_its_place() -> None:
    found = read(r"\d{7}", make_logits())
    assert (found.labels, len(found.places)) == ((), 2)
    assert found.probability > 0.6


def test_only_spaces_and_separators_between_digits_remain() -> None:
    assert tidy((OTHER, 1, 2, SPACE, OTHER, 3, OTHER), 10) == (1, 2, SPACE, 3)
    assert tidy((POINT, 1, POINT, POINT, SPACE, SPACE, 1, 1, COMMA), 10) == (1, POINT, POINT, SPACE, 1, 1)
    assert tidy((OTHER,), 10) == ()


def test_merged_outputs_sum_over_all_texts_that_differ_in_them() -> None:
    """Two digits, a space that counts as blank, and a comma that counts as a point."""
    logits, counts_as = draw_logits(6, 5, seed=4), np.array([0, 1, 5, 3, 3, 5])
    sums: dict[tuple[int, ...], float] = {}
    for paths in enumerate_paths(logits).values():
        for path, p in paths.items():
            merged = [counts_as[each] for each in path]
            text = tuple(int(b) for a, b in zip([5, *merged], merged, strict=False) if b not in (5, a))
            sums[text] = sums.get(text, 0.0) + p
    found = enumerate_paths(log_softmax(merge_outputs(logits, counts_as)))
    for text, total in sums.items():
        assert sum(found[text].values()) == pytest.approx(total, rel=1e-9)


def test_text_is_written_with_what_stands_between_its_digits_alone() -> None:
    logits = np.zeros((BLANK + 1, 80), np.float32)
    logits[BLANK] = 9
    for column, symbol in enumerate((OTHER, 1, SPACE, 2, POINT, 5, COMMA, 0, POINT), start=1):
        logits[symbol, 8 * column] = 14
    counts_as = compile_pattern(r"\d+", DIGITS).counts_as
    assert write_out((1, 2, 5, 0), logits, counts_as, 10) == (1, SPACE, 2, POINT, 5, COMMA, 0)
    counts_as = compile_pattern(r"\d+ \d+", DIGITS).counts_as
    assert write_out((1, SPACE, 2, 5, 0), logits, counts_as, 10) == (1, SPACE, 2, POINT, 5, COMMA, 0)
    counts_as = compile_pattern(r"\d+[.,]\d+", DIGITS).counts_as
    assert write_out((1, 2, POINT, 5, COMMA, 0), logits, counts_as, 10) == (1, SPACE, 2, POINT, 5, COMMA, 0)
