"""Results appear whole or not at all: work goes on in a private folder, one rename of a link publishes it.

`artifacts/train` is a symbolic link into `artifacts/.store/`. A link can be replaced in one atomic step, a
folder cannot; so whoever looks sees the old result or the new one. What a killed run leaves, it leaves in the store.
"""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.engine.artifacts import MANIFEST
from pipeline.engine.errors import UsageError

STORE = ".store"
PARTIAL = ".partial"


@contextmanager
def private_folder(output: Path, stage: str) -> Iterator[Path]:
    """A new folder in the store beside `output`, named after the stage; removed at the end unless it was published.

    Raises UsageError if there is something at `output` that this stage has not made, damaged or not, or if
    `output` lies within a published result.
    """
    store = output.parent / STORE
    if output.exists() or output.is_symlink():
        entry = resolve(output)
        if entry.parent != store:
            raise UsageError(
                f"{output} is not a link that a stage has made (was it copied without links?): move it away first"
            )
        made_by = entry.name.rpartition("-")[0]
        if made_by != stage:
            raise UsageError(f"{output} is the result of the stage {made_by}: choose another output, or remove it")
    if any(folder.parent.name == STORE and (folder / MANIFEST).exists() for folder in output.resolve().parents):
        raise UsageError(f"{output} lies within a published result: choose another output")
    store.mkdir(parents=True, exist_ok=True)
    partial = store / f"{stage}-{secrets.token_hex(8)}{PARTIAL}"
    partial.mkdir()
    try:
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def publish(partial: Path, output: Path) -> None:
    """Make `output` show what is in `partial`, in one atomic step.

    What it showed before is then removed, unless another link beside it shows the same.
    """
    entry = partial.with_suffix("")
    previous = resolve(output)
    link = partial.with_suffix(".link")
    link.symlink_to(Path(STORE) / entry.name)  # relative: artifacts/ may be moved as a whole
    partial.rename(entry)
    try:
        link.replace(output)
    except OSError:
        link.unlink()
        shutil.rmtree(entry, ignore_errors=True)
        raise
    shown = {resolve(path) for path in output.parent.iterdir() if path.is_symlink()}
    if previous != output and previous not in shown:
        shutil.rmtree(previous, ignore_errors=True)


def resolve(output: Path) -> Path:
    """The folder that the link `output` shows now, which it may not show in a moment; `output` if it is no link."""
    return output.parent / output.readlink() if output.is_symlink() else output
