import base64
import io

import numpy as np
from PIL import Image

from pipeline.pages.pictures import LARGEST, NEGATIVE, POSITIVE, draw_grey, draw_signed


def opened(address: str) -> Image.Image:
    kind, _, content = address.partition(",")
    assert kind == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(content)))


def test_a_grey_picture_comes_back_pixel_for_pixel() -> None:
    image = np.random.default_rng(0).integers(0, 256, (28, 20), dtype=np.uint8)
    assert np.array_equal(np.asarray(opened(draw_grey(image))), image)


def test_a_part_of_a_memory_map_is_as_good() -> None:
    images = np.arange(96, dtype=np.uint8).reshape(2, 8, 6)[:, ::2, ::-1]
    assert np.array_equal(np.asarray(opened(draw_grey(images[1]))), images[1])


def test_signs_are_two_colours_and_zero_is_transparent() -> None:
    picture = opened(draw_signed(np.array([[-2.0, -1.0, 0.0, 1.0, 0.5]]), limit=1)).convert("RGBA")
    beyond, negative, zero, positive, half = np.asarray(picture)[0].tolist()
    assert negative == beyond == [*NEGATIVE, 255]
    assert positive == [*POSITIVE, 255]
    assert zero[3] == 0
    assert half[:3] == list(POSITIVE)
    assert 120 <= half[3] <= 135


def test_weights_that_are_all_zero_are_nothing_to_be_seen() -> None:
    assert not np.asarray(opened(draw_signed(np.zeros((3, 4)), limit=0)).convert("RGBA"))[..., 3].any()


def test_what_is_large_is_shrunk_in_its_proportions() -> None:
    image = np.repeat(np.array([[0, 200]], np.uint8), 200, axis=1).repeat(100, axis=0)
    small = opened(draw_grey(image))
    assert small.size == (LARGEST, LARGEST // 4)
    assert (small.getpixel((0, 0)), small.getpixel((LARGEST - 1, 0))) == (0, 200)
    assert opened(draw_signed(np.ones((1, 1000)), limit=1)).size == (LARGEST, 1)
