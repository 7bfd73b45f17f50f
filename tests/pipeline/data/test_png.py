import io

import pytest
from PIL import Image

from pipeline.data.picture_files import PictureError, load_grey
from pipeline.data.png import check_chunks
from tests.pipeline.data.pictures import encode


@pytest.mark.parametrize("options", [{}, {"interlace": True}, {"dpi": (300, 300)}])
def test_a_whole_file_is_read_over_and_what_follows_it_too(options: dict[str, object]) -> None:
    body = encode(Image.new("RGB", (40, 30), (1, 2, 3)), "PNG", **options).getvalue()
    stream = io.BytesIO(body + b"more")
    stream.seek(5)
    check_chunks(stream)
    assert stream.tell() == 5


def test_no_bit_of_a_file_is_damaged_unnoticed() -> None:
    whole = encode(Image.linear_gradient("L").resize((9, 8)), "PNG").getvalue()
    for place in range(len(whole)):
        for bit in range(8):
            damaged = whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :]
            with pytest.raises(PictureError, match="^it is (damaged|no picture|too large)"):
                load_grey(io.BytesIO(damaged), "it")


def test_a_file_that_was_cut_off_anywhere_is_told() -> None:
    whole = encode(Image.linear_gradient("L").resize((9, 8)), "PNG").getvalue()
    for length in range(len(whole)):
        with pytest.raises(PictureError, match="^it is (damaged|no picture)"):
            load_grey(io.BytesIO(whole[:length]), "it")
