import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from pipeline.engine.errors import UsageError
from pipeline.reader.rows.expected import Expected, compile_pattern, count_digits
from pipeline.reader.rows.labels import SEPARATORS
from pipeline.reader.rows.patterns import NO_STATE

DIGITS = tuple("0123456789")
CHARACTERS = "".join([*DIGITS, " ", "_", *SEPARATORS])  # _ for other writing
BLANK = len(CHARACTERS)


def fits(expected: Expected, text: str) -> bool:
    """Whether the automaton accepts what counts of a text."""
    state = 0
    for each in text:
        symbol = expected.counts_as[CHARACTERS.index(each)]
        if symbol != BLANK:
            state = expected.pattern.transitions[state, symbol]
        if state == NO_STATE:
            return False
    return bool(expected.pattern.accepting[state])


@pytest.mark.parametrize(
    ("pattern", "fitting", "others"),
    [
        (r"\d{5}", ["12345", "_12345_", "12 345", "12_345", "123.45", "1:2/345"], ["1234", "123456", "12 34", "", "_"]),
        (r"[0-3]?\d [01]?\d", ["31 12", "1 1", "_ 3_1", "3  1", "3__1 "], ["41 1", "31 21", "311", "3"]),
        ("7|42", ["7", "_42"], ["4", "2", "74"]),
        (r"\d+( \d+)?", ["1", "12 34", "12 34_", "1.2 34"], ["1 2 3", ""]),
        (r"\d+[.,]\d\d", ["12.50", "1,50", "1 2.5_0", " 12.50-"], ["1250", "12.5", "12:50", "1.250"]),
        (r"\d\d?\.\d\d?\. \d\d", ["1.12. 23", "1.12.__23"], ["1.12.23", "1 12 23", "11223"]),
        (r"\d+.\d\d", ["12.50", "1-50", "1250"], ["1.2.50"]),
        (r"\d+\D\d\d", ["12.50", "1-50"], ["1250", "12 50"]),
        (r"[^0]\d{4}", ["12345", "12 345"], ["01234", ".1234", " 1234", "02345"]),
        (r"[^\d]?\d+", ["12"], [".", ""]),
        (r"\d+-?", ["12", "12-"], ["1-2"]),
    ],
)
def test_pattern_accepts_what_the_expression_describes(pattern: str, fitting: list[str], others: list[str]) -> None:
    compiled = compile_pattern(pattern, DIGITS)
    assert {text: fits(compiled, text) for text in fitting + others} == {
        **dict.fromkeys(fitting, True),
        **dict.fromkeys(others, False),
    }


@pytest.mark.parametrize(
    ("pattern", "text", "is_found"),
    [(r"\d\d[.,]\d\d", "68 58", True), (r"\d\d[.,]\d\d", "6858", False), (r"\d\d:\d\d", "_6_58", False)],
)
def test_wide_gap_may_hide_a_separator(pattern: str, text: str, is_found: bool) -> None:
    compiled = compile_pattern(pattern, DIGITS)
    assert compiled.with_gaps is not None
    assert not fits(compiled, text)
    assert fits(replace(compiled, counts_as=compiled.with_gaps), text) == is_found


@pytest.mark.parametrize("pattern", [r"\d\d", r"\d\d[.] \d"])
def test_patterns_without_separators_or_with_spaces_have_no_gaps(pattern: str) -> None:
    assert compile_pattern(pattern, DIGITS).with_gaps is None


def test_whole_numbers_have_no_separators() -> None:
    compiled = compile_pattern(count_digits("1-3"), DIGITS, whole=True)
    assert [text for text in ("25", "2 5", "_125.", "2.5", "1,25", "1'250", "1250") if fits(compiled, text)] == [
        "25",
        "2 5",
        "_125.",
    ]


def test_every_state_leads_to_a_text_that_fits() -> None:
    pattern = compile_pattern(r"1(2|3x| 4\.)5?", DIGITS).pattern
    reaching = pattern.accepting.copy()
    for _ in reaching:
        reaching |= ((pattern.transitions != NO_STATE) & reaching[pattern.transitions]).any(axis=1)
    assert reaching.all()
    assert len(pattern.transitions) > 4


def test_states_are_in_the_order_of_the_texts_that_lead_to_them() -> None:
    """So that sums over states have the same bits in each process, whose sets differ in their order."""
    transitions = compile_pattern(r"(1|2|35)[4-7]?(8|9\d)", DIGITS).pattern.transitions
    _, first = np.unique(transitions[transitions > 0], return_index=True)
    assert (np.diff(first) > 0).all()
    assert len(first) == len(transitions) - 1


@pytest.mark.parametrize(
    "pattern",
    [
        *("1" * 301, "1" * 10_000_000, "abc", " ", "", r"\d{0}", r"\d{600}"),
        *(r"(\d", r"\d)", r"\1", "^3$", "[", "*", r"\d{5,3}", "5(?#x)", r"\d++", "(?i)3", "(?=3)", r"\b3", "1**", "3{"),
    ],
)
def test_other_patterns_are_refused(pattern: str) -> None:
    with pytest.raises(UsageError) as caught:
        compile_pattern(pattern, DIGITS)
    assert len(str(caught.value)) < 500


TOO_MANY = [
    r"\d{100000}",
    "((1{1,20}){1,20}){1,20}",
    "(0|1)*1(0|1){20}",
    "(0|1{1,500}){1,500}(0?1?2?){1,40}",
    "((((1{1,99}){1,99}){1,99}){1,99})*",
]


@pytest.mark.timeout(60)  # making them takes far longer
@pytest.mark.parametrize("pattern", TOO_MANY)
def test_too_many_states_are_refused_before_they_are_made(pattern: str) -> None:
    with pytest.raises(UsageError, match="simpler"):
        compile_pattern(pattern, DIGITS)


@pytest.mark.slow  # tracemalloc takes more time than the patterns
@pytest.mark.parametrize("pattern", TOO_MANY)
def test_too_many_states_take_no_memory(pattern: str) -> None:
    tracemalloc.start()
    with pytest.raises(UsageError, match="simpler"):
        compile_pattern(pattern, DIGITS)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 100e6


def test_patterns_are_for_digits_only() -> None:
    with pytest.raises(UsageError, match="ten digits"):
        compile_pattern(r"\d", ("a", "b"))


def test_digits_are_counted_by_a_number_or_a_range() -> None:
    assert fits(compile_pattern(count_digits("3-4"), DIGITS), "1234")
    assert not fits(compile_pattern(count_digits("3"), DIGITS), "12")
    for wrong in ("0", "4-3", "x", "1-", "", "99", "٣"):
        with pytest.raises(UsageError):
            count_digits(wrong)
