from pipeline.desk.forms.regions import FloatBox, Holds
from pipeline.desk.forms.table_lines import Entry, find_shared, number_lines

BOUNDS: dict[str, FloatBox] = {"day": (0, 0, 100, 900), "amount": (90, 0, 300, 900)}


def enter(field: str, x: float, y: float, confidence: float = 0.9, part: int = 0, holds: Holds = "lines") -> Entry:
    return Entry(field, part, holds, BOUNDS[field], (x - 20, y - 10, x + 20, y + 10), 20, confidence)


def test_row_that_two_regions_share_belongs_to_the_one_that_it_is_deeper_in() -> None:
    entries = [enter("day", 95, 50), enter("amount", 98, 50), enter("day", 50, 50), enter("day", 50, 90)]
    assert find_shared(entries) == {0}
    assert find_shared([enter("day", 50, 50), enter("day", 55, 50)]) == set()  # of one region: two readings


def test_numbers_at_the_same_height_are_a_record() -> None:
    """The second line has no day, the third no amount, and no number is exactly on its line."""
    entries = [enter("day", 50, 100), enter("amount", 200, 109), enter("amount", 200, 136)]
    entries += [enter("day", 50, 185), enter("amount", 200, 225), enter("day", 50, 218)]
    assert number_lines(entries) == [1, 1, 2, 3, 4, 4]


def test_less_certain_of_two_readings_fits_no_record() -> None:
    entries = [enter("day", 50, 100), enter("day", 50, 140), enter("amount", 120, 101, 0.4), enter("amount", 250, 99)]
    assert number_lines(entries) == [1, 2, 0, 1]
    single = [enter("day", 50, 100, 0.3, holds="one"), enter("day", 50, 300, 0.8, holds="one")]
    assert number_lines(single) == [0, 1]


def test_parts_follow_each_other_and_many_numbers_are_no_record() -> None:
    entries = [enter("day", 50, 140, part=1), enter("day", 50, 100), enter("day", 50, 101, part=1)]
    entries.append(enter("amount", 200, 100, holds="many"))
    assert number_lines(entries) == [3, 1, 2, 0]
    assert number_lines([]) == []
