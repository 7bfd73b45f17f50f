import contextlib
import gzip
import io
import struct
import tracemalloc
import zlib

import pytest

from pipeline.data.gunzip import PIECE, Gunzip

TEXT = bytes(range(256)) * 1000


def gunzip(body: bytes) -> bytes:
    return io.BufferedReader(Gunzip(io.BufferedReader(io.BytesIO(body)))).read()


def member(flags: int, fields: bytes = b"", content: bytes = b"text") -> bytes:
    packed = zlib.compress(content, wbits=-15)
    head = struct.pack("<HBBIBB", 0x8B1F, 8, flags, 1234, 2, 3)
    return head + fields + packed + struct.pack("<II", zlib.crc32(content), len(content))


@pytest.mark.parametrize("content", [b"", b"a", TEXT, bytes(3 * PIECE)])
@pytest.mark.parametrize("level", [0, 1, 9])
def test_what_was_packed_is_unpacked(content: bytes, level: int) -> None:
    assert gunzip(gzip.compress(content, level)) == content


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_members_are_put_one_behind_the_other(size: int) -> None:
    packed = b"".join(gzip.compress(part) for part in (b"", TEXT[:5000], b"", b"", b"end")) + bytes(PIECE * 2)
    stream = io.BufferedReader(Gunzip(io.BufferedReader(io.BytesIO(packed), 3)))
    assert b"".join(iter(lambda: stream.read(size), b"")) == TEXT[:5000] + b"end"


def test_all_fields_of_a_header_are_read_over() -> None:
    fields = struct.pack("<H", 3) + b"abc" + b"name\0" + b"comment\0"
    assert gunzip(member(4 | 8 | 16, fields)) == b"text"
    start = member(2 | 4 | 8 | 16, fields)[: 10 + len(fields)]
    checksum = struct.pack("<H", zlib.crc32(start) & 0xFFFF)
    assert gunzip(member(2 | 4 | 8 | 16, fields + checksum)) == b"text"
    with pytest.raises(zlib.error, match="header crc mismatch"):
        gunzip(member(2 | 4 | 8 | 16, fields + bytes(2)))


@pytest.mark.parametrize("bit", [5, 6, 7])
def test_flags_that_nobody_knows_are_refused(bit: int) -> None:
    assert gzip.decompress(member(1 << bit)) == b"text"  # which Python's own module lets pass
    with pytest.raises(zlib.error, match="unknown header flags"):
        gunzip(member(1 << bit))


def test_nothing_but_padding_may_follow() -> None:
    assert gunzip(member(0) + bytes(600)) == b"text"
    for behind in (b"a", b"\0a", b"\x1f\x8b", bytes(600) + b"\x1f"):
        with pytest.raises((zlib.error, EOFError)):
            gunzip(member(0) + behind)


def test_no_damage_to_a_bit_changes_what_is_unpacked() -> None:
    whole = member(0, content=TEXT[:500])
    unnoticed = set()
    for place in range(len(whole)):
        for bit in range(8):
            with contextlib.suppress(zlib.error, EOFError):
                assert gunzip(whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :]) == TEXT[:500]
                unnoticed.add(place)
    # whether it is text, the time, how well it was packed, where; and what is left of the last byte of deflate's bits
    assert unnoticed <= {3, *range(4, 10), len(whole) - 9}


def test_a_file_that_was_cut_off_anywhere_is_refused() -> None:
    whole = member(0, content=TEXT[:500])
    for length in range(1, len(whole)):
        with pytest.raises((zlib.error, EOFError)):
            gunzip(whole[:length])


def test_memory_does_not_follow_what_is_packed() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    tracemalloc.start()
    stream = io.BufferedReader(Gunzip(io.BufferedReader(io.BytesIO(bomb))))
    while stream.read(10_000):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000
