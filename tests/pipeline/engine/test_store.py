import errno
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.engine.prune import Pruned, prune
from pipeline.engine.store import entry_of, keep, private_folder, publish, read_lock, stage_lock
from tests.processes import environment, take_signals

KEYS = [f"{number:064x}" for number in range(1 << 200, (1 << 200) + 9 * (1 << 196), 1 << 196)]


def put(artifacts: Path, stage: str, key: str, size: int = 1000) -> Path:
    entry = entry_of(artifacts / stage, stage, key)
    with private_folder(entry) as partial:
        (partial / "numbers").write_bytes(bytes(size))
        (partial / "manifest.json").write_text("{}")
        keep(partial, entry)
    publish(entry, artifacts / stage)
    return entry


def holder(code: str, prefix: Sequence[str] = ()) -> subprocess.Popen[str]:
    """A process that runs `code` and then waits."""
    program = f"import sys, time\nfrom pathlib import Path\nfrom pipeline.engine.store import *\n{code}"
    process = subprocess.Popen(
        [*prefix, sys.executable, "-c", program],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=take_signals,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


WAIT = "    print('ready', flush=True)\n    sys.stdin.read()"


def test_prune_keeps_the_last_used_and_what_is_published(tmp_path: Path) -> None:
    entries = [put(tmp_path, "plant", key) for key in KEYS[:4]]
    water = put(tmp_path, "water", KEYS[0], 500)
    for entry, age in zip(entries, (1, 4, 3, 2), strict=True):
        os.utime(entry / "manifest.json", (age, age))
    publish(entries[2], tmp_path / "best")
    os.utime(entries[2] / "manifest.json", (3, 3))
    pruned = prune(tmp_path, keep=3)
    assert pruned == Pruned({entries[0].name: 1002}, ())
    assert prune(tmp_path, keep=1) == Pruned({entries[1].name: 1002}, ())
    assert (tmp_path / "plant").resolve() == entries[3].resolve()
    assert (tmp_path / "best").resolve() == entries[2].resolve()
    assert (tmp_path / "water").resolve() == water.resolve()
    assert prune(tmp_path, keep=1) == Pruned({}, ())


def test_prune_removes_what_killed_runs_have_left(tmp_path: Path) -> None:
    put(tmp_path, "plant", KEYS[0])
    for suffix in (".partial", ".old"):
        (tmp_path / ".store" / f"plant-12{suffix}").mkdir()
    assert prune(tmp_path, keep=1) == Pruned({"plant-12.old": 0, "plant-12.partial": 0}, ())


def test_prune_leaves_what_another_process_reads_or_makes(tmp_path: Path) -> None:
    read = put(tmp_path, "plant", KEYS[0])
    put(tmp_path, "plant", KEYS[1])
    with (
        holder(f"with read_lock(Path({str(read)!r})):\n{WAIT}"),
        holder(
            f"place = Path({str(tmp_path / 'water')!r})\n"
            f"with stage_lock(place, 'water', print), private_folder(entry_of(place, 'water', '12')):\n{WAIT}"
        ) as maker,
    ):
        assert prune(tmp_path, keep=1) == Pruned({}, (read.name, "water-12.partial"))
        assert (read / "numbers").exists()
        maker.kill()
    assert prune(tmp_path, keep=1) == Pruned({read.name: 1002, "water-12.partial": 0}, ())


def test_prune_of_nothing_is_nothing(tmp_path: Path) -> None:
    assert prune(tmp_path, keep=1) == Pruned({}, ())


def test_one_process_at_a_time_and_the_other_says_for_whom_it_waits(tmp_path: Path) -> None:
    said: list[str] = []
    with holder(f"with stage_lock(Path({str(tmp_path / 'plant')!r}), 'plant', print):\n{WAIT}") as process:

        def report(line: str) -> None:
            said.append(line)
            process.kill()

        with pytest.raises(OSError, match="no room"), stage_lock(tmp_path / "plant", "plant") as mine:
            assert not mine
            raise OSError("no room")
        with stage_lock(tmp_path / "plant", "plant", report) as mine:
            assert mine
    assert len(said) == 1
    assert said[0].startswith(f"waiting for process {process.pid} (since ")
    assert said[0].endswith("), which runs this stage already")
    with stage_lock(tmp_path / "plant", "plant", report) as mine:
        assert mine
    assert len(said) == 1
    (holder_of_now,) = (tmp_path / ".store" / "plant.lock").read_text().splitlines()
    assert holder_of_now.startswith(f"process {os.getpid()} (since ")
    assert holder_of_now.count("process") == 1


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="root may write everything")
def test_a_lock_that_somebody_else_has_made_is_a_lock_all_the_same(tmp_path: Path) -> None:
    (tmp_path / ".store").mkdir()
    lock = tmp_path / ".store" / "plant.lock"
    lock.touch()
    lock.chmod(0o444)
    code = f"with stage_lock(Path({str(tmp_path / 'plant')!r}), 'plant', print):\n{WAIT}"
    without_power = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    with holder(code, without_power) as process:
        with open(lock) as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        process.kill()


def test_prunes_at_once_do_not_hinder_each_other(tmp_path: Path) -> None:
    for number in range(200):
        (tmp_path / ".store" / f"plant-{number:016x}.partial").mkdir(parents=True)
    code = f"from pipeline.engine.prune import prune\nprint('ready', flush=True)\nprune(Path({str(tmp_path)!r}), 1)"
    with holder(code) as one, holder(code) as other:
        assert (one.wait(30), other.wait(30)) == (0, 0)
    assert [path.name for path in (tmp_path / ".store").iterdir()] == ["plant.lock"]


@pytest.mark.parametrize("name", ["plant-12.partial", "plant-12.old"])
def test_a_file_or_a_link_among_the_leftovers_is_removed_too(name: str, tmp_path: Path) -> None:
    (tmp_path / ".store").mkdir()
    (tmp_path / ".store" / name).touch()
    (tmp_path / ".store" / "plant-13.partial").symlink_to(tmp_path)
    put(tmp_path, "plant", KEYS[0])
    assert {path.name for path in (tmp_path / ".store").iterdir()} == {f"plant-{KEYS[0][:16]}"}


def test_another_stage_does_not_wait(tmp_path: Path) -> None:
    with (
        holder(f"with stage_lock(Path({str(tmp_path / 'plant')!r}), 'plant', print):\n{WAIT}") as process,
        stage_lock(tmp_path / "water", "water", pytest.fail) as mine,
    ):
        assert mine
        process.kill()


def test_a_wait_can_be_interrupted(tmp_path: Path) -> None:
    (tmp_path / ".store").mkdir()
    with open(tmp_path / ".store" / "plant.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        plant = f"Path({str(tmp_path / 'plant')!r})"
        code = f"with stage_lock({plant}, 'plant', lambda line: print('ready', flush=True)): pass"
        with holder(code) as process:
            time.sleep(0.1)
            process.send_signal(signal.SIGINT)
            try:
                assert process.wait(10) != 0
            finally:
                process.kill()


def test_what_is_not_there_can_be_held(tmp_path: Path) -> None:
    with read_lock(tmp_path / "nothing") as folder:
        assert folder == tmp_path / "nothing"


def test_an_entry_that_is_made_again_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    put(tmp_path, "plant", KEYS[0], 10)
    put(tmp_path, "plant", KEYS[0], 20)
    assert (tmp_path / "plant" / "numbers").stat().st_size == 20
    assert sorted(path.name for path in (tmp_path / ".store").iterdir()) == [f"plant-{KEYS[0][:16]}"]


def test_an_entry_whose_replacement_was_killed_comes_back(tmp_path: Path) -> None:
    entry = put(tmp_path, "plant", KEYS[0])
    entry.rename(entry.with_suffix(".old"))
    assert not (tmp_path / "plant").exists()
    assert prune(tmp_path, keep=1) == Pruned({}, ())
    assert (tmp_path / "plant" / "numbers").stat().st_size == 1000


def test_a_replacement_that_fails_leaves_the_entry(tmp_path: Path) -> None:
    entry = put(tmp_path, "plant", KEYS[0])
    with pytest.raises(FileNotFoundError):
        keep(tmp_path / "nothing", entry)
    assert (tmp_path / "plant" / "numbers").stat().st_size == 1000


def test_a_link_is_replaced_in_one_step(tmp_path: Path) -> None:
    entries = [put(tmp_path, "plant", key) for key in KEYS[:2]]
    code = f"place = Path({str(tmp_path / 'plant' / 'numbers')!r})\nprint('ready', flush=True)\n"
    with holder(f"{code}while not place.with_name('end').exists(): place.stat()") as watcher:
        for number in range(500):
            publish(entries[number % 2], tmp_path / "plant")
        for entry in entries:
            (entry / "end").touch()
        assert watcher.wait(30) == 0


@pytest.mark.parametrize(("number", "size"), [(1, 1000), (2, 2000)])
def test_a_replacement_that_is_interrupted_after_a_rename_leaves_one_of_the_two_whole(
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
        keep(partial, entry)
    assert (tmp_path / "plant" / "numbers").stat().st_size == size
    assert [path.name for path in entry.parent.iterdir()] == [entry.name]


def test_a_publication_that_is_interrupted_leaves_the_link_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = put(tmp_path, "plant", KEYS[0])

    def interrupted(path: Path, to: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        publish(tmp_path / ".store" / "another", tmp_path / "plant")
    assert (tmp_path / "plant").resolve() == entry.resolve()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".store", "plant"]


def test_a_write_without_room_that_names_no_file_names_the_folder(tmp_path: Path) -> None:
    entry = entry_of(tmp_path / "plant", "plant", KEYS[0])
    with pytest.raises(OSError, match="No space left") as caught, private_folder(entry):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert caught.value.filename == str(entry.with_suffix(".partial"))
