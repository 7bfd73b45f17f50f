import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.engine.errors import PipelineError, UsageError
from pipeline.engine.results import list_results, prune
from pipeline.engine.store import check_output, commit, entry_of, private_folder, publish_result, stage_lock
from tests.processes import start_process

KEYS = [f"{number:064x}" for number in range(1 << 200, (1 << 200) + 9 * (1 << 196), 1 << 196)]


def put(artifacts: Path, stage: str, key: str, size: int = 1000) -> Path:
    entry = entry_of(artifacts / stage, stage, key)
    with private_folder(entry) as partial:
        (partial / "numbers").write_bytes(bytes(size))
        (partial / "manifest.json").write_text("{}")
        commit(partial, entry)
    publish_result(entry, artifacts / stage)
    return entry


def start(code: str) -> subprocess.Popen[str]:
    """Start a process that runs `code`; return when it prints `ready`."""
    program = f"import sys, time\nfrom pathlib import Path\nfrom pipeline.engine.store import *\n{code}"
    process = start_process([sys.executable, "-c", program], stdin=subprocess.PIPE, stderr=None)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


WAIT = "    print('ready', flush=True)\n    sys.stdin.read()"


@pytest.mark.parametrize("clone", [".", "clone"])
def test_prune_keeps_entries_in_use_by_other_processes(clone: str, tmp_path: Path) -> None:
    other = tmp_path / clone
    read = put(tmp_path, "plant", KEYS[0])
    if clone != ".":
        other.mkdir()
        (other / ".store").symlink_to("../.store")
    put(tmp_path, "plant", KEYS[1])
    with (
        start(f"with read_lock(Path({str(other / '.store' / read.name)!r})):\n{WAIT}"),
        start(
            f"output = Path({str(other / 'water')!r})\n"
            f"with stage_lock(output, 'water', print), private_folder(entry_of(output, 'water', '12')):\n{WAIT}"
        ) as maker,
    ):
        assert prune(tmp_path, keep=1) == {}
        assert (read / "numbers").exists()
        maker.kill()
    assert prune(tmp_path, keep=1) == {read.name: 1002, "water-12.partial": 0}


def test_prune_of_a_negative_number_is_refused(tmp_path: Path) -> None:
    entry = put(tmp_path, "plant", KEYS[0])
    put(tmp_path, "plant", KEYS[1])
    with pytest.raises(UsageError, match="keep is -1"):
        prune(tmp_path, keep=-1)
    assert entry.exists()
    assert prune(tmp_path, keep=0).keys() == {entry.name}


def test_artifacts_that_are_no_folder_are_named(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "file").touch()
    for name in ("link", "file"):
        with pytest.raises(UsageError, match=name):
            check_output(tmp_path / name / "plant", "plant")
        with pytest.raises(UsageError, match=name):
            prune(tmp_path / name, keep=1)
        with pytest.raises(UsageError, match=name):
            list_results(tmp_path / name, "plant")
    check_output(tmp_path / "new" / "plant", "plant")


def test_stage_lock_is_exclusive_and_reports_its_start(tmp_path: Path) -> None:
    lines: list[str] = []
    with start(f"with stage_lock(Path({str(tmp_path / 'plant')!r}), 'plant', print):\n{WAIT}") as process:

        def report(line: str) -> None:
            lines.append(line)
            process.kill()

        with pytest.raises(OSError, match="disk full"), stage_lock(tmp_path / "plant", "plant") as acquired:
            assert not acquired
            raise OSError("disk full")
        with stage_lock(tmp_path / "plant", "plant", report) as acquired:
            assert acquired
    assert lines == ["waiting for another process, which is running this stage"]
    with stage_lock(tmp_path / "plant", "plant", report) as acquired:
        assert acquired
    assert len(lines) == 1


@pytest.mark.parametrize("name", ["plant-12.partial", "plant-12.old"])
def test_leftover_files_and_links_are_removed(name: str, tmp_path: Path) -> None:
    (tmp_path / ".store").mkdir()
    (tmp_path / ".store" / name).touch()
    (tmp_path / ".store" / "plant-13.partial").symlink_to(tmp_path)
    put(tmp_path, "plant", KEYS[0])
    assert {path.name for path in (tmp_path / ".store").iterdir()} == {f"plant-{KEYS[0][:16]}"}


def test_entry_is_recovered_after_a_killed_commit(tmp_path: Path) -> None:
    entry = put(tmp_path, "plant", KEYS[0])
    entry.rename(entry.with_suffix(".old"))
    assert not (tmp_path / "plant").exists()
    assert prune(tmp_path, keep=1) == {}
    assert (tmp_path / "plant" / "numbers").stat().st_size == 1000


def test_publish_replaces_a_link_atomically(tmp_path: Path) -> None:
    entries = [put(tmp_path, "plant", key) for key in KEYS[:2]]
    code = f"output = Path({str(tmp_path / 'plant' / 'numbers')!r})\nprint('ready', flush=True)\n"
    with start(f"{code}while not output.with_name('end').exists(): output.stat()") as watcher:
        for number in range(500):
            publish_result(entries[number % 2], tmp_path / "plant")
        for entry in entries:
            (entry / "end").touch()
        assert watcher.wait(30) == 0


@pytest.mark.parametrize(("number", "size"), [(1, 1000), (2, 2000)])
def test_interrupted_commit_leaves_one_complete_entry(
    number: int, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = put(tmp_path, "plant", KEYS[0], 1000)
    rename, renamed = Path.rename, list[Path]()

    def interrupted(path: Path, to: Path) -> Path:
        renamed.append(path)
        rename(path, to)
        if len(renamed) == number:
            raise KeyboardInterrupt
        return to

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt), private_folder(entry) as partial:
        (partial / "numbers").write_bytes(bytes(2000))
        (partial / "manifest.json").write_text("{}")
        commit(partial, entry)
    assert (tmp_path / "plant" / "numbers").stat().st_size == size
    assert [path.name for path in entry.parent.iterdir()] == [entry.name]


def test_prune_does_not_claim_what_it_cannot_remove(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "plant", KEYS[0])
    (tmp_path / ".store" / "plant-1234.partial").mkdir()
    monkeypatch.setattr("shutil.rmtree", lambda path, ignore_errors: None)  # as without permission
    with pytest.raises(PipelineError, match="plant-1234.partial cannot be removed"):
        prune(tmp_path, keep=1)
