"""Turn what a person knows about the numbers in a picture into a pattern that readings have to fit."""

import functools
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.data.dataset import are_ten_digits
from pipeline.engine.errors import UsageError
from pipeline.reader.rows.expressions import Expression, derive, fits_nothing, list_atoms, parse_expression
from pipeline.reader.rows.labels import OTHER_WRITING, SEPARATORS, SPACE
from pipeline.reader.rows.patterns import NO_STATE, Pattern

MOST_DIGITS = 50  # of a number
MOST_PATTERN_CHARACTERS = 300  # of a regular expression
MOST_STATES = 500  # of the automaton: reading takes time for each
MOST_REMAINDERS = 3_000  # expressions that may remain, of all states together: making the automaton takes time for each


@dataclass(frozen=True, eq=False)
class Expected:
    """What the rows of a region look like.

    pattern: the texts that fit. counts_as: (symbols + 1,), the output that each output of the network counts as: the
    blank for spaces or separators that the pattern ignores, and a space for other writing. with_gaps: the same, where a
    space counts as a separator, because a wide gap after a separator hides it; None if the pattern has no separators.
    whole: whether a text is a whole number, which is written without the spaces between its digits.
    """

    pattern: Pattern
    counts_as: NDArray[np.intp]
    with_gaps: NDArray[np.intp] | None = None
    whole: bool = False


@dataclass(frozen=True)
class PatternState:
    """What is known of a text after some of its symbols.

    remainders: expressions that its rest may fit. complete: whether what stands before the last separators and spaces
    fits. begun: whether a digit was among the symbols. spaced: whether the last symbol was a space.
    """

    remainders: frozenset[Expression]
    complete: bool = False
    begun: bool = False
    spaced: bool = False


def count_digits(text: str) -> str:
    """Return the pattern of numbers with as many digits as `text` says, such as 5 or 3-6. Raises UsageError."""
    found = re.fullmatch(r"(\d{1,3})(?:-(\d{1,3}))?", text, re.ASCII)
    low, high = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not 1 <= low <= high <= MOST_DIGITS:
        raise UsageError(
            f"{text[:20]} is not a number of digits: give one from 1 to {MOST_DIGITS}, or a range, such as 3-6"
        )
    return rf"\d{{{low},{high}}}"


@functools.lru_cache
def compile_pattern(pattern: str, class_names: tuple[str, ...], *, whole: bool = False) -> Expected:
    """Return what a regular expression over digits, spaces and separators expects.

    Spaces count only if a part of the expression stands for a space, and separators only if one stands for a separator,
    or for whole numbers.
    A dot or a negation stands for digits and separators. Other writing counts as a space, several spaces as one. A text
    begins and ends with a digit; what stands before and after it does not matter. Raises UsageError if the classes are
    not the ten digits, if the expression is wrong or too long, or if no digit fits.
    """
    if not are_ten_digits(class_names):
        raise UsageError("only a reader of the ten digits takes patterns: leave the pattern out")
    classes = len(class_names)
    characters = [*class_names, " ", "", *SEPARATORS]  # of the symbols; no character stands for other writing
    try:
        if len(pattern) > MOST_PATTERN_CHARACTERS:
            pattern = f"{pattern[:MOST_PATTERN_CHARACTERS]}..."  # in the message
            raise ValueError(f"it has more than {MOST_PATTERN_CHARACTERS} characters")
        expression = parse_expression(pattern, characters)
    except ValueError as error:
        raise UsageError(
            f"{pattern} is not a pattern of digits, spaces and separators ({error}): try \\d{{5}} or \\d+[.,]\\d\\d"
        ) from error
    symbols, blank = frozenset[int]().union(*list_atoms(expression)), len(characters)
    separators = {classes + each for each in SEPARATORS.values()}
    counts_as = np.arange(blank + 1)
    counts_as[classes + OTHER_WRITING] = classes + SPACE
    if classes + SPACE not in symbols:
        counts_as[[classes + SPACE, classes + OTHER_WRITING]] = blank
    if not symbols & separators and not whole:
        counts_as[list(separators)] = blank
    counting = [symbol for symbol in range(blank) if counts_as[symbol] == symbol]
    with_gaps = None
    if classes + SPACE not in symbols and symbols & separators:
        with_gaps = counts_as.copy()
        with_gaps[classes + SPACE] = min(symbols & separators)
    return Expected(_make_automaton(expression, counting, classes, blank, pattern), counts_as, with_gaps, whole)


def _make_automaton(expression: Expression, symbols: list[int], classes: int, count: int, pattern: str) -> Pattern:
    """Return the automaton of an expression over `symbols` of `count`, its states in the order of their texts.

    The order is the same in each process. Raises UsageError if there are too many states, or if no digit fits.
    """
    remaining = functools.cache(lambda each, symbol: frozenset(derive(each, symbol)))
    atoms = set(list_atoms(expression))
    alike: dict[tuple[object, ...], int] = {}  # the first of the symbols that are in the same atoms
    first = {each: alike.setdefault((each >= classes, *(each in atom for atom in atoms)), each) for each in symbols}

    def follow(state: PatternState, symbol: int) -> PatternState | None:
        if symbol >= classes and not state.begun:
            return state
        after = frozenset[Expression]().union(*(remaining(each, first[symbol]) for each in state.remainders))
        is_space = symbol == classes + SPACE
        if symbol < classes:
            return PatternState(after, any(map(fits_nothing, after)), begun=True) if after else None
        if is_space and state.spaced and not after:  # several spaces count as one
            return state
        return PatternState(after, state.complete, begun=True, spaced=is_space) if after or state.complete else None

    states = [PatternState(frozenset({expression}))]
    numbers = {states[0]: 0}
    transitions: list[list[int]] = []
    remainders = 1
    for state in states:
        transitions.append([NO_STATE] * count)
        for symbol in symbols:
            after = follow(state, symbol)
            if after is None:
                continue
            if after not in numbers:
                numbers[after] = len(states)
                states.append(after)
                remainders += len(after.remainders)
            transitions[-1][symbol] = numbers[after]
        if len(states) > MOST_STATES or remainders > MOST_REMAINDERS:
            raise UsageError(f"{pattern} describes too many different numbers: make it simpler")
    return _prune(Pattern(np.array(transitions), np.array([state.complete for state in states])), pattern)


def _prune(automaton: Pattern, pattern: str) -> Pattern:
    """Return the automaton without states from which no text fits. Raises UsageError if none remains."""
    after, live = automaton.transitions, automaton.accepting
    while (more := live | (live[after] & (after != NO_STATE)).any(axis=1)).sum() > live.sum():
        live = more
    if not live[0]:
        raise UsageError(f"no digit fits {pattern}: try \\d{{5}} for five digits")
    numbers = np.append(np.where(live, np.cumsum(live) - 1, NO_STATE), NO_STATE)  # NO_STATE is the last of them
    return Pattern(numbers[after[live]], automaton.accepting[live])
