"""Write messages of Protocol Buffers: what ONNX needs of them."""

from collections.abc import Mapping
from typing import Any

TEXT_FIELD = 2  # the wire type of texts, bytes and messages; that of integers is 0


def encode(fields: Mapping[int, Any]) -> bytes:
    """Return a message with these fields, by their numbers: integers from 0, texts, bytes (of messages) or lists."""
    encoded = bytearray()
    for number, value in fields.items():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, int):
                encoded += _varint(number << 3) + _varint(each)
            else:
                data = each.encode() if isinstance(each, str) else each
                encoded += _varint(number << 3 | TEXT_FIELD) + _varint(len(data)) + data
    return bytes(encoded)


def _varint(value: int) -> bytes:
    """Return an integer in groups of seven bits, the lowest first; each but the last has the eighth bit set."""
    return bytes([value & 127 | 128]) + _varint(value >> 7) if value > 127 else bytes([value])
