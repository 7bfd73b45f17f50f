import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.engine.errors import UsageError
from pipeline.network.notation import format_layers, parse_layers


@pytest.mark.parametrize(
    ("text", "layers", "shortest"),
    [
        ("", [], ""),
        (" ", [], ""),
        ("512", [("dense", 512)], "512"),
        (" 20, 16 ", [("dense", 20), ("dense", 16)], "20,16"),
        ("128,128", [("dense", 128), ("dense", 128)], "128,128"),
        ("conv16", [("conv", 16, 5, 2)], "conv16"),
        ("conv16x5/2", [("conv", 16, 5, 2)], "conv16"),
        ("conv16x5", [("conv", 16, 5, 2)], "conv16"),
        ("conv16/2", [("conv", 16, 5, 2)], "conv16"),
        ("pool2", [("pool", 2, 2)], "pool2"),
        ("pool3/3,pool3/2,4", [("pool", 3, 3), ("pool", 3, 2), ("dense", 4)], "pool3,pool3/2,4"),
        ("conv16x3", [("conv", 16, 3, 2)], "conv16x3"),
        ("conv16/1", [("conv", 16, 5, 1)], "conv16/1"),
        (
            "conv16x3/1, conv64x5/2,128",
            [("conv", 16, 3, 1), ("conv", 64, 5, 2), ("dense", 128)],
            "conv16x3/1,conv64,128",
        ),
    ],
)
def test_layers_are_parsed_and_formatted_in_shortest_notation(
    text: str, layers: list[tuple[str | int, ...]], shortest: str
) -> None:
    assert [(kind, *numbers.values()) for kind, numbers in parse_layers(text)] == layers
    assert format_layers(text) == shortest


@given(st.lists(st.one_of(st.tuples(st.integers(1, 10**6)), st.tuples(*[st.integers(1, 10**6)] * 3)), max_size=5))
def test_shortest_notation_means_the_same_layers(parts: list[tuple[int, ...]]) -> None:
    text = ",".join("conv{}x{}/{}".format(*part) if len(part) > 1 else str(part[0]) for part in parts)
    assert [tuple(numbers.values()) for _, numbers in parse_layers(text)] == parts
    assert parse_layers(format_layers(text)) == parse_layers(text)
    assert format_layers(format_layers(text)) == format_layers(text)


@pytest.mark.parametrize(
    "part",
    [
        *("a", "0", "-3", "+3", "1.5", "1e3", "1;2", "1 2", "01", "1_0", "٣", "1000001", "9" * 5000, "[12]", "", "1,"),
        *("conv", "conv0", "conv16x0", "conv16/0", "conv16x", "conv16/", "conv16/2x5", "conv16x5x5", "CONV16"),
        *("conv-16", "conv 16", "conv1000001", "conv16x1000001", "conv٣", "xconv16", "conv16\n3"),
        *("pool", "pool0", "pool2x2", "pool2/0"),
    ],
)
def test_other_text_is_refused(part: str) -> None:
    for text in (f"10,{part}", f"{part},10"):
        with pytest.raises(UsageError):
            parse_layers(text)


def test_number_of_layers_is_limited() -> None:
    assert len(parse_layers(",".join(["pool1"] * 1000))) == 1000
    with pytest.raises(UsageError):
        parse_layers(",".join(["pool1"] * 1001))
