import numpy as np
import pytest

from pipeline.engine.errors import UsageError
from pipeline.reader.rows.expected import compile_pattern, count_digits
from pipeline.reader.rows.patterns import NO_STATE, Pattern

DIGITS = tuple("0123456789")


def fits(pattern: Pattern, text: str) -> bool:
    """Whether the automaton accepts a text of digits, spaces and _ for other writing."""
    state = 0
    for each in text:
        state = pattern.transitions[state, "0123456789 _".index(each)]
        if state == NO_STATE:
            return False
    return bool(pattern.accepting[state])


@pytest.mark.parametrize(
    ("pattern", "fitting", "others"),
    [
        (r"\d{5}", ["12345", "_12345_", " 12345  _"], ["1234", "123456", "12 345", "", "_"]),
        (r"[0-3]?\d [01]?\d", ["31 12", "1 1", "_ 3_1", "3  1", "3__1 "], ["41 1", "31 21", "311", "3"]),
        ("7|42", ["7", "_42"], ["4", "2", "74"]),
        (r"\d+( \d+)?", ["1", "12 34", "12 34_"], ["1 2 3", ""]),
    ],
)
def test_pattern_accepts_what_the_expression_describes(pattern: str, fitting: list[str], others: list[str]) -> None:
    compiled = compile_pattern(pattern, DIGITS)
    assert {text: fits(compiled, text) for text in fitting + others} == {
        **dict.fromkeys(fitting, True),
        **dict.fromkeys(others, False),
    }


def test_every_state_leads_to_a_text_that_fits() -> None:
    pattern = compile_pattern(r"1(2|3)4?", DIGITS)
    reaching = pattern.accepting.copy()
    for _ in reaching:
        reaching |= ((pattern.transitions != NO_STATE) & reaching[pattern.transitions]).any(axis=1)
    assert reaching.all()
    assert np.array_equal(pattern.transitions[:, 10], pattern.transitions[:, 11])


def test_states_are_in_the_order_of_the_texts_that_lead_to_them() -> None:
    """So that sums over states have the same bits in each process, whose sets differ in their order."""
    transitions = compile_pattern(r"(1|2|35)[4-7]?(8|9\d)", DIGITS).transitions
    _, first = np.unique(transitions[transitions > 0], return_index=True)
    assert (np.diff(first) > 0).all()
    assert len(first) == len(transitions) - 1


@pytest.mark.parametrize(
    "pattern", [r"(\d", r"\1", "^3$", "abc", " ", "", r"\d{0}", r"\d{600}", "[", "*", r"\d{5,3}", "5(?#x)"]
)
def test_other_patterns_are_refused(pattern: str) -> None:
    with pytest.raises(UsageError):
        compile_pattern(pattern, DIGITS)


def test_patterns_are_for_digits_only() -> None:
    with pytest.raises(UsageError, match="ten digits"):
        compile_pattern(r"\d", ("a", "b"))


def test_digits_are_counted_by_a_number_or_a_range() -> None:
    assert fits(compile_pattern(count_digits("3-4"), DIGITS), "1234")
    assert not fits(compile_pattern(count_digits("3"), DIGITS), "12")
    for wrong in ("0", "4-3", "x", "1-", "", "99", "٣"):
        with pytest.raises(UsageError):
            count_digits(wrong)
