"""Single files are taken out of an archive by their names; nothing else in it is ever written, and no link followed."""

import gzip
import shutil
import tarfile
from collections.abc import Collection
from pathlib import Path, PurePosixPath
from typing import IO

from pipeline.engine.errors import PipelineError

MOST_BYTES = 1 << 27  # that a known set may have, unpacked, with all that it comes with; MNIST itself has 55 million


class ArchiveError(PipelineError):
    """An archive is damaged, or larger than expected, or has something else than a file under a file's name."""


class Bounded:
    """A stream that raises ArchiveError after MOST_BYTES: a small compressed file may hold any number of zeros."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile) -> None:
        self._stream = stream
        self._left = MOST_BYTES

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end."""
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise ArchiveError(f"it holds more than {MOST_BYTES:,} bytes")
        return data


def take_files(stream: IO[bytes] | gzip.GzipFile, wanted: Collection[str], folder: Path) -> None:
    """Copy the members of a tar that have the `wanted` paths into `folder`, each under the last part of its path.

    The tar is read once, from its beginning to its end. A wanted file that is missing is no error. Raises ArchiveError
    if the tar is damaged, a wanted member is no regular file, or all of it has more than MOST_BYTES; OSError if a copy
    cannot be written.
    """
    try:
        with tarfile.open(fileobj=Bounded(stream), mode="r|") as archive:  # type: ignore[call-overload]
            for member in archive:
                if member.size > MOST_BYTES:  # tarfile would look for its end for a very long time
                    raise ArchiveError(f"its member {member.name!r} claims more than {MOST_BYTES:,} bytes")
                path = PurePosixPath(member.name)
                if str(path) not in wanted:
                    continue
                content = archive.extractfile(member) if member.isreg() else None
                if content is None:
                    raise ArchiveError(f"its member {member.name!r} is no regular file")
                with open(folder / path.name, "wb") as copy:
                    shutil.copyfileobj(content, copy)
    except gzip.BadGzipFile as error:
        raise ArchiveError(f"its archive is damaged ({error})") from None
    except (ArchiveError, OSError):
        raise
    except Exception as error:  # tarfile raises a dozen kinds for damaged bytes
        raise ArchiveError(f"its archive is damaged ({error})") from None
