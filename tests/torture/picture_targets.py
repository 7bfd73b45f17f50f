"""Fuzz target for the reader of pictures."""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image

from pipeline.pictures.decoding import MAX_PIXELS, MAX_SIDE, load_picture
from tests.torture.mutations import mixed, mutate_png, read_chunks
from tests.torture.targets import Target, try_read


def check_picture(body: bytes) -> bool:
    """Grey levels are in range, and a PNG file has correct checksums except in its last chunk."""
    grey = try_read(lambda: load_picture(io.BytesIO(body), "it")[0])
    if grey is None:
        return False
    assert grey.dtype == np.float32 and grey.ndim == 2
    assert min(grey.shape) >= 1 and max(grey.shape) <= MAX_SIDE
    assert np.isfinite(grey).all() and grey.min() >= 0 and grey.max() <= 255
    with Image.open(io.BytesIO(body)) as image:
        assert image.width * image.height <= MAX_PIXELS
        if image.format == "PNG":
            for kind, _, correct in read_chunks(body + bytes(4)):  # Pillow does not read the last checksum
                if kind == b"IEND":
                    break
                assert correct, f"wrong checksum of chunk {kind!r}"
            else:
                raise AssertionError("no IEND chunk")
    return True


def picture_seeds() -> list[bytes]:
    return list(_picture_seeds())


def _picture_seeds() -> Iterator[bytes]:
    levels = np.random.default_rng(0).integers(0, 256, (12, 17, 4), np.uint8)
    levels[3:9, 4:13] = 0
    modes = {"BMP": ["1", "L", "P", "RGB"], "GIF": ["L", "P"], "WEBP": ["RGB", "RGBA"], "JPEG": ["L", "RGB", "CMYK"]}
    kinds: list[tuple[str, dict[str, Any]]] = [(kind, {}) for kind in ("PNG", *modes)]
    packings = ("raw", "packbits", "tiff_lzw", "tiff_adobe_deflate", "jpeg", "group4")
    kinds += [("TIFF", {"compression": name}) for name in packings]
    kinds += [("JPEG", {"progressive": True, "exif": b"Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"})]
    kinds += [("WEBP", {"lossless": True}), ("PNG", {"interlace": True, "transparency": 0})]
    for kind, options in kinds:
        for mode in modes.get(kind, ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "F", "LAB", "CMYK"]):
            image = Image.fromarray(levels, "RGBA").convert("L") if mode in ("I;16", "F", "LAB") else None
            image = Image.new(mode, (17, 12), 3) if image else Image.fromarray(levels, "RGBA").convert(mode)
            file = io.BytesIO()
            try:
                image.save(file, kind, **options)
            except (OSError, ValueError, KeyError, RuntimeError, SystemError):
                continue  # the format does not support this mode
            yield file.getvalue()


PICTURE_WORDS = (
    *(b"\x89PNG\r\n\x1a\n", b"IHDR", b"IDAT", b"IEND", b"PLTE", b"tRNS", b"acTL", b"fcTL", b"fdAT", b"iCCP", b"eXIf"),
    *(b"GIF89a", b"\x21\xf9\x04", b"\x2c", b"\x3b", b"BM", b"RIFF", b"WEBPVP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM"),
    *(b"\xff\xd8\xff", b"\xff\xc0", b"\xff\xc2", b"\xff\xc4", b"\xff\xda", b"\xff\xd9", b"\xff\xe1", b"Exif\0\0"),
    *(b"II*\0", b"MM\0*", b"II+\0", b"\x00\x01\x03\x00", b"\x03\x01\x03\x00", b"\x11\x01\x04\x00", b"\x1a\x01\x05\x00"),
)

TARGETS = {
    "picture": Target(check_picture, picture_seeds, mixed(mutate_png, PICTURE_WORDS), PICTURE_WORDS, max_memory=700),
}
