import io
import os
import random
import struct
import subprocess
import sys
import threading
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline.data.picture_files import LARGEST, LARGEST_PIPED, WORKING, PictureError, load_grey
from tests.drawings import Grey, Images, enlarge, place, sample_digits
from tests.processes import environment


def page() -> Images:
    """Black on white, and neither square nor symmetric."""
    return 255 - place(enlarge(sample_digits()[0][0], 2), (60, 90), 2, 5)


def with_mode(levels: Images, mode: str) -> Image.Image:
    return Image.fromarray(levels.astype(np.uint16) * 257) if mode == "I;16" else Image.fromarray(levels).convert(mode)


def encode(image: Image.Image, kind: str, **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    image.save(file, kind, **options)
    file.seek(0)
    return file


def load(file: io.BytesIO) -> Grey:
    grey = load_grey(file, "it")
    assert grey.dtype == np.float32
    assert grey.min() >= 0
    assert grey.max() <= 255
    return grey


def assert_same(grey: Grey, levels: Images, tolerance: float = 3) -> None:
    assert grey.shape == levels.shape
    assert np.abs(grey - levels).mean() < tolerance


def refusal(file: Any) -> str:
    with pytest.raises(PictureError, match="^it ") as raised:
        load_grey(file, "it")
    message = str(raised.value)
    assert "\n" not in message
    assert "Error" not in message
    return message


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        *(("PNG", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")),
        *(("JPEG", mode) for mode in ("L", "RGB", "CMYK")),
        *(("TIFF", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16")),
        *(("WEBP", mode) for mode in ("RGB", "RGBA")),
        *(("BMP", mode) for mode in ("1", "L", "P", "RGB")),
        *(("GIF", mode) for mode in ("L", "P")),
    ],
)
def test_the_same_picture_is_read_from_every_format_and_kind_of_pixels(kind: str, mode: str) -> None:
    levels = np.where(page() > 127, np.uint8(255), np.uint8(0)) if mode == "1" else page()
    image = with_mode(levels, mode)
    assert_same(load(encode(image, kind)), levels)


@pytest.mark.parametrize("most", [1, 255, 65535, 3e6])
def test_floats_and_long_integers_are_levels_of_what_the_largest_tells(most: float) -> None:
    values = page() / 255 * most
    assert_same(load(encode(Image.fromarray(values.astype(np.float32)), "TIFF")), page(), 1)
    if most > 1:
        assert_same(load(encode(Image.fromarray(values.astype(np.int32)), "TIFF")), page(), 1)


def test_big_endian_16_bits_are_read() -> None:
    image = Image.fromarray((page().astype(np.uint16) * 257).astype(">u2"))
    assert image.mode == "I;16B"
    assert_same(load(encode(image, "TIFF")), page(), 1)


def test_numbers_that_are_none_are_black() -> None:
    values = page().astype(np.float32) / 255
    values[0, :4] = [np.nan, np.inf, -np.inf, -5]
    grey = load(encode(Image.fromarray(values), "TIFF"))
    assert grey[0, :4].tolist() == [0, 0, 0, 0]
    assert_same(grey[1:], page()[1:])


def test_the_lightness_of_lab_is_read() -> None:
    image = Image.merge("LAB", [Image.fromarray(page()), *(Image.new("L", (90, 60), 128),) * 2])
    assert_same(load(encode(image, "TIFF")), page())


@pytest.mark.parametrize("pen", [0, 255])
@pytest.mark.parametrize("hidden", [0, 255])
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_ink_stands_out_from_what_is_transparent_whatever_is_hidden_there(kind: str, pen: int, hidden: int) -> None:
    opacity = 255 - page()
    level = np.where(opacity > 0, np.uint8(pen), np.uint8(hidden))
    image = Image.merge("RGBA", [*(Image.fromarray(level),) * 3, Image.fromarray(opacity)])
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    assert_same(load(encode(image, kind, **options)), page() if pen == 0 else 255 - page())


def test_a_palette_may_be_transparent() -> None:
    image = Image.new("P", (90, 60))
    image.putpalette([255, 255, 255, 0, 0, 0])
    image.putdata((page() < 128).reshape(-1).astype(int).tolist())
    black_on_white = np.where(page() < 128, np.uint8(0), np.uint8(255))
    for kind in ("PNG", "GIF"):
        assert_same(load(encode(image, kind, transparency=0)), black_on_white)


def test_nothing_but_transparency_is_blank() -> None:
    assert np.ptp(load(encode(Image.new("RGBA", (20, 20), (255, 0, 0, 0)), "PNG"))) == 0


def test_ink_as_light_as_the_paper_is_seen_by_its_colour() -> None:
    ink = page()[..., np.newaxis] < 128
    pixels = np.where(ink, (230, 30, 30), (30, 110, 190)).astype(np.uint8)
    assert np.ptp(np.asarray(Image.fromarray(pixels).convert("L"))) < 20
    assert np.ptp(load(encode(Image.fromarray(pixels), "PNG"))) > 150


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_picture_that_says_how_it_is_turned_comes_the_right_way_up(kind: str, orientation: int) -> None:
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
    image = Image.fromarray(np.ascontiguousarray(stored[orientation])).convert("RGB")
    assert_same(load(encode(image, kind, exif=exif)), page(), 5)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_of_several_frames_the_first_is_read(kind: str) -> None:
    others = [Image.new("L", (90, 60), level) for level in (0, 99)]
    file = encode(Image.fromarray(page()), kind, save_all=True, append_images=others)
    assert_same(load(file), page(), 5)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "I;16", "F"])
@pytest.mark.parametrize("shape", [(4, 5000), (5000, 4), (1500, 2501), (1025, 1024)])
def test_a_large_picture_is_made_smaller_as_a_whole(shape: tuple[int, int], mode: str) -> None:
    y, x = np.ogrid[: shape[0], : shape[1]]
    levels = (y * 120 / shape[0] + x * 120 / shape[1]).astype(np.uint8)
    image = with_mode(levels, mode)
    factor = -(-max(shape) // WORKING)
    grey = load(encode(image, "TIFF"))
    assert max(grey.shape) <= WORKING
    truth = np.asarray(Image.fromarray(levels).reduce(factor), float)
    scale = truth.max() / grey.max() if mode == "I;16" else 1
    assert np.abs(scale * grey - truth).max() < 2


def test_a_file_of_the_disk_and_a_pipe_are_read_alike(tmp_path: Path) -> None:
    body = encode(Image.fromarray(page()), "PNG").getvalue()
    (tmp_path / "a.txt").write_bytes(body)  # its name says nothing
    assert_same(load_grey(tmp_path / "a.txt", "it"), page(), 1)
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=[body])
    writer.start()
    assert_same(load_grey(tmp_path / "pipe", "it"), page(), 1)
    writer.join()


def test_what_cannot_be_opened_is_told(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.png") == "it cannot be read: No such file or directory"
    assert refusal(tmp_path) == "it cannot be read: Is a directory"
    assert refusal(tmp_path / ("x" * 300)) == "it cannot be read: File name too long"


@pytest.mark.parametrize("body", [b"", b"hello", b"%PDF-1.7\n", b"<svg/>", b"\0" * 10_000, b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_told(body: bytes) -> None:
    assert refusal(io.BytesIO(body)) == "it is no picture: it has to be PNG, JPEG, GIF, BMP, TIFF or WebP"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF"])
def test_a_file_that_was_cut_off_is_told(kind: str) -> None:
    body = encode(Image.fromarray(page()).convert("RGB"), kind).getvalue()
    assert refusal(io.BytesIO(body[: len(body) * 2 // 3])).startswith(("it is damaged: ", "it is no picture"))


@pytest.mark.parametrize("size", [(1, 1), (3, 100), (100, 3)])
def test_a_picture_too_small_for_a_digit_is_told(size: tuple[int, int]) -> None:
    assert "it is too small: " in refusal(encode(Image.new("L", size), "PNG"))


def huge_png(width: int, height: int) -> io.BytesIO:
    """A small file that says to be large."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return io.BytesIO(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b""))


@pytest.mark.parametrize(("width", "height"), [(20_000, 20_000), (9_000, 8_000), (2**31 - 1, 2**31 - 1), (LARGEST, 4)])
def test_a_picture_too_large_is_refused_before_it_is_decoded(width: int, height: int) -> None:
    assert f"{LARGEST:,}" in refusal(huge_png(width, height))


def test_what_comes_by_a_pipe_without_an_end_is_refused() -> None:
    class Endless(io.RawIOBase):
        def seekable(self) -> bool:
            return False

        def read(self, size: int = -1) -> bytes:
            assert 0 <= size <= LARGEST_PIPED
            return b"\0" * size

    assert refusal(Endless()).startswith("it is too large: ")


@pytest.mark.parametrize("options", ["mode='RGBA'", "mode='I;16'", "mode='F'", "mode='CMYK'"])
def test_the_largest_pictures_are_decoded_in_little_memory(options: str, tmp_path: Path) -> None:
    program = f"""
import resource, sys
from pathlib import Path
from PIL import Image
if len(sys.argv) > 2:
    Image.new(size=(8000, 2000), {options}, color=1).save(sys.argv[1], "TIFF", compression="packbits")
else:
    from pipeline.data.picture_files import load_grey
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    load_grey(Path(sys.argv[1]), "it")
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    command = [sys.executable, "-c", program, str(tmp_path / "large.tiff")]
    subprocess.run([*command, "write"], check=True, env=environment())
    said = subprocess.run(command, check=True, capture_output=True, text=True, env=environment()).stdout
    assert int(said) < 120_000  # KiB; its pixels alone are 64 MB, and 16 million of them a quarter of the most


def mutate(body: bytes, generator: random.Random) -> bytes:
    damaged = bytearray(body)
    for _ in range(generator.choice([1, 2, 5, 30])):
        place, kind = generator.randrange(len(damaged)), generator.random()
        if kind < 0.7:
            damaged[place] = generator.choice([0, 1, 127, 128, 255, generator.randrange(256)])
        elif kind < 0.85:
            del damaged[place : place + generator.randrange(1, len(damaged) - place + 1)]
        else:
            damaged[place:place] = generator.randbytes(generator.randrange(1, 9))
        if not damaged:
            break
    return bytes(damaged)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF"])
def test_no_damage_does_more_than_to_be_told(kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    generator, outcomes = random.Random(1), set()
    modes = {"GIF": ["P"], "BMP": ["L", "RGB"], "WEBP": ["RGB", "RGBA"], "JPEG": ["L", "RGB", "CMYK"]}
    options: list[dict[str, Any]] = [{}]
    if kind == "TIFF":
        options += [{"compression": name} for name in ("packbits", "tiff_lzw", "tiff_deflate")]
    bodies = [
        encode(Image.fromarray(page()).convert(mode), kind, **option).getvalue()
        for mode in modes.get(kind, ["L", "RGB", "RGBA", "P"])
        for option in options
    ]
    for _ in range(150):
        try:
            load(io.BytesIO(mutate(generator.choice(bodies), generator)))
            outcomes.add("read")
        except PictureError as error:
            assert "\n" not in str(error)
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}
    assert capfd.readouterr() == ("", "")


def test_a_warning_of_the_decoder_is_nobodys_business() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of so many pixels Pillow warns, but does not refuse them
        assert refusal(huge_png(10_000, 10_000)).startswith("it is too large: 10,000 x 10,000 pixels")
