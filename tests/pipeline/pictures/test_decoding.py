import errno
import io
import os
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import PIL
import pytest
from PIL import Image, ImageFile

from pipeline.pictures.decoding import PictureError, PictureSource, load_page
from pipeline.pictures.levels import MAX_SIDE
from tests.drawings import Grey, Images, enlarge, place, sample_digits
from tests.processes import capture

OLD_PILLOW = int(PIL.__version__.partition(".")[0]) < 13


def page() -> Images:
    """A black digit on white; neither square nor symmetric."""
    return 255 - place(enlarge(sample_digits()[0][0], 2), (60, 90), 2, 5)


def encode(image: Image.Image, kind: str, **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    image.save(file, kind, **options)
    file.seek(0)
    return file


def load(file: PictureSource) -> Grey:
    grey = load_page(file, "file").grey
    assert grey.dtype == np.float32
    assert 0 <= grey.min() <= grey.max() <= 255
    return grey


def with_mode(levels: Images, mode: str) -> Image.Image:
    return Image.fromarray(levels.astype(np.uint16) * 257) if mode == "I;16" else Image.fromarray(levels).convert(mode)


def assert_same(grey: Grey, levels: Images, tolerance: float = 3) -> None:
    assert grey.shape == levels.shape
    assert np.abs(grey - levels).mean() < tolerance


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        *(("PNG", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")),
        *(("JPEG", mode) for mode in ("L", "RGB", "CMYK")),
        *(("TIFF", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16")),
        pytest.param("TIFF", "YCbCr", marks=pytest.mark.skipif(OLD_PILLOW, reason="needs Pillow 13")),
        *(("WEBP", mode) for mode in ("RGB", "RGBA")),
        *(("BMP", mode) for mode in ("1", "L", "P", "RGB")),
        *(("GIF", mode) for mode in ("L", "P")),
    ],
)
def test_every_format_and_mode_is_read(kind: str, mode: str) -> None:
    levels = np.where(page() > 127, np.uint8(255), np.uint8(0)) if mode == "1" else page()
    image = with_mode(levels, mode)
    assert_same(load(encode(image, kind)), levels)


@pytest.mark.parametrize(
    ("kind", "dtype", "white"),
    [
        *(("TIFF", np.float32, white) for white in (1, 255, 65535, 3e6)),
        *(("TIFF", np.int32, white) for white in (255, 65535, 3e6)),
        *((kind, np.uint16, 2**bits - 1) for kind in ("PNG", "TIFF") for bits in (10, 12, 14)),
        ("TIFF", ">u2", 65535),
    ],
)
def test_levels_are_scaled_by_the_number_of_bits_or_the_maximum(kind: str, dtype: Any, white: float) -> None:
    values = (page() / 255 * white).astype(dtype)
    assert_same(load(encode(Image.fromarray(values), kind)), page(), 1)


@pytest.mark.parametrize("lowest", [-255, -100])
def test_negative_integers_are_levels_too(lowest: int) -> None:
    values = page().astype(np.int32) + lowest
    assert_same(load(encode(Image.fromarray(values), "TIFF")), page(), 1)


@pytest.mark.parametrize("size", [(4000, 3000), (1030, 700)])
def test_jpeg_is_decoded_no_smaller_than_other_formats(size: tuple[int, int]) -> None:
    image = Image.linear_gradient("L").resize(size)
    jpeg, tiff = (load(encode(image, kind)) for kind in ("JPEG", "TIFF"))
    assert jpeg.shape == tiff.shape
    assert np.abs(jpeg - tiff).max() < 4


def test_nan_and_infinite_pixels_are_black() -> None:
    values = page().astype(np.float32) / 255
    values[0, :4] = [np.nan, np.inf, -np.inf, -5]
    grey = load(encode(Image.fromarray(values), "TIFF"))
    assert grey[0, :4].tolist() == [0, 0, 0, 0]
    assert_same(grey[1:], page()[1:])


def test_lightness_of_lab_is_read() -> None:
    image = Image.merge("LAB", [Image.fromarray(page()), *(Image.new("L", (90, 60), 128),) * 2])
    assert_same(load(encode(image, "TIFF")), page())


@pytest.mark.parametrize("pen", [0, 255])
@pytest.mark.parametrize("hidden", [0, 255])
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_transparent_background_contrasts_with_the_ink(kind: str, pen: int, hidden: int) -> None:
    opacity = 255 - page()
    level = np.where(opacity > 0, np.uint8(pen), np.uint8(hidden))
    image = Image.merge("RGBA", [*(Image.fromarray(level),) * 3, Image.fromarray(opacity)])
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    assert_same(load(encode(image, kind, **options)), page() if pen == 0 else 255 - page())


def test_transparent_palette_entry() -> None:
    image = Image.new("P", (90, 60))
    image.putpalette([255, 255, 255, 0, 0, 0])
    image.putdata((page() < 128).reshape(-1).astype(int).tolist())
    assert_same(load(encode(image, "PNG", transparency=0)), np.where(page() < 128, np.uint8(0), np.uint8(255)))


def test_fully_transparent_picture_is_blank() -> None:
    assert np.ptp(load(encode(Image.new("RGBA", (20, 20), (255, 0, 0, 0)), "PNG"))) == 0


def test_ink_as_light_as_the_paper_is_found_by_its_colour() -> None:
    ink = page()[..., np.newaxis] < 128
    pixels = np.where(ink, (230, 30, 30), (30, 110, 190)).astype(np.uint8)
    assert np.ptp(np.asarray(Image.fromarray(pixels).convert("L"))) < 20
    assert np.ptp(load(encode(Image.fromarray(pixels), "PNG"))) > 150


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_orientation_is_applied(kind: str, orientation: int) -> None:
    stored: dict[int, Images] = {
        1: page(),
        2: page()[:, ::-1],
        3: page()[::-1, ::-1],
        4: page()[::-1],
        5: page().T,
        6: np.rot90(page()),
        7: page()[::-1, ::-1].T,
        8: np.rot90(page(), -1),
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = encode(Image.fromarray(np.ascontiguousarray(stored[orientation])).convert("RGB"), kind, exif=exif)
    found = load_page(file, "file")
    assert_same(found.grey, page(), 5)
    assert found.size == page().shape
    with Image.open(file) as image:
        assert_same(load(image), page(), 5)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_only_the_first_frame_is_read(kind: str) -> None:
    others = [Image.new("L", (90, 60), level) for level in (0, 99)]
    file = encode(Image.fromarray(page()), kind, save_all=True, append_images=others)
    found = load_page(file, "file")
    assert_same(found.grey, page(), 5)
    assert found.more_pages
    assert not load_page(encode(Image.fromarray(page()), kind), "file").more_pages


def test_other_versions_in_a_photograph_are_no_pages() -> None:
    image = Image.fromarray(page()).convert("RGB")
    assert not load_page(encode(image, "MPO", save_all=True, append_images=[image]), "file").more_pages


@pytest.mark.parametrize(
    ("kind", "size", "words"),
    [
        ("PNG", (50, 21), r"large \(50 x 21"),
        ("PNG", (99, 99), "large: reduce it to at most"),
        ("WEBP", (26, 20), "large"),
        ("BMP", (3, 90), "small"),
    ],
)
def test_size_is_limited_before_anything_is_decoded(
    kind: str, size: tuple[int, int], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = encode(Image.new("L", size), kind)
    monkeypatch.setattr("pipeline.pictures.decoding.MAX_PIXELS", 1000)
    monkeypatch.setattr("pipeline.pictures.decoding.MAX_PIXELS_WEBP", 500)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 3000)  # of Pillow, which refuses twice as many
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda image: pytest.fail("it was decoded"))
    with pytest.raises(PictureError, match=f"file is too {words}"):
        load_page(file, "file")


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "I;16", "F"])
@pytest.mark.parametrize("shape", [(4, 5000), (5000, 4), (2500, 4101), (2049, 2048)])
def test_large_picture_is_reduced(shape: tuple[int, int], mode: str) -> None:
    y, x = np.ogrid[: shape[0], : shape[1]]
    levels = (y * 120 / shape[0] + x * 120 / shape[1]).astype(np.uint8)
    image = with_mode(levels, mode)
    grey = load(encode(image, "TIFF"))
    assert max(grey.shape) == MAX_SIDE
    truth = np.asarray(Image.fromarray(levels).resize(grey.shape[::-1], Image.Resampling.BOX), float)
    scale = truth.max() / grey.max() if mode == "I;16" else 1
    assert np.abs(scale * grey - truth).max() < 2


def test_pipe_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    body = encode(Image.fromarray(page()), "PNG").getvalue()
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=[body])
    writer.start()
    assert_same(load(tmp_path / "pipe"), page(), 1)
    writer.join()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "PDF file"),
        (b"\0\0\0\x24ftypheic\0\0\0\0mif1heic", "HEIC or AVIF file"),
        (b"\0\0\0\x24ftypisom\0\0\0\0isom", "not a picture"),
        (
            encode(Image.effect_noise((200, 200), 90), "JPEG").getvalue()[:5000],
            r"damaged \(image file is truncated\): copy or export it again$",
        ),
    ],
)
def test_other_and_damaged_files_are_named(content: bytes, words: str) -> None:
    with pytest.raises(PictureError, match=f"^file is (a |an )?{words}"):
        load_page(io.BytesIO(content), "file")


@pytest.mark.parametrize(
    ("number", "advice"),
    [(errno.EACCES, "make it readable"), (errno.EPERM, "make it readable"), (errno.ENAMETOOLONG, "check the path")],
)
def test_only_a_forbidden_file_is_to_be_made_readable(number: int, advice: str) -> None:
    class Refused(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(number, os.strerror(number))

    with pytest.raises(PictureError, match=rf"^file cannot be read \(.+\): {advice}"):
        load_page(Refused(), "file")


def test_narrow_jpeg_is_read() -> None:
    assert load(encode(Image.new("L", (5000, 4), 255), "JPEG")).min() == 255


def test_interruption_that_a_decoder_replaces_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "cut.bmp"
    Image.new("L", (40, 40)).save(file)
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(PictureError, match="damaged"):
        load_page(file, file.name)
    monkeypatch.setattr("pipeline.pictures.decoding.stop_requested", lambda: True)
    with pytest.raises(KeyboardInterrupt):
        load_page(file, file.name)


def test_pillow_prints_no_line_of_its_own(tmp_path: Path) -> None:
    file = encode(Image.new("RGB", (50, 50)), "TIFF").getvalue()
    samples = bytes.fromhex("1501 0300 01000000 0300")  # tag 277, samples per pixel
    assert file.count(samples) == 1
    (tmp_path / "many.tif").write_bytes(file.replace(samples, samples[:-2] + b"\xc8\0"))
    code = "from pathlib import Path; from pipeline.pictures.decoding import load_page\n"
    code += "load_page(Path('many.tif'), 'many.tif')"
    done = capture([sys.executable, "-c", code], cwd=tmp_path)
    assert "PictureError: many.tif" in done.stderr.splitlines()[-1]
    assert done.stderr.startswith("Traceback")
