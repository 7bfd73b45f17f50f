"""How often people write what is easily taken for a digit, or what makes a digit hard to read."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Habits:
    """Probabilities of what hands and forms do; see the modules that use them.

    Of hands: ticked_hand: dots, commas and apostrophes are ticks. ticked_word: a word of such a hand has ticks.
    loose_hand: the letters of a font are moved, sized and deformed each for itself. own_shape: a digit in strokes has
    one of the shapes that are easily confused. marker: strokes are as thick as those of a marker, or of chalk.
    large_letters: letters are larger than the digits beside them.

    Of numbers: gap_after_separator, gap_before_separator: the digits on that side of separators stand off. even_cells:
    the numbers of a row of cells have one length. row_of_short: a line with only digits is a row of numbers that all
    have one digit, or all two. wide_of_two: some numbers of a wide row have two digits.

    Of paper: rule_through: a rule at the foot of the digits or through them. column_through: rules of columns that cut
    numbers. ring_afar: small writing has a ring around it that is as large as a digit. ringed, boxed,
    underlined, overlined: a word or a number has a ring, a box or a rule around, below or above it.

    Of signs: sign_alone, sign_row: a line of signs is a single one, or signs only; otherwise digits are beside them.
    same_sign: all signs of a line are of one kind.
    """

    ticked_hand: float = 0.55
    ticked_word: float = 0.75
    loose_hand: float = 0.35
    own_shape: float = 0.45
    marker: float = 0.12
    large_letters: float = 0.2
    gap_after_separator: float = 0.2
    gap_before_separator: float = 0.15
    even_cells: float = 0.35
    row_of_short: float = 0.3
    wide_of_two: float = 0.25
    rule_through: float = 0.1
    column_through: float = 0.07
    ring_afar: float = 0.35
    ringed: float = 0.08
    boxed: float = 0.05
    underlined: float = 0.06
    overlined: float = 0.04
    sign_alone: float = 0.25
    sign_row: float = 0.4
    same_sign: float = 0.45


HABITS = Habits()
