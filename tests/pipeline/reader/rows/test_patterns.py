"""Patterns and the search for the best texts, against the enumeration of all paths."""

import re

import numpy as np
import pytest

from pipeline.engine.float_arrays import Array
from pipeline.reader.rows.ctc import PADDING, read_greedily, text_log_probability
from pipeline.reader.rows.patterns import NO_STATE, Pattern, any_text, best_texts, pattern_log_probability
from tests.pipeline.reader.rows.paths import Text, enumerate_paths, make_logits, pad

COLUMNS = 5
Texts = dict[Text, float]


def make_pattern(accepting: tuple[int, ...], *transitions: tuple[int, int]) -> Pattern:
    return Pattern(np.array(transitions), np.isin(np.arange(len(transitions)), accepting))


NO = NO_STATE
PATTERNS = {
    "[01]*": any_text(2),
    "": make_pattern((0,), (NO, NO)),
    "[01]{2}": make_pattern((2,), (1, 1), (2, 2), (NO, NO)),
    "0*1": make_pattern((1,), (0, 1), (NO, NO)),
    "(01)*": make_pattern((0,), (1, NO), (NO, 0)),
    "00|11": make_pattern((3,), (1, 2), (3, NO), (NO, 3), (NO, NO)),
    "(0|11)+": make_pattern((1,), (1, 2), (1, 2), (NO, 1)),
    "0{9}": make_pattern((9,), *((state, NO) for state in range(1, 10)), (NO, NO)),  # longer than the line image
}


@pytest.fixture(scope="module")
def logits() -> Array:
    return make_logits(3, COLUMNS, 3)


@pytest.fixture(scope="module")
def texts(logits: Array) -> list[Texts]:
    line_images = [enumerate_paths(logits[..., i]) for i in range(3)]
    return [{text: sum(paths.values()) for text, paths in line_image.items()} for line_image in line_images]


def select(texts: Texts, expression: str) -> Texts:
    """Return the texts that fit, the most probable first."""
    fitting = {text: p for text, p in texts.items() if re.fullmatch(expression, "".join(map(str, text)))}
    return dict(sorted(fitting.items(), key=lambda item: -item[1]))


@pytest.mark.parametrize("expression", PATTERNS)
def test_probability_of_a_pattern_is_the_sum_over_its_texts(expression: str, logits: Array, texts: list[Texts]) -> None:
    expected = [sum(select(line_image, expression).values()) for line_image in texts]
    found = np.exp(pattern_log_probability(logits, PATTERNS[expression]))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("expression", PATTERNS)
def test_search_finds_the_best_texts_that_fit(expression: str, logits: Array, texts: list[Texts]) -> None:
    for i, line_image in enumerate(texts):
        expected = list(select(line_image, expression).items())
        for count in (1, 4, len(expected) + 1):
            found = best_texts(logits[..., i], PATTERNS[expression], count, width=64)
            assert [text for text, _ in found] == [text for text, _ in expected[:count]]
            np.testing.assert_allclose(np.exp([p for _, p in found]), [p for _, p in expected[:count]], rtol=1e-12)


def test_the_best_text_need_not_be_that_of_the_best_path() -> None:
    logits = np.log([[0.4, 0.4], [0.6, 0.6]])  # one symbol
    assert read_greedily(logits[..., np.newaxis])[0].text == ()
    ((text, log_p),) = best_texts(logits, count=1)
    assert text == (0,)
    assert log_p == pytest.approx(np.log(0.64))


@pytest.mark.parametrize("expression", ["(01)*", "00|11", "[01]{2}"])
def test_narrowest_search_ends_at_a_text_that_fits(expression: str) -> None:
    for seed in range(30):
        ((text, log_p),) = best_texts(make_logits(3, 12, seed=seed), PATTERNS[expression], count=1, width=1)
        assert re.fullmatch(expression, "".join(map(str, text)))
        assert np.isfinite(log_p)


def test_search_of_a_long_line_finds_what_its_peaks_spell() -> None:
    text = tuple(int(digit) for digit in "31415926535")
    logits = make_logits(13, 128, scale=1.0)
    logits[12] += 6
    for i, symbol in enumerate(text):
        logits[symbol, 10 * i + 5] += 14
    found = best_texts(logits.astype(np.float32), count=3)
    assert found[0][0] == text
    expected = text_log_probability(np.repeat(logits[..., np.newaxis], 3, axis=2), pad(*(text for text, _ in found)))
    np.testing.assert_allclose([log_p for _, log_p in found], expected, rtol=1e-5)
    assert PADDING not in found[0][0]
