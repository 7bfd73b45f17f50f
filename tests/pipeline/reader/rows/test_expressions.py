"""What may remain of an expression, against the matches of Python's `re`."""

import itertools
import re

from hypothesis import given
from hypothesis import strategies as st

from pipeline.reader.rows.expressions import Expression, derive, fits_nothing, parse_expression

CHARACTERS = "01 ."
TEXTS = ["".join(each) for length in range(5) for each in itertools.product(CHARACTERS, repeat=length)]
ATOMS = {each: each for each in ("0", "1", " ", r"\.", r"\d", r"\s", "[01]", "[1. ]", "[.-0]", r"(?:)", "7")}
OPEN = {".": "[^ ]", "[^0]": "[^0 ]", r"\D": r"[^\d ]", "[^.]": "[^. ]", r"\W": r"[^\w ]", r"\S": r"\S"}  # in `re`
Pair = tuple[str, str]  # an expression, and the one for `re` in which no dot or negation fits a space


def combine(inner: st.SearchStrategy[Pair]) -> st.SearchStrategy[Pair]:
    joined = st.tuples(inner, inner)
    repetitions = st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{,2}", "{2,}", "{0}", "{0,3}", "*?", "{1,2}?"])
    return st.one_of(
        joined.map(lambda pair: (pair[0][0] + pair[1][0], pair[0][1] + pair[1][1])),
        joined.map(lambda pair: (f"({pair[0][0]}|{pair[1][0]})", f"({pair[0][1]}|{pair[1][1]})")),
        st.tuples(inner, repetitions).map(lambda pair: (f"(?:{pair[0][0]}){pair[1]}", f"(?:{pair[0][1]}){pair[1]}")),
    )


EXPRESSIONS = st.recursive(st.sampled_from([*ATOMS.items(), *OPEN.items()]), combine, max_leaves=6)


def fits(expression: Expression, text: str) -> bool:
    remainders = {expression}
    for character in text:
        index = CHARACTERS.index(character)
        remainders = {after for each in remainders for after in derive(each, index)}
    return any(map(fits_nothing, remainders))


@given(EXPRESSIONS)
def test_the_same_texts_fit_as_in_python(pair: Pair) -> None:
    ours, theirs = pair
    expression = parse_expression(ours, CHARACTERS)
    assert [text for text in TEXTS if fits(expression, text)] == [text for text in TEXTS if re.fullmatch(theirs, text)]
