"""Single files are taken out of an archive by their names; nothing else in it is ever written, and no link followed."""

import shutil
import tarfile
from collections.abc import Collection
from pathlib import Path, PurePosixPath
from typing import IO

from pipeline.engine.errors import PipelineError

MOST_BYTES = 1 << 27  # that a known set may have, unpacked, with all that it comes with; MNIST itself has 55 million


class ArchiveError(PipelineError):
    """An archive is damaged, or larger than expected, or has something else than a file under a file's name."""


def take_files(stream: IO[bytes], wanted: Collection[str], folder: Path) -> None:
    """Copy the members of a tar that have the `wanted` paths into `folder`, each under the last part of its path.

    The tar may be compressed; it is read once, from its beginning to its end. A wanted file that is missing is no
    error. Raises ArchiveError if the tar is damaged, a wanted member is no regular file, or all members together have
    more than MOST_BYTES; OSError if a copy cannot be written.
    """
    total = 0
    try:
        with tarfile.open(fileobj=stream, mode="r|*") as archive:
            for member in archive:
                total += member.size
                if total > MOST_BYTES:
                    raise ArchiveError(f"it holds more than {MOST_BYTES:,} bytes")
                path = PurePosixPath(member.name)
                if str(path) not in wanted:
                    continue
                content = archive.extractfile(member) if member.isreg() else None
                if content is None:
                    raise ArchiveError(f"its member {member.name!r} is no regular file")
                with open(folder / path.name, "wb") as copy:
                    shutil.copyfileobj(content, copy)
    except (ArchiveError, OSError):
        raise
    except Exception as error:  # tarfile raises a dozen kinds for damaged bytes
        raise ArchiveError(f"its archive is damaged ({error})") from None
