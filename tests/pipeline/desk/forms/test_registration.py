import numpy as np
import pytest
from PIL import Image

from pipeline.desk.forms.registration import Placement, Reference, align_page, make_reference
from tests.drawings import Grey
from tests.ledgers import COLUMNS, PITCH, ROWS, SIZE, TOP, Move, draw_ledger, find_place, move_page

PLACES = np.array([complex(y, x) for y in (TOP, TOP + PITCH * ROWS) for x in (COLUMNS[0], COLUMNS[-1])])


def to_levels(page: Image.Image, light: float = 1.0) -> Grey:
    noise = np.random.default_rng(1).normal(0, 4, page.size[::-1])
    return np.clip(light * np.asarray(page, np.float32) + noise, 0, 255).astype(np.float32)


@pytest.fixture(scope="module")
def reference() -> Reference:
    return make_reference(to_levels(draw_ledger(1)), SIZE, "first.png")


@pytest.mark.parametrize(
    "move",
    [
        Move(-3, 0.97, -60, 40),
        *(
            pytest.param(move, marks=pytest.mark.slow)
            for move in (Move(), Move(3, 1, 50, -40), Move(1.5, 1.03, 30, 40), Move(-1.8, 0.975, -28, 42))
        ),
    ],
)
def test_pages_with_other_numbers_are_laid_on_the_reference(reference: Reference, move: Move) -> None:
    """The rows of the ledger repeat every 37 pixels, and the page is wanted to within two."""
    placement = align_page(reference, to_levels(move_page(draw_ledger(2), move), 0.85))
    assert placement is not None
    corner, turn = find_place(move)
    away = abs(placement.map(PLACES / max(SIZE)) * max(SIZE) - (complex(*corner) + turn * PLACES))
    assert away.max() < 2


@pytest.mark.parametrize(
    "move",
    [
        Move(0, 1, 110, 0),
        *(pytest.param(move, marks=pytest.mark.slow) for move in (Move(0, 1.067), Move(4.5), Move(0, 1, 0, -110))),
    ],
)
def test_pages_beyond_the_limits_are_laid_right_and_described(reference: Reference, move: Move) -> None:
    """The shift down is three rows, which are all alike."""
    placement = align_page(reference, to_levels(move_page(draw_ledger(2), move)))
    assert placement is not None
    corner, turn = find_place(move)
    away = abs(placement.map(PLACES / max(SIZE)) * max(SIZE) - (complex(*corner) + turn * PLACES))
    assert away.max() < 2
    assert placement.describe_excess(SIZE)


@pytest.mark.parametrize("move", [Move(), Move(3, 0.97, -62, 62), Move(-3, 1.03, 62, -62)])
def test_pages_within_the_limits_have_no_excess(move: Move) -> None:
    corner, turn = find_place(move)
    assert not Placement(turn, complex(*corner) / max(SIZE)).describe_excess(SIZE)


@pytest.mark.slow
def test_pages_of_other_resolutions_are_laid(reference: Reference) -> None:
    page = draw_ledger(3).resize((SIZE[1] * 3 // 2, SIZE[0] * 3 // 2), Image.Resampling.BICUBIC)
    placement = align_page(reference, to_levels(page))
    assert placement is not None
    assert abs(placement.map(PLACES / max(SIZE)) * max(SIZE) - PLACES).max() < 2


def test_reference_lies_on_itself(reference: Reference) -> None:
    assert align_page(reference, to_levels(draw_ledger(1))) == Placement()


@pytest.mark.slow
@pytest.mark.parametrize("page", [draw_ledger(4, printed=False), Image.new("L", SIZE[::-1], 240)])
def test_page_with_nothing_in_common_is_not_laid(reference: Reference, page: Image.Image) -> None:
    assert align_page(reference, to_levels(page)) is None


def test_reference_without_print_is_empty(reference: Reference) -> None:
    assert not reference.is_empty
    assert make_reference(to_levels(Image.new("L", SIZE[::-1], 240)), SIZE, "blank.png").is_empty
