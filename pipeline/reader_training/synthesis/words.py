"""Synthesise words, phrases of small words, and what people write in front of numbers."""

import string

import numpy as np

from pipeline.reader_training.synthesis.number_text import pick
from pipeline.reader_training.synthesis.signs import Generator
from pipeline.reader_training.synthesis.vocabulary import ANSWERS, OPENINGS, SMALL_WORDS, VOCABULARY

KNOWN, PAIRED = 0.6, 1 / 12  # shares of the words that are in a list, and that are two words beside a sign
LIKE_DIGITS = frozenset("bgijloqszBGIJOQSZ")  # except within a word
FREQUENT, ALL = "etaoinsrhldcu", string.ascii_lowercase  # letters of unknown words; the first are 70 % of them


def make_words(generator: Generator) -> str:
    """Return a word, or two beside a sign."""
    if generator.random() >= PAIRED:
        return _choose_word(generator)
    words = [pick(ANSWERS, generator) if generator.random() < 0.4 else _choose_word(generator) for _ in range(2)]
    return str(generator.choice([" / ", "/", "//", "-", " - ", " & ", "&", "+"])).join(words)


def make_phrase(generator: Generator) -> str:
    """Return words of a sentence, most of them small words, some of whose letters resemble digits."""
    count = generator.integers(3, 9)
    words = [
        pick(SMALL_WORDS, generator) if generator.random() < 0.7 else _choose_word(generator) for _ in range(count)
    ]
    return " ".join(words)


def _choose_word(generator: Generator) -> str:
    if generator.random() >= KNOWN:
        return make_word(generator)
    word = pick(VOCABULARY, generator)
    return [word, word.lower(), word.upper(), f"{word}:"][generator.choice(4, p=[0.74, 0.1, 0.08, 0.08])]


def make_word(generator: Generator) -> str:
    """Return letters that look like a word, at least a third of which do not look like digits."""
    while True:
        count = int(generator.integers(2, 11))
        frequent = generator.random(count) < 0.7
        letters = np.where(frequent, generator.choice(list(FREQUENT), count), generator.choice(list(ALL), count))
        word = "".join(letters.tolist())
        word = [word, word.capitalize(), word.upper()][generator.choice(3, p=[0.5, 0.3, 0.2])]
        if 3 * sum(letter not in LIKE_DIGITS for letter in word) >= max(count, 4):
            return word


def make_opening(generator: Generator) -> str:
    """Return what stands in front of a number, such as an abbreviation, a currency or initials."""
    return make_initials(generator) if generator.random() < 0.25 else pick(OPENINGS, generator)


def make_initials(generator: Generator) -> str:
    """Return one to three capital letters, with or without points."""
    letters = [str(generator.choice(list("ABCDEFGHJKLMNPRSTUVW"))) for _ in range(generator.integers(1, 4))]
    return str(generator.choice(["", ".", ". "])).join(letters) + str(generator.choice(["", "."]))
