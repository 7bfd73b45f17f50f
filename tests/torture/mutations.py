"""Random mutations of bytes, JSON, and the content of gzip, ZIP and PNG files.

Checksums detect most mutations of a compressed file before its content is parsed. So for each such format, a function
unpacks the content, mutates it, and packs it again with correct checksums.
"""

import gzip
import io
import json
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

BYTES = bytes.fromhex("00 01 02 07 08 09 0A 0D 1F 20 22 2E 2F 30 5B 5C 7B 7F 80 8B FE FF")
NUMBERS = (0, 1, 2, 3, 28, 64, 65, 127, 128, 255, 256, 257, 32767, 65535, 65536, 2**24, 2**31 - 1, 2**31, 2**32 - 1)
MAX_LENGTH = 1 << 16  # bytes of an input

Mutation = Callable[[bytes, random.Random], bytes]

STRANGE: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 0.5, -0.0, 1e308, 1e999, -1e999, float("nan"), 2**31, 2**63, 10**400, 10**4000),
    *("", "a", "nan", "1", "1.5", "..", "../a", "/dev/zero", "a/../../b", "a\0b", "a\nb", "\x1b[2J", "ö", "\ud800"),
    *("x" * 300, [], {}, [[]], [0], [1, 2], ["a"], {"a": 1}, {"": {}}, {"mean": 0.5, "std": 0.5}),
    {"a": {"sha256": "b", "bytes": 1}},
)


def mutate(body: bytes, generator: random.Random, words: Sequence[bytes] = ()) -> bytes:
    """Apply one or more random changes to `body`; `words` are tokens of the format."""
    mutant = bytearray(body)
    for _ in range(generator.choice((1, 1, 1, 2, 3, 8, 30))):
        _mutate_once(mutant, generator, words)
    return bytes(mutant[:MAX_LENGTH])


def _mutate_once(body: bytearray, generator: random.Random, words: Sequence[bytes]) -> None:
    start = generator.randint(0, len(body))
    if generator.random() < 0.5:  # headers are at the start
        start = min(start, generator.randint(0, 40))
    end = min(len(body), start + generator.choice((1, 1, 2, 4, 8, 16, 100, 1000)))
    match generator.randrange(10):
        case 0 if start < len(body):
            body[start] ^= 1 << generator.randrange(8)
        case 1 if start < len(body):
            body[start] = generator.choice(BYTES)
        case 2:
            form = generator.choice((">H", "<H", ">I", "<I", ">Q", "<Q"))
            number = generator.choice(NUMBERS) % (1 << 8 * struct.calcsize(form))
            body[start : start + struct.calcsize(form)] = struct.pack(form, number)
        case 3:
            del body[start:]
        case 4:
            del body[start:end]
        case 5:
            body[start:start] = body[start:end] * generator.choice((1, 1, 2, 3, 100))
        case 6 if words:
            body[start:start] = generator.choice(words)
        case 7 if words:
            body[start:end] = generator.choice(words)
        case 8:
            body[start:start] = generator.randbytes(generator.randint(1, 9))
        case _ if start < len(body):
            body[start] = generator.randrange(256)


def splice(left: bytes, right: bytes, generator: random.Random) -> bytes:
    """Join the start of one input and the end of another."""
    return left[: generator.randint(0, len(left))] + right[generator.randint(0, len(right)) :]


def mixed(structured: Mutation, words: Sequence[bytes] = ()) -> Mutation:
    """Return a mutation that is mostly structured, else on bytes; always on bytes if the input is not well-formed."""

    def mutation(body: bytes, generator: random.Random) -> bytes:
        if generator.random() < 0.6:
            try:
                return structured(body, generator)
            except Exception:  # an earlier mutation may have broken the structure
                pass
        return mutate(body, generator, words)

    return mutation


def mutate_json(body: bytes, generator: random.Random) -> bytes:
    """Replace, delete, duplicate, rename or nest values of a JSON document."""
    root = [json.loads(body)]
    for _ in range(generator.choice((1, 1, 1, 2, 5))):
        inner = [node for node in _containers(root) if node]
        if inner:
            _change(generator.choice(inner), inner, generator)
    return json.dumps(root[0] if root else None, ensure_ascii=generator.random() < 0.5).encode("utf-8", "surrogatepass")


def _containers(node: Any) -> Iterator[Any]:
    pending = [node]  # not recursive: mutants may be deeply nested
    while pending:
        node = pending.pop()
        if isinstance(node, dict | list):
            yield node
            pending += node.values() if isinstance(node, dict) else node


def _change(node: Any, others: Sequence[Any], generator: random.Random) -> None:
    keys = list(node) if isinstance(node, dict) else list(range(len(node)))
    key = generator.choice(keys)
    match generator.randrange(8):
        case 0:
            del node[key]
        case 1 if isinstance(node, dict):
            node[str(generator.choice(STRANGE))[:400]] = node.pop(key)
        case 2 if isinstance(node, list):
            node.insert(key, _copy(node[key]))
        case 3:
            node[key] = _copy(generator.choice(others))
        case 4:
            opening, closing = generator.choice((("[", "]"), ('{"a":', "}")))
            depth = generator.choice((1, 2, 30, 300))
            node[key] = json.loads(opening * depth + "0" + closing * depth)
        case 5 if isinstance(node[key], int | float):
            node[key] = generator.choice((-node[key], node[key] + 1, str(node[key]), bool(node[key]), [node[key]]))
        case 6 if isinstance(node[key], str):
            node[key] = mutate(node[key].encode("utf-8", "surrogatepass"), generator).decode("utf-8", "replace")[:400]
        case _:
            node[key] = _copy(generator.choice(STRANGE))


def _copy(value: Any) -> Any:
    try:
        return json.loads(json.dumps(value))
    except (RecursionError, ValueError):  # too deep, or too many digits
        return 0


def mutate_gzip(body: bytes, generator: random.Random, words: Sequence[bytes] = ()) -> bytes:
    """Mutate the content of a gzip file; split it into members, add rare header fields, or append data."""
    content = mutate(gzip.decompress(body), generator, words) if generator.random() < 0.7 else gzip.decompress(body)
    cut = generator.randint(0, len(content)) if generator.random() < 0.3 else len(content)
    parts = [content[:cut], content[cut:]] if cut < len(content) else [content]
    packed = b"".join(_member(part, generator) for part in parts)
    return packed + generator.choice((b"", b"", b"", b"\0", b"\0" * 600, b"\0a", b"\x1f\x8b", b"a", packed))


def _member(content: bytes, generator: random.Random) -> bytes:
    deflate = zlib.compressobj(generator.randrange(10), zlib.DEFLATED, -15)
    flags = generator.choice((0, 0, generator.randrange(32), generator.randrange(256)))
    head = struct.pack("<HBBIBB", 0x8B1F, generator.choice((8, 8, 8, 8, 7)), flags, generator.getrandbits(32), 0, 3)
    head += struct.pack("<H", 3) + b"abc" if flags & 4 else b""
    head += b"name\0" if flags & 8 else b""
    head += b"comment\0" if flags & 16 else b""
    if flags & 2:
        correct = generator.random() < 0.7
        head += struct.pack("<H", (zlib.crc32(head) ^ (0 if correct else 1 << generator.randrange(16))) & 0xFFFF)
    tail = struct.pack("<II", zlib.crc32(content), len(content))
    return head + deflate.compress(content) + deflate.flush() + (tail if generator.random() < 0.9 else tail[:7] + b"x")


def mutate_zip(body: bytes, generator: random.Random, words: Sequence[bytes] = ()) -> bytes:
    """Mutate, delete, duplicate or rename a member of a ZIP archive, with any compression."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    index = generator.randrange(len(members))
    name, content = members[index]
    match generator.randrange(6):
        case 0:
            del members[index]
        case 1:
            members[index] = (generator.choice((name.removesuffix(".npy"), "a.npy", "../state.npy", "")), content)
        case 2:
            members[index] = (name, generator.choice(members)[1])
        case _:
            members[index] = (name, mutate(content, generator, words))
    kinds = (zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", generator.choice(kinds)) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, archive.compression)
    whole = packed.getvalue()
    return whole if generator.random() < 0.7 else mutate(whole, generator)


def mutate_png(body: bytes, generator: random.Random) -> bytes:
    """Mutate, delete or duplicate a chunk of a PNG file, mostly with a correct checksum."""
    chunks = list(read_chunks(body))
    index = generator.randrange(len(chunks))
    kind, content, _ = chunks[index]
    match generator.randrange(6):
        case 0:
            del chunks[index]
        case 1:
            chunks.insert(generator.randint(0, len(chunks)), chunks[index])
        case 2 if kind == b"IDAT":
            chunks[index] = (kind, zlib.compress(mutate(zlib.decompress(content), generator)), True)
        case _:
            chunks[index] = (kind, mutate(content, generator), generator.random() < 0.9)
    packed = [
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content) ^ (not correct))
        for kind, content, correct in chunks
    ]
    return body[:8] + b"".join(packed)


def read_chunks(body: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """Yield the type and content of each chunk of a PNG file, and whether its checksum is correct."""
    start = 8
    while start + 12 <= len(body):
        (length,) = struct.unpack_from(">I", body, start)
        content = body[start + 8 : start + 8 + length]
        tail = body[start + 8 + length : start + 12 + length]
        kind = body[start + 4 : start + 8]
        yield kind, content, tail == struct.pack(">I", zlib.crc32(kind + content))
        start += 12 + length
