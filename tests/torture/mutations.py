"""Damage of every kind, drawn from a generator: of bytes, of JSON, and of what lies packed inside gzip, ZIP and PNG.

Most damage to a packed file is found by its checksum and never gets to the reader of what is in it. So for each such
format there is a function that unpacks, damages what is inside, and packs it again, with checksums that are right.
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

BYTES = (
    0,
    1,
    2,
    7,
    8,
    9,
    0x0A,
    0x0D,
    0x1F,
    0x20,
    0x22,
    0x2E,
    0x2F,
    0x30,
    0x5B,
    0x5C,
    0x7B,
    0x7F,
    0x80,
    0x8B,
    0xFE,
    0xFF,
)
NUMBERS = (0, 1, 2, 3, 28, 64, 65, 127, 128, 255, 256, 257, 32767, 65535, 65536, 2**24, 2**31 - 1, 2**31, 2**32 - 1)
LONGEST = 1 << 16  # bytes of an input

Mutation = Callable[[bytes, random.Random], bytes]

STRANGE: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 0.5, -0.0, 1e308, 1e999, -1e999, float("nan"), 2**31, 2**63, 10**400, 10**4000),
    *("", "a", "nan", "1", "1.5", "..", "../a", "/dev/zero", "a/../../b", "a\0b", "a\nb", "\x1b[2J", "ö", "\ud800"),
    *("x" * 300, [], {}, [[]], [0], [1, 2], ["a"], {"a": 1}, {"": {}}, {"mean": 0.5, "std": 0.5}),
    {"a": {"sha256": "b", "bytes": 1}},
)


def mutate(body: bytes, generator: random.Random, words: Sequence[bytes] = ()) -> bytes:
    """`body` with one or a few damages; `words` are what the format is made of."""
    damaged = bytearray(body)
    for _ in range(generator.choice((1, 1, 1, 2, 3, 8, 30))):
        _damage(damaged, generator, words)
    return bytes(damaged[:LONGEST])


def _damage(body: bytearray, generator: random.Random, words: Sequence[bytes]) -> None:
    start = generator.randint(0, len(body))
    near = generator.random() < 0.5  # beginnings are where the headers are
    if near:
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
    """The beginning of one and the end of the other."""
    return left[: generator.randint(0, len(left))] + right[generator.randint(0, len(right)) :]


def mixed(structured: Mutation, words: Sequence[bytes] = ()) -> Mutation:
    """Structured damage, or any other where the seed does not have the structure, and now and then anyway."""

    def mutation(body: bytes, generator: random.Random) -> bytes:
        if generator.random() < 0.6:
            try:
                return structured(body, generator)
            except Exception:  # what was damaged before need not have it
                pass
        return mutate(body, generator, words)

    return mutation


def mutate_json(body: bytes, generator: random.Random) -> bytes:
    """A JSON document in which some of the values are other ones, gone, doubled, renamed, or deeper down."""
    root = [json.loads(body)]
    for _ in range(generator.choice((1, 1, 1, 2, 5))):
        inner = [node for node in _containers(root) if node]
        if inner:
            _change(generator.choice(inner), inner, generator)
    return json.dumps(root[0] if root else None, ensure_ascii=generator.random() < 0.5).encode("utf-8", "surrogatepass")


def _containers(node: Any) -> Iterator[Any]:
    pending = [node]  # not by recursion, since the damage may be depth
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
    except (RecursionError, ValueError):  # too deep by now, or too long a number
        return 0


def mutate_gzip(body: bytes, generator: random.Random, words: Sequence[bytes] = ()) -> bytes:
    """A gzip file of a damaged content: of several members, with fields that few files have, or something behind it."""
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
        right = generator.random() < 0.7
        head += struct.pack("<H", (zlib.crc32(head) ^ (0 if right else 1 << generator.randrange(16))) & 0xFFFF)
    tail = struct.pack("<II", zlib.crc32(content), len(content))
    return head + deflate.compress(content) + deflate.flush() + (tail if generator.random() < 0.9 else tail[:7] + b"x")


def mutate_zip(body: bytes, generator: random.Random, words: Sequence[bytes] = ()) -> bytes:
    """A ZIP archive of which one member is damaged, gone, doubled or renamed, packed in any of the known ways."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    place = generator.randrange(len(members))
    name, content = members[place]
    match generator.randrange(6):
        case 0:
            del members[place]
        case 1:
            members[place] = (generator.choice((name.removesuffix(".npy"), "a.npy", "../state.npy", "")), content)
        case 2:
            members[place] = (name, generator.choice(members)[1])
        case _:
            members[place] = (name, mutate(content, generator, words))
    kinds = (zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", generator.choice(kinds)) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, archive.compression)
    whole = packed.getvalue()
    return whole if generator.random() < 0.7 else mutate(whole, generator)


def mutate_png(body: bytes, generator: random.Random) -> bytes:
    """A PNG file of which one chunk is damaged, gone or doubled, mostly with a checksum that is right."""
    chunks = list(read_chunks(body))
    place = generator.randrange(len(chunks))
    kind, content, _ = chunks[place]
    match generator.randrange(6):
        case 0:
            del chunks[place]
        case 1:
            chunks.insert(generator.randint(0, len(chunks)), chunks[place])
        case 2 if kind == b"IDAT":
            chunks[place] = (kind, zlib.compress(mutate(zlib.decompress(content), generator)), True)
        case _:
            chunks[place] = (kind, mutate(content, generator), generator.random() < 0.9)
    packed = [
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content) ^ (not right))
        for kind, content, right in chunks
    ]
    return body[:8] + b"".join(packed)


def read_chunks(body: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """The kind and the content of each chunk of a PNG file, and whether its checksum is right."""
    start = 8
    while start + 12 <= len(body):
        (length,) = struct.unpack_from(">I", body, start)
        content = body[start + 8 : start + 8 + length]
        tail = body[start + 8 + length : start + 12 + length]
        kind = body[start + 4 : start + 8]
        yield kind, content, tail == struct.pack(">I", zlib.crc32(kind + content))
        start += 12 + length
