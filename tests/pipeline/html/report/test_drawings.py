import base64
import io

import numpy as np
from PIL import Image

from pipeline.html.report.drawings import MAX_IMAGE_SIDE, NEGATIVE, POSITIVE, draw_grey, draw_patches, draw_signed


def decode(uri: str) -> Image.Image:
    kind, _, content = uri.partition(",")
    assert kind == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(content)))


def test_grey_picture_is_lossless() -> None:
    image = np.random.default_rng(0).integers(0, 256, (28, 20), dtype=np.uint8)
    assert np.array_equal(np.asarray(decode(draw_grey(image))), image)


def test_signs_have_two_colours_and_zero_is_transparent() -> None:
    picture = decode(draw_signed(np.array([[-2.0, -1.0, 0.0, 1.0, 0.5]]), limit=1)).convert("RGBA")
    beyond, negative, zero, positive, half = np.asarray(picture)[0].tolist()
    assert negative == beyond == [*NEGATIVE, 255]
    assert positive == [*POSITIVE, 255]
    assert zero[3] == 0
    assert half[:3] == list(POSITIVE)
    assert 120 <= half[3] <= 135


def test_all_zero_weights_are_transparent() -> None:
    assert not np.asarray(decode(draw_signed(np.zeros((3, 4)), limit=0)).convert("RGBA"))[..., 3].any()


def test_large_picture_is_downsampled_with_its_aspect_ratio() -> None:
    image = np.repeat(np.array([[0, 200]], np.uint8), 200, axis=1).repeat(100, axis=0)
    small = decode(draw_grey(image))
    assert small.size == (MAX_IMAGE_SIDE, MAX_IMAGE_SIDE // 4)
    assert (small.getpixel((0, 0)), small.getpixel((MAX_IMAGE_SIDE - 1, 0))) == (0, 200)
    assert decode(draw_signed(np.ones((1, 1000)), limit=1)).size == (MAX_IMAGE_SIDE, 1)


def test_patches_are_arranged_in_rows_with_transparent_gaps() -> None:
    patches = np.arange(1, 6, dtype=np.uint8)[:, np.newaxis, np.newaxis] * np.ones((1, 2, 2), np.uint8)
    picture = np.asarray(decode(draw_patches(patches, columns=3)))
    assert picture[..., 0].tolist()[0] == [1, 1, 0, 2, 2, 0, 3, 3]
    assert picture[..., 0].tolist()[-1] == [4, 4, 0, 5, 5, 0, 0, 0]
    assert picture[0, :, 1].tolist() == [255, 255, 0, 255, 255, 0, 255, 255]
    assert not picture[2, :, 1].any()
