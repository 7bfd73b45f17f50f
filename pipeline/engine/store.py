"""The store keeps results by key; symbolic links publish them atomically.

`artifacts/train` is a symbolic link to the entry `artifacts/.store/train-KEY`. Readers see either the old or the new
result, since a link is replaced atomically. A killed run leaves folders named `*.partial`, `*.old` and `*.inputs`. The
next run of the stage removes them, except for checkpoints: a run with the same key resumes from its checkpoint.
"""

import hashlib
import logging
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from pipeline.engine import CHECKPOINT, STORE
from pipeline.engine.artifacts import MANIFEST
from pipeline.engine.errors import PipelineError, UsageError
from pipeline.engine.files import replacement
from pipeline.engine.locks import exclusive_lock, file_lock, shared_lock

log = logging.getLogger(__name__)

PARTIAL, OLD = ".partial", ".old"  # an entry that is being created, or replaced
INPUTS = ".inputs"  # what the creation of an entry reads
CLONES = ".clones"  # folder in a store to which `artifacts/.store` is a link: a file with the path of each `artifacts`
KEY_LENGTH = 16  # of 64 digits; the manifest has the full key


def entry_of(output: Path, stage: str, key: str) -> Path:
    """Return the folder of a result in the store next to `output`."""
    return output.parent / STORE / f"{stage}-{key[:KEY_LENGTH]}"


def stage_of(entry: Path) -> str:
    """Return the name of the stage that created an entry."""
    return entry.name.rpartition("-")[0]


def entry_at(output: Path) -> Path:
    """Return the target of the link `output`, or `output` itself if it is not a link."""
    return output.parent / output.readlink() if output.is_symlink() else output


def check_artifacts(artifacts: Path) -> None:
    """Raise UsageError if something other than a folder is where results are, or will be."""
    if os.path.lexists(artifacts) and not artifacts.is_dir():
        kind = "not a folder" if artifacts.exists() else "a link that leads nowhere"
        raise UsageError(f"{artifacts} is {kind}: remove it, or choose another folder")


def check_output(output: Path, stage: str) -> None:
    """Raise UsageError if `output` cannot be made, is something other than a result of `stage`, or is inside a
    result.
    """
    check_artifacts(output.parent)
    if output.exists() or output.is_symlink():
        entry = entry_at(output)
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
    """Raise UsageError if `output` is inside a result."""
    real = Path(os.path.realpath(output.parent))
    parents = [*output.absolute().parents, *real.parents, real]
    if any(folder.name == STORE or entry_at(folder).parent == folder.parent / STORE for folder in parents):
        raise UsageError(f"{output} lies within a published result: choose another output")


@contextmanager
def read_lock(folder: Path) -> Iterator[Path]:
    """Yield the target of the link `folder`, locked against `prune`. A missing folder is not an error."""
    entry = entry_at(folder)
    with shared_lock(entry):
        yield entry


@contextmanager
def stage_lock(output: Path, stage: str, report: Callable[[str], object] | None = None) -> Iterator[bool]:
    """Hold the stage lock; yield whether it was acquired. With `report`, wait for it, as `file_lock` does.

    The lock counts as acquired in a read-only folder, because nothing can be published there.
    """
    with ExitStack() as stack:
        acquired = True
        with suppress(OSError):
            store = output.parent / STORE
            store.mkdir(parents=True, exist_ok=True)
            if store.is_symlink():
                _register(output.parent)
            acquired = stack.enter_context(file_lock(store / f"{stage}.lock", report))
        yield acquired


@contextmanager
def private_folder(entry: Path, is_resumable: Callable[[], bool] = lambda: True) -> Iterator[Path]:
    """Yield a folder next to `entry`, empty except for a checkpoint; remove it at the end if it was not committed.

    After an exception, the checkpoint is kept and a line about it is logged, unless the exception is a PipelineError
    that would occur again. is_resumable: asked about a checkpoint that is found or left, whether it can be used. The
    caller must hold the stage lock.
    """
    remove_leftovers(entry.parent, stage_of(entry))
    partial = entry.with_suffix(PARTIAL)
    if has_checkpoint(partial) and not is_resumable():
        _discard(partial)
    partial.mkdir(parents=True, exist_ok=True)
    _clear_except_checkpoint(partial)
    try:
        yield partial
    except BaseException as error:
        permanent = isinstance(error, PipelineError) and not error.resumable
        if not permanent and has_checkpoint(partial) and is_resumable():
            _clear_except_checkpoint(partial)
            log.info("%s: progress is kept: run the same command again to resume", stage_of(entry))
        else:
            _discard(partial)
        raise
    _discard(partial)  # if it was not committed


@contextmanager
def private_inputs(entry: Path, files: Mapping[str, tuple[Path, Collection[str]]]) -> Iterator[dict[str, Path]]:
    """Yield folders by name, which have links to these files of other folders: what else is there cannot be read.

    Files come into a result that nobody publishes there, for example from an editor or a file manager.
    """
    folders = {name: entry.with_suffix(INPUTS) / name for name in files}
    try:
        for name, (source, names) in files.items():
            for file in names:
                link = folders[name] / file
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(os.path.realpath(source / file))
        yield folders
    finally:
        _discard(entry.with_suffix(INPUTS))


def _clear_except_checkpoint(partial: Path) -> None:
    for path in partial.iterdir():
        if path.name != CHECKPOINT:
            _discard(path)


def remove_leftovers(store: Path, stage: str, checkpoints: bool = False) -> dict[str, int]:
    """Remove leftovers of killed runs; return their bytes by name. The caller must hold the stage lock."""
    removed = {}
    for leftover in store.glob(f"{stage}-*"):
        entry = leftover.with_suffix("")
        if leftover.suffix == OLD and (leftover / MANIFEST).exists() and not entry.exists():
            leftover.rename(entry)  # the run was killed between the two renames of `commit`
        elif _is_leftover(leftover) and (checkpoints or not has_checkpoint(leftover)):
            removed[leftover.name] = size(leftover)
            _discard(leftover)
    return removed


def has_checkpoint(partial: Path) -> bool:
    """Return whether a leftover contains a checkpoint; hidden files are incomplete and do not count."""
    return partial.suffix == PARTIAL and not partial.is_symlink() and any(partial.glob(f"{CHECKPOINT}/[!.]*"))


def commit(partial: Path, entry: Path) -> None:
    """Move a private folder to `entry`, replacing an existing entry."""
    old = entry.with_suffix(OLD)
    try:
        if entry.exists():
            entry.rename(old)
        partial.rename(entry)
    finally:  # also after a failure, or Ctrl-C between the two renames
        if old.exists() and not entry.exists():
            old.rename(entry)
        _discard(old)


def _discard(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def publish_result(entry: Path, output: Path) -> None:
    """Make `output` a link to `entry`, atomically."""
    with replacement(output) as link:
        link.symlink_to(Path(STORE) / entry.name)  # relative: artifacts/ may be moved as a whole
    with suppress(OSError):  # read-only disk
        os.utime(output / MANIFEST)  # `prune` keeps the last used entries


def entries(artifacts: Path, stage: str) -> list[Path]:
    """Return the results of a stage in the store of `artifacts`."""
    paths = [path for path in (artifacts / STORE).glob(f"{stage}-*") if stage_of(path) == stage]
    return sorted(path for path in paths if not _is_leftover(path) and path.is_dir() and not path.is_symlink())


def _is_leftover(path: Path) -> bool:
    return path.suffix in (PARTIAL, OLD, INPUTS)


def _register(artifacts: Path) -> None:
    """Let the store, which other folders of artifacts may use as well, know this one."""
    real = os.fsencode(os.path.realpath(artifacts))
    file = artifacts / STORE / CLONES / hashlib.sha256(real).hexdigest()[:KEY_LENGTH]
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        with replacement(file) as temporary:
            temporary.write_bytes(real)


def linked_entries(artifacts: Path) -> set[Path]:
    """Return the results in the store of `artifacts` to which links lead, also from other folders with this store."""
    store = artifacts / STORE
    real = Path(os.path.realpath(store))
    others = [Path(os.fsdecode(file.read_bytes())) for file in (store / CLONES).glob("[!.]*")]
    folders = [artifacts, real.parent, *others]
    users = [folder for folder in folders if os.path.realpath(folder / STORE) == str(real)]  # not moved or copied
    targets = [(folder, target) for folder in users for target in links(folder).values()]
    return {store / target.name for folder, target in targets if target.parent == folder / STORE}


def links(artifacts: Path) -> dict[str, Path]:
    """Return the targets of the links in `artifacts`, by name, sorted, without hidden links."""
    targets = {}
    for path in sorted(artifacts.glob("[!.]*")):
        with suppress(OSError):  # the link is being replaced
            if path.is_symlink():
                targets[path.name] = entry_at(path)
    return targets


def size(folder: Path) -> int:
    """Return the total size of the files in a folder, in bytes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def remove(entry: Path, is_kept: Callable[[Path], bool] = lambda entry: False) -> bool:
    """Remove an entry unless it is read-locked or kept; return whether it was removed.

    is_kept: asked under the lock. The caller must hold the stage lock.
    """
    with exclusive_lock(entry) as acquired:
        if not acquired or is_kept(entry):
            return False
        _discard(entry.rename(entry.with_suffix(PARTIAL)))  # readers never find an incomplete entry
        return True
