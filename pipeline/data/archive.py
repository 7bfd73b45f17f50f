"""Single files are taken out of an archive by their names; nothing else in it is ever written, and no link followed."""

import gzip
import shutil
import tarfile
import zlib
from collections.abc import Collection
from pathlib import Path, PurePosixPath

from pipeline.data.idx_header import Source
from pipeline.engine.errors import PipelineError

MOST_BYTES = 1 << 27  # that a known set may have, unpacked, with all that it comes with; MNIST itself has 55 million


class ArchiveError(PipelineError):
    """An archive is damaged, or not such as an honest one would be."""


class Bounded:
    """A stream that ends in an ArchiveError after MOST_BYTES: a small archive may hold any number of zeros."""

    def __init__(self, stream: Source) -> None:
        self._stream = stream
        self._left = MOST_BYTES

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end."""
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise ArchiveError(f"it holds more than {MOST_BYTES:,} bytes")
        return data


def take_files(stream: Source, wanted: Collection[str], folder: Path) -> None:
    """Copy the members of a tar that have the `wanted` paths into `folder`, each under the last part of its path.

    The stream is read once, from its beginning to its end. Raises ArchiveError if one of the members is not where it
    would be, is wanted and no plain file or there twice, or if there is too much of them; what is wanted and not there
    is no error. OSError if a copy cannot be written.
    """
    taken = set()
    try:
        with tarfile.open(fileobj=Bounded(stream), mode="r|") as archive:  # type: ignore[call-overload]
            for member in archive:
                path = PurePosixPath(member.name)
                if path.is_absolute() or ".." in path.parts:
                    raise ArchiveError(f"its member {member.name!r} leads out of the archive")
                if member.size > MOST_BYTES:  # else tarfile would look for its end, for a very long time
                    raise ArchiveError(f"its member {member.name!r} claims to be more than {MOST_BYTES:,} bytes")
                if str(path) not in wanted:
                    continue
                if not member.isreg() or member.issparse():
                    raise ArchiveError(f"its member {member.name!r} is no plain file")
                if path in taken:
                    raise ArchiveError(f"its member {member.name!r} is there twice")
                taken.add(path)
                with open(folder / path.name, "wb") as copy:
                    shutil.copyfileobj(archive.extractfile(member), copy)
    except ArchiveError:
        raise
    except (EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError) as error:
        raise ArchiveError(f"its archive is not as expected ({error})") from None
    except (ValueError, ArithmeticError, LookupError, RecursionError) as error:  # damaged headers raise these, too
        raise ArchiveError(f"its archive is not as expected ({type(error).__name__})") from None
