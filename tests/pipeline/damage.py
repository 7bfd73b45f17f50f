"""Files of many formats with damage that is drawn at random, for Hypothesis."""

import copy
import json
import math
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

Files = st.SearchStrategy[bytes]

NUMBERS = (0, 1, 2, 3, 28, 64, 65, 127, 128, 255, 256, 65535, 65536, 2**24, 2**31 - 1, 2**31, 2**32 - 1)
FORMS = (">H", "<H", ">I", "<I", "<Q")
LENGTHS = [struct.pack(form, number % 256 ** struct.calcsize(form)) for form in FORMS for number in NUMBERS]
BYTES = [bytes([byte]) for byte in b'\0\1\2\7\x08\n\r\x1f "./0[\\{\x7f\x80\x8b\xfe\xff']
NAMES = (
    "",
    "a",
    "nan",
    "1",
    "..",
    "../a",
    "/dev/zero",
    "a/../../b",
    "a\0b",
    "a\nb",
    "\x1b[2J",
    "ö",
    "\ud800",
    "x" * 300,
)
VALUES: tuple[Any, ...] = (
    *(*NAMES, None, True, False, 0, 1, -1, 0.5, 1e308, 1e999, float("nan"), 2**31, 2**63, 10**400, 10**4000, [], {}),
    *([0], [1, 2], ["a"], {"a": 1}, {"mean": 0.5, "std": 0.5}, {"a": {"sha256": "b", "bytes": 1}}),
    *(json.loads("[" * 300 + "]" * 300), json.loads('{"a":' * 300 + "0" + "}" * 300)),
)


@st.composite
def damaged(draw: st.DrawFn, bodies: Sequence[bytes], words: Sequence[bytes] = ()) -> bytes:
    """Flip bits of a file, cut it, and overwrite, insert, delete or repeat parts. words: tokens of its format."""
    body = bytearray(draw(st.sampled_from(bodies)))
    kinds = st.sampled_from(("flip", "flip", "flip", "overwrite", "overwrite", "insert", "delete", "repeat", "cut"))
    texts = st.one_of(
        st.sampled_from(words or BYTES), st.sampled_from(LENGTHS), st.sampled_from(BYTES), st.binary(max_size=9)
    )
    for _ in range(draw(st.sampled_from((1, 1, 1, 2, 3, 8)))):
        whole = st.integers(0, len(body))
        start = draw(st.one_of(st.integers(0, min(40, len(body))), whole, whole, st.just(len(body))))
        end = start + draw(st.sampled_from((1, 2, 4, 8, 16, 100)))
        kind = draw(kinds)
        if kind == "flip" and start < len(body):
            body[start] ^= 1 << draw(st.integers(0, 7))
        elif kind in ("overwrite", "insert"):
            text = draw(texts)
            body[start : start + len(text) * (kind == "overwrite")] = text
        else:
            body[start:end] = body[start:end] * draw(st.sampled_from((2, 3, 100))) if kind == "repeat" else b""
        if kind == "cut":
            del body[start:]
    return bytes(body)


@st.composite
def damaged_json(draw: st.DrawFn, bodies: Sequence[bytes]) -> bytes:
    """Replace, delete or rename values of a JSON document."""
    root: Any = [json.loads(draw(st.sampled_from(bodies)))]
    for _ in range(draw(st.sampled_from((1, 1, 1, 2, 3)))):
        places = [*_places(root)]
        leaves = [(node, key) for node, key in places if not isinstance(node[key], dict | list)]
        node, key = draw(st.sampled_from([*places, *leaves, *leaves]))
        old = node[key]
        near = (str(old), [old], *((-old, 2 * old, old != 0, math.nan) if isinstance(old, int | float) else ()))
        kinds = ("change", "change", "change", "replace", "replace", "delete", "rename")
        kind = draw(st.sampled_from(kinds)) if node is not root else "replace"
        if kind in ("replace", "change"):
            node[key] = copy.deepcopy(draw(st.sampled_from(VALUES if kind == "replace" else near)))
        else:
            del node[key]
            if kind == "rename" and isinstance(node, dict):
                node[draw(st.sampled_from((*NAMES, f"../{key}", f"/{key}")))] = old
    return json.dumps(root[0], ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Yield all lists and objects of a document, each with each of its keys."""
    for key in list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
        yield node, key
        yield from _places(node[key])


@st.composite
def npy_files(draw: st.DrawFn) -> bytes:
    """Write a header of any type and shape, and data of about the length that it states."""
    shape = tuple(draw(st.lists(st.sampled_from((0, 1, 2, 4, 6, -1, *NUMBERS)), max_size=3)))
    kind = draw(st.sampled_from(("<f4", "<f4", "<f4", ">f4", "<f8", "|u1", "|O", "<U4", "|V4")))
    header = repr({"descr": kind, "fortran_order": draw(st.booleans()), "shape": shape}).encode()
    header += b" " * draw(st.sampled_from((0, 1, 53, 100))) + b"\n"
    length = math.prod(shape) * int(kind[2:] or 8) + draw(st.sampled_from((0, 0, 0, -1, 1, 8)))
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + bytes(max(0, min(length, 5000)))


@st.composite
def png_files(draw: st.DrawFn, bodies: Sequence[bytes]) -> bytes:
    """Damage, delete or repeat a chunk of a PNG file, and give it a correct checksum."""
    body = draw(st.sampled_from(bodies))
    chunks, start = [], 8
    while start < len(body):
        (length,) = struct.unpack_from(">I", body, start)
        chunks.append((body[start + 4 : start + 8], body[start + 8 : start + 8 + length]))
        start += 12 + length
    index = draw(st.integers(0, len(chunks) - 1))
    kind, content = chunks[index]
    if kind == b"IDAT" and draw(st.booleans()):
        content = zlib.compress(draw(damaged([zlib.decompress(content)])))
    else:
        content = draw(damaged([content]))
    chunks[index : index + 1] = [(kind, content)] * draw(st.sampled_from((1, 1, 1, 0, 2)))
    packed = (
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )
    return body[:8] + b"".join(packed)


@st.composite
def idx_files(draw: st.DrawFn) -> bytes:
    """A header of any type and sizes, and data of about the length that it states."""
    sizes = draw(st.lists(st.sampled_from((0, 1, 2, 3, 5, 255, 65536, 2**31, 2**32 - 1)), max_size=5))
    code = draw(st.sampled_from((0x08, 0x08, 0x0A, 0x0D)))
    length = math.prod(sizes) + draw(st.sampled_from((0, 0, 0, -1, 1)))
    return struct.pack(f">HBB{len(sizes)}I", 0, code, len(sizes), *sizes) + bytes(max(0, min(length, 5000)))
