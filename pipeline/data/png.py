"""Whether a PNG file is whole, by its own account: a chunk has a checksum, and the last one says that it is the last.

Pillow compares those of the header, and not those of the pixels.  (W3C, "Portable Network Graphics", section 5.3)
"""

import struct
import zlib
from typing import BinaryIO

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PIECE = 1 << 20  # bytes read at a time, whatever length a chunk claims


def check_chunks(stream: BinaryIO) -> None:
    """Read a PNG file to its end, and leave `stream` where it was. Raises ValueError if it is damaged or cut off."""
    place = stream.tell()
    stream.seek(len(SIGNATURE))
    kind = b""
    while kind != b"IEND":
        length, kind = struct.unpack(">I4s", _read(stream, 8))
        checksum = zlib.crc32(kind)
        while length:
            piece = _read(stream, min(length, PIECE))
            checksum, length = zlib.crc32(piece, checksum), length - len(piece)
        if checksum != int.from_bytes(_read(stream, 4)):
            raise ValueError(f"the checksum of its chunk {kind!r} is wrong")
    stream.seek(place)


def _read(stream: BinaryIO, size: int) -> bytes:
    body = stream.read(size)
    if len(body) < size:
        raise ValueError("it ends too early")
    return body
