import pytest

from pipeline.desk.forms.regions import Region, parse_edges
from pipeline.engine.errors import UsageError
from pipeline.pictures.decoding import PictureError


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("60%,10%,95%,95%", (120, 10, 190, 95)),
        ("10,20,50%,100%", (10, 20, 100, 100)),
        ("0,0, 2.5,1", (0, 0, 2.5, 1)),
    ],
)
def test_region_is_in_pixels_or_per_cent_of_each_page(text: str, box: tuple[float, ...]) -> None:
    assert Region(edges=parse_edges(text)).locate((100, 200), "a.png") == pytest.approx(box)


@pytest.mark.parametrize(
    "text", ["", "1,2,3", "1,2,3,x", "5,0,5,9", "50%,0%,40%,100%", "0,0,101%,9", "-1,0,5,5", "nan,0,1,1", "1,1,2,2,3"]
)
def test_other_regions_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_edges(text)


@pytest.mark.parametrize("text", ["0,0,201,50", "0,0,50,101", "50%,0,100,50", "0,99%,50,99"])
def test_region_that_a_page_does_not_have_is_an_error_of_this_page(text: str) -> None:
    with pytest.raises(PictureError, match=r"a\.png"):
        Region(edges=parse_edges(text)).locate((100, 200), "a.png")
