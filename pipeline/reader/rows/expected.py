"""What a person knows about the numbers in a picture, as a pattern that the network for rows can be held to."""

import functools
import re

import interegular
import numpy as np

from pipeline.data.dataset import are_ten_digits
from pipeline.engine.errors import UsageError
from pipeline.reader.rows.marks import OTHER, SPACE
from pipeline.reader.rows.patterns import NO_STATE, Pattern

MOST_DIGITS = 50  # of a number
MOST_STATES = 500  # of the automaton: reading takes time for each


def count_digits(text: str) -> str:
    """Return the pattern of numbers with as many digits as `text` says, such as 5 or 3-6. Raises UsageError."""
    found = re.fullmatch(r"(\d{1,3})(?:-(\d{1,3}))?", text, re.ASCII)
    low, high = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not 1 <= low <= high <= MOST_DIGITS:
        raise UsageError(f"{text} is no number of digits: give one from 1 to {MOST_DIGITS}, or a range, such as 3-6")
    return rf"\d{{{low},{high}}}"


@functools.lru_cache
def compile_pattern(pattern: str, class_names: tuple[str, ...]) -> Pattern:
    """Return the automaton of a regular expression over digits and spaces, as Python's `re` has them.

    Other writing counts as a space, and what stands before and after the whole does not matter. Raises UsageError if
    the classes are not the ten digits, or if the expression is wrong or fits no digit.
    """
    if not are_ten_digits(class_names):
        raise UsageError("only a reader of the ten digits takes patterns: leave the pattern out")
    try:
        automaton = interegular.parse_pattern(f" *(?:{pattern}) *").to_fsm()
    except Exception as error:  # of several kinds, some of them bare
        raise UsageError(f"{pattern} is no pattern of digits and spaces: try \\d{{5}} or [0-3]?\\d [01]?\\d") from error
    symbols = [*class_names, " ", " "]
    keys = [automaton.alphabet[symbol] for symbol in symbols]
    live = set(filter(automaton.islive, automaton.states))
    if len(live) > MOST_STATES:
        raise UsageError(f"{pattern} describes too many different numbers: make it simpler")
    alive, following = [automaton.initial], []
    for state in alive:  # in the order of the texts that lead to them, which is the same in each process
        following.append([automaton.map.get(state, {}).get(key) for key in keys])
        alive += [each for each in dict.fromkeys(following[-1]) if each in live and each not in alive]
    numbers: dict[object, int] = {state: number for number, state in enumerate(alive)}
    transitions = np.array([[numbers.get(each, NO_STATE) for each in after] for after in following])
    digits = transitions[:, : len(class_names)]
    if (digits == NO_STATE).all():
        raise UsageError(f"no digit fits {pattern}: try \\d{{5}} for five digits")
    spaces = len(class_names) + SPACE, len(class_names) + OTHER
    for state in np.unique(transitions[:, spaces[0]]):  # several spaces count as one
        if state != NO_STATE and transitions[state, spaces[0]] == NO_STATE:
            transitions[state, spaces] = state
    return Pattern(transitions, np.array([state in automaton.finals for state in alive]))
