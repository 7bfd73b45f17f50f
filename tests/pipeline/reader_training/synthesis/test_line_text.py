import re

import numpy as np
import pytest

from pipeline.reader_training.synthesis.line_text import tokenize
from pipeline.reader_training.synthesis.notes import FIELDS, LOWERED, NOTE_FORMS, SPACED, STRUCK, make_note
from pipeline.reader_training.synthesis.number_text import MOST_DIGITS_DRAWN
from pipeline.reader_training.synthesis.words import LIKE_DIGITS, make_word


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
    lines = [make_note(np.random.default_rng(seed)) for seed in range(400)]
    numbers = [[token for token in tokenize(line) if token.is_number] for line in lines]
    assert all(found or STRUCK in line for found, line in zip(numbers, lines, strict=True))
    assert max(sum(map(str.isdigit, token.text)) for line in numbers for token in line) == MOST_DIGITS_DRAWN
    assert any("/" in line for line in lines)


@pytest.mark.parametrize("kind", NOTE_FORMS)
def test_every_form_of_a_note_is_filled_in(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.reader_training.synthesis.notes.NOTE_SHARES", {kind: 1.0})
    for form in NOTE_FORMS[kind]:
        assert {name.rstrip("23") for name in re.findall(r"{(\w+)}", form)} <= FIELDS.keys()
    notes = [make_note(np.random.default_rng(seed)) for seed in range(30)]
    assert not any(re.search(r"{[a-z]+\d?}", note) for note in notes)
    assert any(token.is_number for note in notes for token in tokenize(note))


def test_list_without_spaces_is_numbers_apart() -> None:
    tokens = tokenize(f"[2,{SPACED}4] x{LOWERED}12")
    assert [token.text for token in tokens] == ["[", "2,", "4", "]", "x", f"{LOWERED}12"]
    assert [token.joined for token in tokens] == [False, True, True, True, False, True]
    assert [token.is_number for token in tokens] == [False, True, True, False, False, True]
