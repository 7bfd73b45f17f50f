from collections.abc import Sequence

import pytest

from pipeline.engine.errors import UsageError
from pipeline.pictures.decoding import PictureError
from pipeline.reader.pages.regions import Region, make_regions, parse_region


@pytest.mark.parametrize(
    ("text", "name", "box"),
    [
        ("60%,10%,95%,95%", "", (120, 10, 190, 95)),
        ("amount=10,20,50%,100%", "amount", (10, 20, 100, 100)),
        ("a=b=0,0,2.5,1", "a=b", (0, 0, 2.5, 1)),
    ],
)
def test_region_is_in_pixels_or_per_cent_of_each_page(text: str, name: str, box: tuple[float, ...]) -> None:
    region = parse_region(text)
    assert region.name == name
    assert region.locate((100, 200), "a.png") == pytest.approx(box)


@pytest.mark.parametrize(
    "text", ["", "1,2,3", "1,2,3,x", "5,0,5,9", "50%,0%,40%,100%", "0,0,101%,9", "-1,0,5,5", "nan,0,1,1", "1,1,2,2,3"]
)
def test_other_regions_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_region(text)


@pytest.mark.parametrize("text", ["0,0,201,50", "0,0,50,101", "50%,0,100,50", "0,99%,50,99"])
def test_region_that_a_page_does_not_have_is_an_error_of_this_page(text: str) -> None:
    with pytest.raises(PictureError, match=r"a\.png"):
        parse_region(text).locate((100, 200), "a.png")


def test_patterns_are_for_all_regions_or_for_one() -> None:
    regions = "amount=0,0,5,5", "day=5,0,9,5"
    assert make_regions([], []) == ()
    assert make_regions([], ["7"]) == (Region(pattern="7"),)
    assert [region.pattern for region in make_regions(regions, ["day=1", "2"])] == ["2", "1"]
    assert [region.pattern for region in make_regions(regions, ["2", "day=1"])] == ["2", "1"]
    assert [region.pattern for region in make_regions(regions, [])] == [None, None]
    cases: list[tuple[Sequence[str], list[str]]] = [
        (regions, ["year=1"]),
        ((regions[0], regions[0]), []),
        ([], ["day=1"]),
        ([], ["1", "2"]),
        (regions, ["day=1", "day=2"]),
    ]
    for wrong in cases:
        with pytest.raises(UsageError):
            make_regions(*wrong)
