"""Extract files from an untrusted tar archive; nothing else is written, and links are not followed."""

import gzip
import shutil
import tarfile
from collections.abc import Collection
from pathlib import Path, PurePosixPath
from typing import IO

from pipeline.engine.errors import PipelineError

MAX_BYTES = 1 << 27  # of a known data set's archive, uncompressed; MNIST itself has 55 million


class ArchiveError(PipelineError):
    """An archive is damaged or too large, or a wanted member is not a regular file."""


class LimitedReader:
    """A stream that raises ArchiveError after MAX_BYTES: protection against decompression bombs."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile) -> None:
        self._stream = stream
        self._left = MAX_BYTES

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes; none at the end."""
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise ArchiveError(f"the archive contains more than {MAX_BYTES:,} bytes")
        return data


def take_files(stream: IO[bytes] | gzip.GzipFile, wanted: Collection[str], folder: Path) -> None:
    """Copy the members of a tar with the `wanted` paths into `folder`, each under the last part of its path.

    The tar is read sequentially. A missing member is not an error. Raises ArchiveError, or OSError if a copy cannot be
    written.
    """
    try:
        with tarfile.open(fileobj=LimitedReader(stream), mode="r|") as archive:  # type: ignore[call-overload]
            for member in archive:
                if member.size > MAX_BYTES:  # tarfile would seek to its end for very long
                    raise ArchiveError(f"the header of member {member.name!r} claims more than {MAX_BYTES:,} bytes")
                path = PurePosixPath(member.name)
                if str(path) not in wanted:
                    continue
                content = archive.extractfile(member) if member.isreg() else None
                if content is None:
                    raise ArchiveError(f"member {member.name!r} is not a regular file")
                with open(folder / path.name, "wb") as copy:
                    shutil.copyfileobj(content, copy)
    except gzip.BadGzipFile as error:
        raise ArchiveError(f"the archive is damaged ({error})") from None
    except (ArchiveError, OSError):
        raise
    except Exception as error:  # tarfile raises many types
        raise ArchiveError(f"the archive is damaged ({error})") from None
