"""Invalid, damaged and too large files: each is one error line and takes little memory."""

import contextlib
import io
import random
import struct
import subprocess
import sys
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipeline.pictures.files import MAX_PIPED_BYTES, MAX_PIXELS, PictureError, load_picture
from tests.pipeline.pictures.common import encode, load, page
from tests.processes import environment


def refusal(file: Any) -> str:
    with pytest.raises(PictureError, match="^file ") as raised:
        load_picture(file, "file")
    message = str(raised.value)
    assert "\n" not in message
    assert "Error" not in message
    return message


def test_unreadable_path_is_reported(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.png") == "file cannot be read: No such file or directory"
    assert refusal(tmp_path) == "file cannot be read: Is a directory"
    assert refusal(tmp_path / ("x" * 300)) == "file cannot be read: File name too long"


@pytest.mark.parametrize("body", [b"", b"hello", b"%PDF-1.7\n", b"<svg/>", b"\0" * 10_000, b"\x89PNG\r\n\x1a\n"])
def test_other_file_types_are_refused(body: bytes) -> None:
    assert refusal(io.BytesIO(body)) == "file is not a picture: use PNG, JPEG, GIF, BMP, TIFF or WebP"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF"])
def test_truncated_file_is_refused(kind: str) -> None:
    body = encode(Image.fromarray(page()).convert("RGB"), kind).getvalue()
    assert refusal(io.BytesIO(body[: len(body) * 2 // 3])).startswith(("file is damaged: ", "file is not a picture"))


def test_flipped_bits_of_a_png_are_detected() -> None:
    whole = encode(Image.linear_gradient("L").resize((9, 8)), "PNG").getvalue()
    levels = load(io.BytesIO(whole))
    for position in range(len(whole)):
        for bit in range(8):
            damaged = whole[:position] + bytes([whole[position] ^ 1 << bit]) + whole[position + 1 :]
            with contextlib.suppress(PictureError):
                assert np.array_equal(load(io.BytesIO(damaged)), levels)
                assert position >= len(whole) - 12  # in the final IEND chunk


@pytest.mark.parametrize("size", [(1, 1), (3, 100), (100, 3)])
def test_too_small_picture_is_refused(size: tuple[int, int]) -> None:
    assert "file is too small: " in refusal(encode(Image.new("L", size), "PNG"))


def huge_png(width: int, height: int) -> io.BytesIO:
    """A small file with a large size in its header."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return io.BytesIO(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b""))


@pytest.mark.parametrize(
    ("width", "height"), [(20_000, 20_000), (9_000, 8_000), (2**31 - 1, 2**31 - 1), (MAX_PIXELS, 4)]
)
def test_too_large_picture_is_refused_before_decoding(width: int, height: int) -> None:
    assert f"{MAX_PIXELS:,}" in refusal(huge_png(width, height))


def test_endless_pipe_is_refused() -> None:
    class Endless(io.RawIOBase):
        def seekable(self) -> bool:
            return False

        def read(self, size: int = -1) -> bytes:
            assert 0 <= size <= MAX_PIPED_BYTES
            return b"\0" * size

    assert refusal(Endless()).startswith("file is too large: ")


@pytest.mark.parametrize("options", ["mode='RGBA'", "mode='I;16'"])
def test_large_pictures_take_little_memory(options: str, tmp_path: Path) -> None:
    program = f"""
import resource, sys
from pathlib import Path
from PIL import Image
if len(sys.argv) > 2:
    Image.new(size=(8000, 2000), {options}, color=1).save(sys.argv[1], "TIFF", compression="packbits")
else:
    from pipeline.pictures.files import load_picture
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    load_picture(Path(sys.argv[1]), "file")
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    command = [sys.executable, "-c", program, str(tmp_path / "large.tiff")]
    subprocess.run([*command, "write"], check=True, env=environment())
    output = subprocess.run(command, check=True, capture_output=True, text=True, env=environment()).stdout
    assert int(output) < 120_000  # KiB, for 16 million pixels, a quarter of the maximum


def mutate(body: bytes, generator: random.Random) -> bytes:
    damaged = bytearray(body)
    for _ in range(generator.choice([1, 2, 5, 30])):
        position, kind = generator.randrange(len(damaged)), generator.random()
        if kind < 0.7:
            damaged[position] = generator.choice([0, 1, 127, 128, 255, generator.randrange(256)])
        elif kind < 0.85:
            del damaged[position : position + generator.randrange(1, len(damaged) - position + 1)]
        else:
            damaged[position:position] = generator.randbytes(generator.randrange(1, 9))
        if not damaged:
            break
    return bytes(damaged)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF"])
def test_random_damage_raises_only_picture_errors(kind: str, capfd: pytest.CaptureFixture[str]) -> None:
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
    assert "refused" in outcomes
    assert capfd.readouterr() == ("", "")


def test_warnings_of_the_decoder_are_suppressed() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Pillow warns about so many pixels
        assert refusal(huge_png(10_000, 10_000)).startswith("file is too large: 10,000 x 10,000 pixels")
