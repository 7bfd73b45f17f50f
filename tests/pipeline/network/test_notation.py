from typing import Any

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
        ("conv16", [("conv", 16, (5, 5), (2, 2))], "conv16"),
        ("conv16x5x5/2x2p0x0d1", [("conv", 16, (5, 5), (2, 2))], "conv16"),
        ("pool2x2", [("pool", (2, 2), (2, 2))], "pool2"),
        ("pool2x1/2", [("pool", (2, 1), (2, 2))], "pool2x1/2"),
        (
            "pool3/3,pool3/2,4",
            [("pool", (3, 3), (3, 3)), ("pool", (3, 3), (2, 2)), ("dense", 4)],
            "pool3,pool3/2,4",
        ),
        ("conv16x3", [("conv", 16, (3, 3), (2, 2))], "conv16x3"),
        ("conv16/1", [("conv", 16, (5, 5), (1, 1))], "conv16/1"),
        ("conv16/2x1p2", [("conv", 16, (5, 5), (2, 1), (2, 2))], "conv16/2x1p2"),
        ("conv112x5x3/1x1p0x1", [("conv", 112, (5, 3), (1, 1), (0, 1))], "conv112x5x3/1p0x1"),
        ("conv112x1x5/1p0x8d4+", [("conv", 112, (1, 5), (1, 1), (0, 8), 4, True)], "conv112x1x5/1p0x8d4+"),
        (
            "conv16x3/1, conv64x5/2,128",
            [("conv", 16, (3, 3), (1, 1)), ("conv", 64, (5, 5), (2, 2)), ("dense", 128)],
            "conv16x3/1,conv64,128",
        ),
    ],
)
def test_layers_are_parsed_and_formatted_in_shortest_notation(
    text: str, layers: list[tuple[Any, ...]], shortest: str
) -> None:
    rest = {"dense": (), "conv": ((0, 0), 1, False), "pool": ()}
    expected = [(kind, *values, *rest[kind][max(len(values) - 3, 0) :]) for kind, *values in layers]
    assert [(kind, *values.values()) for _, kind, values in parse_layers(text)] == expected
    assert format_layers(text) == shortest


NUMBERS, PADDINGS = st.integers(1, 10**6), st.integers(0, 10**6)
PAIRS = st.tuples(NUMBERS, NUMBERS)
CONVOLUTIONS = st.tuples(NUMBERS, PAIRS, PAIRS, st.tuples(PADDINGS, PADDINGS), NUMBERS, st.booleans())


@given(st.lists(st.one_of(st.tuples(PAIRS, PAIRS), CONVOLUTIONS), max_size=4), st.lists(st.tuples(NUMBERS), max_size=2))
def test_shortest_notation_means_the_same_layers(maps: list[Any], dense: list[Any]) -> None:
    parts = maps + dense

    def write(values: Any) -> str:
        if len(values) < 3:
            return str(*values) if len(values) == 1 else "pool{}x{}/{}x{}".format(*values[0], *values[1])
        outputs, *_, dilation, residual = values
        pairs = (separator + "x".join(map(str, pair)) for separator, pair in zip("x/p", values[1:4], strict=True))
        return f"conv{outputs}{''.join(pairs)}d{dilation}{'+' if residual else ''}"

    text = ",".join(map(write, parts))
    assert [tuple(values.values()) for *_, values in parse_layers(text)] == parts
    assert parse_layers(format_layers(text)) == parse_layers(text)
    assert format_layers(format_layers(text)) == format_layers(text)


@pytest.mark.parametrize(
    "part",
    [
        *("a", "0", "-3", "+3", "1.5", "1e3", "1;2", "1 2", "01", "1_0", "٣", "1000001", "9" * 5000, "[12]", "", "1,"),
        *("conv", "conv0", "conv16x0", "conv16/0", "conv16x", "conv16/", "conv16/2p", "conv16x5x5x5", "CONV16"),
        *(
            "conv16x5x0",
            "conv16d0",
            "conv16p1/2",
            "conv16+p1",
            "conv16++",
            "conv16p-1",
            "conv16p01",
            "conv16d1x2",
            "16+",
        ),
        *("conv-16", "conv 16", "conv1000001", "conv16x1000001", "conv٣", "xconv16", "conv16\n3"),
        *("pool", "pool0", "pool2x", "pool2p1", "pool2/0"),
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
