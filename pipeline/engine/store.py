"""Results appear whole or not at all: work goes on in a private folder, one rename of a link publishes it.

`artifacts/train` is a symbolic link into `artifacts/.store/`. A link can be replaced in one atomic step, a
folder cannot; so whoever looks sees the old result or the new one, and a killed run leaves only a `.partial`.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.engine.errors import PipelineError

STORE = ".store"
PARTIAL = ".partial"


@contextmanager
def private_folder(output: Path) -> Iterator[Path]:
    """A new folder in the store beside `output`; removed at the end unless it was published."""
    if output.exists() and not output.is_symlink():
        raise PipelineError(
            f"{output} is there and is no link made by this pipeline: move it away, or choose another output"
        )
    store = output.parent / STORE
    store.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f"{output.name}-", suffix=PARTIAL, dir=store))
    partial.chmod(0o777 & ~_umask())
    try:
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def publish(partial: Path, output: Path) -> None:
    """Make `output` show what is in `partial`, in one atomic step; what it showed before is then removed."""
    entry = partial.with_suffix("")
    previous = output.parent / output.readlink() if output.is_symlink() else None
    link = partial.with_suffix(".link")
    link.symlink_to(Path(STORE) / entry.name)  # relative: artifacts/ may be moved as a whole
    partial.rename(entry)
    link.replace(output)
    if previous is not None and previous.parent.name == STORE:
        shutil.rmtree(previous, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)  # the only way to read it is to set it
    os.umask(mask)
    return mask
