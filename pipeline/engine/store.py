"""Results appear whole or not at all, and the earlier ones stay: one rename of a link says which of them counts.

`artifacts/train` is a symbolic link to `artifacts/.store/train-KEY`. A link can be replaced in one atomic step, a
folder cannot; so whoever looks sees one result or the other. What a killed run leaves, it leaves in the store, under
a name that ends in `.partial` or `.old`; the next run of its stage removes it. Only what stands in a folder named
`checkpoint` is worth keeping: the key says what it belongs to, so a run that wants just that result goes on from there.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from pipeline.engine import CHECKPOINT
from pipeline.engine.artifacts import MANIFEST
from pipeline.engine.errors import PipelineError, UsageError, naming
from pipeline.engine.locks import reading, unread, writing

STORE = ".store"
PARTIAL, OLD = ".partial", ".old"  # what is being made, what is being replaced
KEY_LENGTH = 16  # of 64; the whole key is compared with the manifest's


def entry_of(output: Path, stage: str, key: str) -> Path:
    """Where the store beside `output` keeps the result of `stage` with this key."""
    return output.parent / STORE / f"{stage}-{key[:KEY_LENGTH]}"


def stage_of(entry: Path) -> str:
    """The name of the stage that has made an entry."""
    return entry.name.rpartition("-")[0]


def resolve(output: Path) -> Path:
    """The folder that the link `output` shows now, which it may not show in a moment; `output` if it is no link."""
    return output.parent / output.readlink() if output.is_symlink() else output


def check_place(output: Path, stage: str) -> None:
    """Raise UsageError if there is something at `output` that `stage` has not made, or it lies within a result."""
    if output.exists() or output.is_symlink():
        entry = resolve(output)
        if entry.parent != output.parent / STORE:
            raise UsageError(
                f"{output} is not a link that a stage has made (was it copied without links?): move it away first"
            )
        if stage_of(entry) != stage:
            raise UsageError(
                f"{output} is the result of the stage {stage_of(entry)}: choose another output, or remove it"
            )
    check_outside(output)


def check_outside(output: Path) -> None:
    """Raise UsageError if `output` lies within a result."""
    within = [*output.absolute().parents, *output.parent.resolve().parents, output.parent.resolve()]
    if any(folder.name == STORE or resolve(folder).parent == folder.parent / STORE for folder in within):
        raise UsageError(f"{output} lies within a published result: choose another output")


@contextmanager
def read_lock(folder: Path) -> Iterator[Path]:
    """The folder that `folder` shows now; `prune` leaves it alone while it is held. It need not be there."""
    entry = resolve(folder)
    with reading(entry):
        yield entry


@contextmanager
def stage_lock(output: Path, stage: str, report: Callable[[str], object] | None = None) -> Iterator[bool]:
    """Let one process at a time run `stage` beside `output`, and say whether this is the one.

    With `report`, which is told for whom, this process waits until it is. Where nothing can be written, everybody is
    told to be the one: nothing can be published either.
    """
    with ExitStack() as stack:
        mine = True
        with suppress(OSError):
            store = output.parent / STORE
            store.mkdir(parents=True, exist_ok=True)
            mine = stack.enter_context(writing(store / f"{stage}.lock", report))
        yield mine


@contextmanager
def private_folder(
    entry: Path, report: Callable[[str], object] = lambda line: None, resumable: bool = True
) -> Iterator[Path]:
    """A folder beside `entry` to work in, removed at the end unless it was published.

    The caller must hold the stage lock.

    It is new but for the checkpoint that an interrupted run may have left, which stays if this one is interrupted too,
    leaves one and is `resumable`, which `report` is told; work that fails by its own word would only fail again.
    """
    sweep(entry.parent, stage_of(entry))
    partial = entry.with_suffix(PARTIAL)
    partial.mkdir(parents=True, exist_ok=True)
    _leave_checkpoint(partial)
    try:
        with read_lock(partial), naming(partial):
            yield partial
    except BaseException as error:
        futile = isinstance(error, PipelineError) and not error.resumable
        if resumable and not futile and has_checkpoint(partial):
            _leave_checkpoint(partial)
            report("what it has done is kept: the same command goes on from there")
        else:
            _discard(partial)
        raise
    _discard(partial)  # if it was not published


def _leave_checkpoint(partial: Path) -> None:
    """Remove all else in a private folder, which is half made."""
    for path in partial.iterdir():
        if path.name != CHECKPOINT:
            _discard(path)


def drop_checkpoint(partial: Path) -> None:
    """Remove the checkpoint in a private folder, since the work is done."""
    _discard(partial / CHECKPOINT)


def sweep(store: Path, stage: str, checkpoints: bool = False) -> dict[str, int]:
    """Remove what killed runs of `stage` have left in the store; return its bytes by name.

    The caller must hold the stage lock.

    Checkpoints are left alone, unless they are asked for as well.
    """
    swept = {}
    for leftover in store.glob(f"{stage}-*"):
        entry = leftover.with_suffix("")
        if leftover.suffix == OLD and (leftover / MANIFEST).exists() and not entry.exists():
            leftover.rename(entry)  # they were killed while it was to be replaced
        elif _is_leftover(leftover) and (checkpoints or not has_checkpoint(leftover)):
            swept[leftover.name] = size(leftover)
            _discard(leftover)
    return swept


def has_checkpoint(partial: Path) -> bool:
    """Whether what an interrupted run has left is worth going on from."""
    return partial.suffix == PARTIAL and not partial.is_symlink() and any(partial.glob(f"{CHECKPOINT}/[!.]*"))


def keep(partial: Path, entry: Path) -> None:
    """Make what is in `partial` the store's `entry`, in place of one that is damaged or was made again."""
    old = entry.with_suffix(OLD)
    try:
        if entry.exists():
            entry.rename(old)
        partial.rename(entry)
    finally:  # of a failure as well, and of somebody's Ctrl-C between the two
        if old.exists() and not entry.exists():
            old.rename(entry)
        _discard(old)


def _discard(path: Path) -> None:
    """Remove whatever is there, if it can be removed."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def publish(entry: Path, output: Path) -> None:
    """Make `output` show the store's `entry`, in one atomic step."""
    link = output.with_name(f".{output.name}.link")  # beside it, since the store may be on another disk
    link.unlink(missing_ok=True)
    try:
        link.symlink_to(Path(STORE) / entry.name)  # relative: artifacts/ may be moved as a whole
        link.replace(output)
    except BaseException:
        link.unlink(missing_ok=True)
        raise
    with suppress(OSError):  # a disk that cannot be written
        os.utime(output / MANIFEST)  # `prune` keeps what was last used


def entries(artifacts: Path) -> dict[str, list[Path]]:
    """The whole results in the store of a folder of artifacts, by the stage that has made them."""
    return _by_stage(artifacts, lambda path: not _is_leftover(path) and path.is_dir() and not path.is_symlink())


def leftovers(artifacts: Path) -> dict[str, list[Path]]:
    """What is being made or replaced in the store, and what killed runs have left there, by stage."""
    return _by_stage(artifacts, _is_leftover)


def _by_stage(artifacts: Path, wanted: Callable[[Path], bool]) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for path in sorted((artifacts / STORE).glob("*-*")):
        if wanted(path):
            found.setdefault(stage_of(path), []).append(path)
    return found


def _is_leftover(path: Path) -> bool:
    return path.suffix in (PARTIAL, OLD)


def published(artifacts: Path) -> set[Path]:
    """The entries that some link in a folder of artifacts shows."""
    shown = set()
    for path in artifacts.glob("*"):
        with suppress(OSError):  # which is being replaced
            shown.add(resolve(path))
    return shown


def size(folder: Path) -> int:
    """The bytes that the files in a folder have."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def remove(entry: Path) -> bool:
    """Remove a folder from the store unless a process reads it; return whether it was removed.

    The caller must hold the stage lock.
    """
    with unread(entry) as free:
        if free:
            _discard(entry.rename(entry.with_suffix(PARTIAL)))  # nobody finds half of it
        return free
