import numpy as np

from pipeline.reader_training.synthesis.line_text import LIKE_DIGITS, STRUCK, make_line, make_word, tokenize
from pipeline.reader_training.synthesis.number_text import MOST


def test_words_can_be_told_from_numbers() -> None:
    words = [make_word(np.random.default_rng(seed)) for seed in range(300)]
    assert all(3 * sum(letter not in LIKE_DIGITS for letter in word) >= len(word) >= 2 for word in words)
    assert any(letter in LIKE_DIGITS for word in words for letter in word)
    assert any(word.islower() for word in words)
    assert any(word.isupper() for word in words)


def test_line_says_numbers_and_other_writing() -> None:
    tokens = tokenize("Tel. 030/1234-56 (12) 5kg 8:30, a=7")
    assert [token.text for token in tokens] == ["Tel.", "030/1234-56", "(", "12", ")", "5", "kg", "8:30,", "a=", "7"]
    assert [token.joined for token in tokens] == [False, False, False, True, True, False, True, False, False, True]
    lines = [make_line(np.random.default_rng(seed)) for seed in range(400)]
    numbers = [[token for token in tokenize(line) if token.is_number] for line in lines]
    assert all(found or STRUCK in line for found, line in zip(numbers, lines, strict=True))
    assert max(sum(map(str.isdigit, token.text)) for line in numbers for token in line) == MOST
    assert any("/" in line for line in lines)
