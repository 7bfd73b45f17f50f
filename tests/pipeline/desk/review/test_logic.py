"""What the review page calculates without a document: questions, steps, cells, digits, tables."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.desk.review.piles import TOP, make_delivery, make_page, make_pile, make_row
from tests.pipeline.javascript import REVIEW, evaluate

# Opens a pile as the page does, and applies steps to its first page.
OPEN = """(pile, steps = []) => {
    for (const [number, page] of pile.pages.entries()) {
        Object.assign(page, { pile, number });
        replay(page, []);
        page.rank = rankPage(page);
        page.lost = replay(page, steps.filter((step) => step.page === page.id));
    }
    const name = (number) => `${number.field} ${number.line}`;
    const items = listItems(pile).map((number) => {
        const question = number.page.questions.get(number);
        const text = question?.offer ?? question?.text ?? number.text;
        return [number.page.name, name(number), question?.mark ?? "", text, number.answer];
    });
    const records = listRecords(pile);
    const rows = listRows(pile);
    return { items, records, rows, lost: pile.pages.map(({ lost }) => lost), says: pile.pages.map(summarise) };
}"""


def open_pile(*pages: dict[str, Any], steps: list[dict[str, Any]] | None = None, **others: Any) -> Any:
    return evaluate(OPEN, make_pile(list(pages), **others), steps or [], scripts=REVIEW)


def questions(*pages: dict[str, Any], **others: Any) -> list[tuple[str, str, str]]:
    """Return the field and line, the mark and the large reading of each open question."""
    return [(name, mark, text) for _, name, mark, text, _ in open_pile(*pages, **others)["items"] if mark]


def step(field: str, line: int, do: str, text: str = "", page: str = "one", **others: Any) -> dict[str, Any]:
    row = make_row(field, line, "1")
    return {"page": f"id of {page}", "field": field, "box": row["box"], "do": do, "text": text, **others}


def test_table_says_which_page_could_not_be_aligned() -> None:
    problem = {"kind": "alignment", "what": "cannot be aligned with a.png", "region": "", "box": None, "line": 0}
    first, *others = open_pile({**make_delivery(), "problems": [problem]})["records"]
    assert first == {"file": "one.png", "check": "cannot be aligned with a.png"}
    assert [line["check"] for line in others] == ["", "", ""]


def decide(decision: str, *names: str) -> dict[str, Any]:
    return {"do": "page", "as": decision, "page": f"id of {names[0]}", "which": [{"page": f"id of {n}"} for n in names]}


def test_page_in_doubt_is_one_question_and_its_numbers_come_after_the_answer() -> None:
    wrong = make_delivery(price1={"text": "41.50"})
    page = {**wrong, "doubt": {"kind": "foreign", "what": "cannot be aligned"}}
    later = make_delivery("two", number1={"confidence": 0.5})
    found = open_pile(later, page)
    assert [item[:3] for item in found["items"]] == [["one", " 0", "▯"], ["two", "number 1", "?"]]
    assert found["records"][-1] == {"file": "one.png", "check": "unchecked: cannot be aligned"}
    assert [row["file"] for row in found["rows"] if row["file"] == "one.png"] == []
    out = open_pile(page, steps=[decide("out", "one")])
    assert out["records"] == [{"file": "one.png", "check": "left out: cannot be aligned"}]
    used = open_pile(page, steps=[decide("use", "one")])
    assert [item[1:] for item in used["items"]] == [[" 0", "", "page", "use"], ["price 1", "≠", "47.50", ""]]
    assert open_pile(page, steps=[decide("use", "one"), decide("out", "one")])["records"] == out["records"]


def test_table_names_pictures_that_could_not_be_read() -> None:
    unread = [{"file": "scan.pdf#3", "error": "scan.pdf#3 is damaged"}]
    assert open_pile(make_delivery(), unread=unread)["records"][-1]["check"] == "scan.pdf#3 is damaged"


def test_turned_page_has_the_numbers_of_its_other_way_up() -> None:
    page = {**make_delivery(), "doubt": {"kind": "doubtful", "what": "fits in two ways up"}, "turn": 0}
    other = make_delivery(quantity1={"text": "8"}, sum1={"text": "380.00"}, total1={"text": "443.00"})
    page["other"] = {"rows": other["rows"], "turn": 180}
    for decision, quantity in (("use", "3"), ("turn", "8")):
        assert open_pile(page, steps=[decide(decision, "one")])["records"][0]["quantity"] == quantity


def test_page_that_adds_up_has_no_question_even_if_its_numbers_are_doubtful() -> None:
    assert questions(make_delivery(price1={"confidence": 0.4}, sum2={"confidence": 0.2})) == []


def test_number_that_mends_its_line_is_asked_at_any_confidence_and_calculated() -> None:
    assert questions(make_delivery(price1={"text": "41.50", "confidence": 0.999})) == [("price 1", "≠", "47.50")]


def test_sure_reading_is_shown_as_it_is_and_what_would_add_up_beside_it() -> None:
    call = f"(pile) => {{ ({OPEN})(pile); return [...pile.pages[0].questions.values()].map(({{ text }}) => text); }}"
    sure, doubtful = (make_delivery(price1={"text": "41.50", "confidence": chance}) for chance in (0.95, 0.85))
    assert evaluate(call, make_pile([sure]), scripts=REVIEW) == ["41.50"]
    assert evaluate(call, make_pile([doubtful]), scripts=REVIEW) == ["47.50"]


def test_ink_that_would_have_to_be_0_is_not_offered_as_a_number() -> None:
    ink = {"kind": "ink", "what": "ink", "region": "sum", "box": [700, TOP + 120, 720, TOP + 130], "line": 0}
    assert questions({**make_delivery(), "problems": [ink]})[0][1:] == ("!", "")


@pytest.mark.parametrize("how", ["line", "typed"])
def test_table_says_which_numbers_were_calculated(how: str) -> None:
    page = make_delivery(price1={"text": "41.50"})
    first, *_ = open_pile(page, steps=[step("price", 1, "set", "47.50", how=how)])["records"]
    assert first["check"] == {"line": "price: calculated, read as 41.50", "typed": ""}[how]


def test_alternative_that_mends_the_line_is_taken_without_a_question() -> None:
    price = {"text": "47.50", "alternatives": [["97.50", 0.01]]}
    found = open_pile(make_delivery(price1=price, sum1={"text": "292.50"}, total1={"text": "355.50"}))
    assert found["items"] == []
    assert found["records"][0]["price"] == "97.50"


TWICE = {"confidence": 0.6, "alternatives": [["7", 0.3]]}, {"confidence": 0.6, "alternatives": [["70.00", 0.3]]}


def test_two_readings_that_may_both_be_wrong_are_asked_although_their_line_adds_up() -> None:
    page = make_delivery(quantity2={"text": "1", **TWICE[0]}, sum2={"text": "10.00", **TWICE[1]})
    assert questions(page, sums={}) == [("quantity 2", "?", "1"), ("sum 2", "?", "10.00")]
    found = open_pile(page, steps=[step("quantity", 2, "set", "7")], sums={})
    assert [mark for _, _, mark, *_ in found["items"]] == ["", ""]
    assert found["records"][1]["sum"] == "70.00"


def test_total_decides_between_two_combinations_of_a_line() -> None:
    page = make_delivery(
        quantity2={"text": "1", **TWICE[0]}, sum2={"text": "10.00", **TWICE[1]}, total1={"text": "255.50"}
    )
    found = open_pile(page)
    assert found["items"] == []
    assert [found["records"][1][field] for field in ("quantity", "sum")] == ["7", "70.00"]


def test_of_two_doubtful_numbers_the_one_that_is_more_easily_misread_is_asked() -> None:
    page = make_delivery(price1={"text": "41.50", "confidence": 0.6}, sum1={"text": "142.50", "confidence": 0.8})
    assert questions(page, sums={})[0] == ("price 1", "≠", "47.50")  # one digit; 124.50 exchanges two
    calculated = questions(page, steps=[step("price", 1, "set", "47.50")], sums={})
    assert calculated == []
    assert questions(page, steps=[step("price", 1, "set", "41.50")], sums={})[0] == ("sum 1", "≠", "124.50")
    page = make_delivery(price1={"confidence": 0.6}, sum1={"text": "112.50", "confidence": 0.8})
    assert questions(page)[0] == ("sum 1", "≠", "142.50")  # with which the total adds up, too


def test_calculated_number_is_offered_for_the_one_doubtful_number_of_a_line() -> None:
    """The sum would be one digit off, but the price is the doubtful one."""
    page = make_delivery(price3={"text": "4.36", "confidence": 0.61})
    assert questions(page, sums={}) == [("price 3", "≠", "4.30")]


def test_total_asks_for_what_may_explain_it_and_for_nothing_else() -> None:
    """As one digit of a sum does; 300 more than all others is none of them."""
    pile: dict[str, Any] = {"lines": {}}
    page = make_delivery(sum2={"text": "26.00"})
    assert questions(page, **pile) == [("sum 2", "≠", "20.00"), ("total 1", "Σ", "205.50")]
    page = make_delivery(total1={"text": "912.34"})
    assert questions(page, **pile) == [("total 1", "Σ", "912.34")]
    assert questions(page, steps=[step("total", 1, "set", "912.34")], **pile) == []
    page = make_delivery(total1={"text": "912.34"}, sum1={"confidence": 0.7})
    assert [name for name, *_ in questions(page, **pile)] == ["sum 1", "total 1"]


def test_number_that_was_not_read_is_given_by_its_line() -> None:
    assert questions(make_delivery(quantity3={"text": ""})) == [("quantity 3", "!", "10")]


def test_doubtful_number_gives_no_other() -> None:
    page = make_delivery(quantity3={"text": ""}, sum3={"confidence": 0.6})
    assert questions(page, sums={}) == [("quantity 3", "!", ""), ("sum 3", "?", "43.00")]


def test_number_that_is_missing_is_asked_where_its_line_needs_it() -> None:
    assert questions(make_delivery(sum2={"absent": True})) == [("sum 2", "!", "20.00")]
    assert questions(make_delivery(price2={"absent": True})) == [("price 2", "!", "10.00")]


def test_pages_with_known_errors_come_first_and_what_was_left_for_later_last() -> None:
    doubtful = make_delivery("one", number1={"confidence": 0.5})
    wrong = make_delivery("two", number1={"confidence": 0.6}, price1={"text": "41.50"})
    apart = make_page(
        "three", [make_row("number", 1, "12345", 0.1)], [{"kind": "alignment", "what": "x", "region": ""}]
    )
    later = step("number", 1, "later", page="three")
    found = open_pile(doubtful, wrong, apart, steps=[])["items"]
    assert [(page, name) for page, name, *_ in found] == [
        ("three", "number 1"), ("two", "price 1"), ("two", "number 1"), ("one", "number 1"),
    ]  # fmt: skip
    assert open_pile(doubtful, wrong, apart, steps=[later])["items"][-1][:2] == ["three", "number 1"]


def test_answer_answers_for_its_neighbours_and_a_kept_number_ends_the_question() -> None:
    page = make_delivery(price1={"text": "41.50", "confidence": 0.4}, sum1={"confidence": 0.3})
    assert questions(page, sums={}) == [("price 1", "≠", "47.50")]  # which proves the sum
    assert questions(page, steps=[step("price", 1, "set", "47.50")], sums={}) == []
    assert questions(page, steps=[step("price", 1, "keep")], sums={}) == [("sum 1", "?", "142.50")]


def test_ink_in_one_cell_is_one_question_and_none_where_the_line_adds_up() -> None:
    def ink(left: int) -> dict[str, Any]:
        return {"kind": "ink", "what": "ink", "region": "quantity", "line": 4, "box": [left, 322, left + 9, 340]}

    page = make_delivery()
    page["problems"] = [ink(60), ink(80)]
    assert questions(page) == [("quantity 4", "!", "")]
    page["problems"] = [{**ink(60), "line": 2}]
    assert questions(page) == []
    page["problems"] = [{**ink(left), "line": 0} for left in (60, 80, 100)]  # a word in a line without numbers
    assert [mark for _, mark, _ in questions(page)] == ["!"]


def test_added_number_answers_the_notice_at_its_place() -> None:
    page = make_delivery(quantity3={"absent": True})
    box = [60, TOP + 80, 90, TOP + 104]
    page["problems"] = [{"kind": "ink", "what": "ink", "region": "quantity", "line": 3, "box": box}]
    added = {
        "page": "id of one",
        "field": "quantity",
        "line": 3,
        "box": box,
        "do": "add",
        "text": "10",
        "kind": "added",
    }
    found = open_pile(page, steps=[added])
    assert [mark for _, _, mark, *_ in found["items"]] == [""]
    assert [line["quantity"] for line in found["records"]] == ["3", "2", "10"]


def test_steps_that_fit_no_number_any_more_are_counted_and_the_others_apply() -> None:
    moved = make_delivery(price1={"text": "41.50"})
    for row in moved["rows"]:
        row["box"] = [side + 2 for side in row["box"]]
    steps = [step("price", 1, "set", "47.50"), {**step("price", 1, "none"), "box": [0, 0, 9, 9]}]
    found = open_pile(moved, steps=steps)
    assert found["lost"] == [1]
    assert found["records"][0]["price"] == "47.50"


def test_typed_amount_has_the_decimal_separator_of_the_page() -> None:
    found = open_pile(make_delivery(), steps=[step("price", 1, "set", "47,50")])
    assert found["records"][0]["price"] == "47.50"
    assert [row["checked"] for row in found["rows"] if row["region"] == "price"] == ["yes", "line", "line"]


def test_removed_line_is_not_in_the_table_and_its_rows_are_deleted() -> None:
    steps = [step(field, 2, "none") for field in ("quantity", "price", "sum")]
    found = open_pile(make_delivery(), steps=steps)
    assert [line["quantity"] for line in found["records"]] == ["3", "10"]
    assert [row["change"] for row in found["rows"]].count("deleted") == 3


def test_rows_say_what_a_person_or_a_line_has_checked() -> None:
    found = open_pile(make_delivery(number1={"confidence": 0.5}), steps=[step("quantity", 1, "set", "3")], sums={})[
        "rows"
    ]
    assert [(row["region"], row["checked"]) for row in found[:3]] == [
        ("number", ""),
        ("quantity", "yes"),
        ("price", "line"),
    ]


def test_table_that_is_saved_midway_says_what_is_unchecked_and_how_certain() -> None:
    page = make_delivery(number1={"confidence": 0.5}, price1={"text": "41.50"}, sum3={"absent": True})
    first, *_ = open_pile(page, steps=[step("price", 1, "set", "47.50")], lines={}, sums={})["records"]
    assert (first["check"], first["confidence"]) == ("number: unchecked", "0.5000")
    (done, *_) = open_pile(page, steps=[step("number", 1, "set", "56924")], lines={}, sums={})["records"]
    assert (done["check"], done["confidence"]) == ("", "0.9900")


def test_table_says_what_is_kept_left_or_not_read() -> None:
    page = make_delivery(number1={"confidence": 0.5}, price1={"text": "41.50"}, quantity3={"text": ""})
    found = open_pile(page, steps=[step("price", 1, "keep"), step("number", 1, "later")])["records"]
    checks = [line["check"] for line in found]
    assert "price: kept as written" in checks[0]
    assert "number: left for later" in checks[0]
    assert checks[2] == "quantity: not read"


@pytest.mark.parametrize(
    ("box", "place"),
    [
        ([55, TOP + 78, 100, TOP + 106], {"field": "quantity", "line": 3}),
        ([505, TOP + 16, 560, TOP + 40], {"field": "price", "line": 2}),  # the empty cell, of which it has a third
        ([200, 500, 230, 520], None),
    ],
)
def test_drawn_number_goes_to_the_cell_with_the_largest_overlap(box: list[int], place: Any) -> None:
    page = make_delivery(price2={"absent": True}, sum2={"absent": True}, quantity3={"absent": True})
    call = f"(pile, box) => {{ ({OPEN})(pile); return placeBox(pile.pages[0], box); }}"
    assert evaluate(call, make_pile([page], lines={}), box, scripts=REVIEW) == place


def test_line_between_two_lines_has_a_number_between_theirs() -> None:
    call = f"(pile, box) => {{ ({OPEN})(pile); return newLine(pile.pages[0], box); }}"
    pile = make_pile([make_delivery()])
    found = [evaluate(call, pile, [0, y, 9, y + 4], scripts=REVIEW) for y in (100, TOP + 30, 600)]
    assert found == [0.5, 1.5, 4]


def place_digits(text: str, read: str, kind: str) -> list[tuple[str, str, float]]:
    row = make_row("sum", 1, read, 0.99)
    call = """(text, row, kind) => placeDigits(text, { ...row, page: {} }, row.box, 4, kind)
        .map(({ character, style, x }) => [character, style, x])"""
    return [tuple(each) for each in evaluate(call, text, row, kind, scripts=REVIEW)]


def test_each_digit_stands_under_its_ink_and_a_calculated_one_before_it() -> None:
    read = place_digits("300.00", "300.00", "read")
    calculated = place_digits("8300.00", "300.00", "calculated")
    assert [style for _, style, _ in calculated] == ["new"] + [""] * 6
    assert [x for *_, x in read] == sorted(x for *_, x in read)
    places = [x for *_, x in calculated]
    assert places == sorted(places)
    assert places[1] - places[0] > 40


def test_typed_digits_follow_the_ink_whatever_was_read() -> None:
    read = [x for *_, x in place_digits("35692", "35692", "read")]
    typed = [x for *_, x in place_digits("569", "35692", "typed")]
    assert typed == pytest.approx(read[:3], abs=1)


def make_ink(top: int) -> dict[str, Any]:
    return {"kind": "ink", "what": "ink", "region": "quantity", "line": 0, "box": [60, top, 90, top + 24]}


@pytest.mark.parametrize(("top", "line"), [(TOP + 80, 3), (TOP + 22, 1.5), (TOP + 160, 4)])
def test_number_typed_at_ink_gets_the_line_at_its_place(top: int, line: float) -> None:
    """It is the empty cell of the third line, between two lines, or below all."""
    page = make_delivery(quantity3={"absent": True})
    page["problems"] = [make_ink(top)]
    typed = {"page": "id of one", "field": "quantity", "box": page["problems"][0]["box"], "do": "set", "text": "10"}
    call = f"""(pile, step) => {{
        ({OPEN})(pile, [step]);
        return pile.pages[0].numbers.find(({{ answer }}) => answer === "set").line;
    }}"""
    assert evaluate(call, make_pile([page]), typed, scripts=REVIEW) == line


def test_notice_of_too_few_lines_ticks_itself_when_there_are_enough() -> None:
    page = make_delivery(quantity3={"absent": True})
    page["problems"] = [{"kind": "few", "what": "2 rows, most pages have 3", "region": "quantity"}]
    pile = make_pile([page], lines={}, sums={})
    pile["fields"]["quantity"]["most"] = 3
    added = {"page": "id of one", "field": "quantity", "line": 3, "do": "add", "text": "10", "kind": "added"}
    box = [60, TOP + 80, 90, TOP + 104]
    assert [mark for *_, mark, _, _ in evaluate(OPEN, pile, [], scripts=REVIEW)["items"]] == ["!"]
    after = evaluate(OPEN, pile, [{**added, "box": box}], scripts=REVIEW)["items"]
    assert [mark for *_, mark, _, _ in after if mark] == []


@pytest.mark.parametrize("do", ["set", "keep"])
def test_table_says_that_a_total_does_not_add_up(do: str) -> None:
    page = make_delivery(total1={"text": "912.34"})
    first, *_ = open_pile(page, steps=[step("total", 1, do, "912.34")])["records"]
    assert first["check"] == {"set": "total: does not add up", "keep": "total: kept as written"}[do]


def test_look_at_some_begins_with_the_least_certain() -> None:
    pages = [make_delivery(number1={"confidence": chance}) for chance in (0.95, 0.93)]
    call = f"(pile) => {{ ({OPEN})(pile); return chooseSample(pile, 2).map(({{ confidence }}) => confidence); }}"
    assert evaluate(call, make_pile(pages), scripts=REVIEW) == [0.93, 0.95]


# The cases of the arithmetic in Python, called as there; only Python weighs.
CASES = json.loads((Path(__file__).parents[1] / "arithmetic.json").read_text())
CASES = [case for case in CASES if case["call"] != "weigh"]
CALL = """(cases) => cases.map(({ call, input }) => ({
    amount: () => {
        const { value, unit } = readAmount(input);
        const show = ([top, bottom]) => (bottom === 1n ? String(top) : `${top}/${bottom}`);
        return value ? [show(value), show(unit)] : null;
    },
    parse: () => { try { return parseFormula(input.text, input.fields, input.sums); } catch { return null; } },
    check: () => {
        const { formula, target, texts, unit, decimal } = input;
        const listed = (field) => (texts[field] ?? []).map(valueOf);
        const values = (field, all) => (all ? listed(field) : listed(field)[0] ?? EMPTY);
        const [written = ""] = texts[target] ?? [];
        const needed = [...fieldsOf(formula), target];
        const result = resultOf(formula, values, needed.flatMap((field) => texts[field] ?? []));
        const isKnown = isFraction(result) && needed.every((field) => !listed(field).includes(UNKNOWN));
        const others = fieldsOf(formula).flatMap((field) => texts[field] ?? []);
        const verdict = isKnown ? judge(result, written, others, input).state : "unchecked";
        const least = unitOf(written, parseFraction(unit));
        return {
            fits: { fits: true, differs: false }[verdict] ?? null,
            result: isKnown ? writeResult(absolute(result), least, decimal, [written, ...others].some(isTime)) : null,
        };
    },
    write: () => writeNumber(input.text, input.decimal, input.pattern),
    form: () => {
        let form;
        try { checkForm(form = parseForm(input)); } catch { return null; }
        const { top, fields, lines, sums } = form;
        const names = fields.map(({ name }) => name);
        const parse = (table, has) =>
            Object.fromEntries(Object.entries(table).map(([target, text]) => [target, parseFormula(text, names, has)]));
        const known = Object.fromEntries(fields.map((field) => [field.name, compileField(field)]));
        return { top, fields: known, lines: parse(lines, false), sums: parse(sums, true) };
    },
    protect: () => protect(input),
})[call]())"""


@pytest.fixture(scope="module")
def outputs() -> Any:
    return evaluate(CALL, CASES, scripts=REVIEW)


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: json.dumps(CASES[number]))
def test_arithmetic_is_that_of_python(outputs: Any, number: int) -> None:
    assert outputs[number] == CASES[number]["output"]


@pytest.mark.parametrize(("text", "is_asked"), [("4.00", False), ("-4.00", False), ("-5.00", True)])
def test_number_may_have_the_minus_of_its_result_or_lack_it(text: str, is_asked: bool) -> None:
    sums = {"total": {"text": "sum(sum) - 209.5", "formula": ["-", ["sum", "sum"], ["number", "419/2"]]}}
    found = open_pile(make_delivery(total1={"text": "9.99"}), steps=[step("total", 1, "set", text)], sums=sums)
    assert found["records"][0]["total"] == text
    assert bool(found["records"][0]["check"]) == is_asked
    written = evaluate("(cell) => writeTable(['a'], [{ a: cell }])", text, scripts=REVIEW)
    assert written == f'"a"\r\n"{text}"\r\n'


def test_form_is_written_and_read_again() -> None:
    file = """reference = "page 1.jpg"

[fields.week]
region = "64.0%,6.3%,79.0%,9.3%"
digits = "1-2"
holds = "one"

[fields."a b"]
region = ["1.0%,2.0%,3.0%,4.0%", "5.0%,6.0%,7.0%,8.0%"]
pattern = '1?\\d([.,](25|5|75))?'
holds = "lines"

[lines]
hours = "week - 2"

[fields.hours]
holds = "lines"
"""
    written = evaluate("(file) => writeForm(parseForm(file))", file, scripts=REVIEW)
    again = evaluate("(file) => writeForm(parseForm(file))", written, scripts=REVIEW)
    assert again == written
    assert evaluate("parseForm", written, scripts=REVIEW) == evaluate("parseForm", file, scripts=REVIEW)


def test_suggested_formula_has_other_fields() -> None:
    fields = [{"name": name, "holds": "lines"} for name in ("quantity", "price", "sum")]
    fields += [{"name": name, "holds": "one"} for name in ("number", "total")]
    call = "(fields) => fields.map((field) => suggestFormula(field, fields))"
    found = evaluate(call, fields, scripts=REVIEW)
    assert found == ["price * sum", "quantity * sum", "quantity * price", "sum(sum)", "sum(sum)"]
    assert evaluate(call, fields[3:], scripts=REVIEW) == ["", ""]


@pytest.mark.parametrize(
    ("formula", "old", "renamed"),
    [
        ("quantity * price", "price", "quantity * a b"),
        ("no (2) * no", "no (2)", "a b * no"),
        ("no (2) * no", "no", "no (2) * a b"),
        ("sum( sum ) - sum", "sum", "sum( a b ) - a b"),
    ],
)
def test_field_is_renamed_in_formulas_whatever_its_name(formula: str, old: str, renamed: str) -> None:
    fields = [{"name": name} for name in ("quantity", "price", "sum", "no", "no (2)")]
    assert evaluate("renameIn", formula, old, "a b", fields, scripts=REVIEW) == renamed


def test_form_counts_the_lines_that_fit_a_formula() -> None:
    page = make_delivery(price1={"text": "41.50"})
    form = {"top": {}, "fields": [], "lines": {"sum": "quantity * price"}, "sums": {"total": "sum(sum)"}}
    for field, holds in (("quantity", "lines"), ("price", "lines"), ("sum", "lines"), ("total", "one")):
        left, top, right, bottom = page["regions"][field][0]
        form["fields"].append({"name": field, "holds": holds, "regions": [f"{left},{top},{right},{bottom}"]})  # type: ignore[attr-defined]
    call = """(form, page) => {
        Object.assign(page, { pile: { fields: {}, lines: {}, sums: {} } });
        const read = readAs(form, page);
        return [countFits(read, "sum"), countFits(read, "total")];
    }"""
    assert evaluate(call, form, page, scripts=REVIEW) == [[2, 3], [1, 1]]
