"""Unpacking gzip as RFC 1952 has it: one member after the other, each of them held against its checksums.

Python's gzip module lets pass what the format forbids: flags that nobody knows, a header that is not as its own
checksum says. zlib does not, so it reads the members here, and this module only puts one behind the other.
"""

import io
import zlib
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PIECE = 1 << 16  # packed bytes read at a time
MEMBER = 16 + zlib.MAX_WBITS  # zlib's way to say: with gzip's header and trailer


class Packed(Protocol):
    """Where the packed bytes come from."""

    def read1(self, size: int, /) -> bytes:
        """At most `size` bytes, as soon as there are any; none at the end."""


class Gunzip(io.RawIOBase):
    """What is packed in `packed`, to be read; memory does not follow how much that is.

    Reading raises zlib.error where the bytes are not gzip, or not as their checksums say, and EOFError where they end
    too early. Zero bytes behind the last member are padding, and let be.
    """

    def __init__(self, packed: Packed) -> None:
        self._packed = packed
        self._member = zlib.decompressobj(MEMBER)
        self._pending = b""  # read, and not yet unpacked

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fill a part of `buffer`; 0 at the end."""
        room = memoryview(buffer).cast("B")
        while room:
            if self._member.eof:
                self._pending = self._skip_padding(self._member.unused_data)
                if not self._pending:
                    break
                self._member = zlib.decompressobj(MEMBER)
            # without new bytes there may be more to come of earlier ones
            content = self._member.decompress(self._pending, len(room))
            self._pending = self._member.unconsumed_tail
            if content:
                room[: len(content)] = content
                return len(content)
            if not self._member.eof and not self._pending:
                self._pending = self._packed.read1(PIECE)
                if not self._pending:
                    raise EOFError("it ends too early")
        return 0

    def _skip_padding(self, rest: bytes) -> bytes:
        while not (rest := rest.lstrip(b"\0")):
            rest = self._packed.read1(PIECE)
            if not rest:
                break
        return rest
