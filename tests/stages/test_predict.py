"""Many images in files, and what the network says of them, by real processes."""

import gzip
import itertools
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from pipeline.data import idx
from pipeline.engine import fingerprint
from pipeline.engine.errors import PipelineError, UsageError
from pipeline.evaluation import answers
from stages.predict import predict
from tests.processes import Run, environment, take_signals
from tests.stages.common import assert_one_line, wait_for_more

RAW = "artifacts/parse/test-images.npy"
MANY = 30_000
LONG = ["predict", "many.npy", "--block-size", "40"]  # long enough to be cut off


@pytest.fixture
def many(project: Path) -> np.ndarray:
    """The test images again and again, in many.npy."""
    images = np.resize(np.load(project / RAW), (MANY, 28, 28))
    np.save(project / "many.npy", images)
    return images


def start(project: Path, *line: str, **more: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "stages.cli", *(line or LONG)]
    options = {"cwd": project, "env": environment(), "text": True, "preexec_fn": take_signals, **more}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)  # type: ignore[call-overload, no-any-return]


def journal(project: Path) -> list[tuple[int, int]]:
    """The intervals that a run has told to be done, by now."""
    file = project / ".predictions.npy.partial" / "journal"
    lines = file.read_text().splitlines()[1:] if file.exists() else []
    return [(int(start), int(stop)) for start, stop, _ in map(str.split, lines)]


def cut_off(project: Path, *line: str) -> int:
    """Kill a run when it has done some blocks; the number of images in them."""
    process = start(project, *line)
    wait_for_more(lambda: journal(project), than=3)
    process.kill()
    process.communicate()
    return sum(stop - start for start, stop in journal(project))


def visible(project: Path) -> set[str]:
    return {path.name for path in project.iterdir()}


def test_it_says_of_the_test_images_what_evaluate_says(run: Run, project: Path) -> None:
    result = run("predict", RAW, "--probabilities", "probabilities.npy")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("500 images in ")
    assert result.stdout.endswith(" a second -> predictions.npy, probabilities.npy\n")
    for name in ("predictions.npy", "probabilities.npy"):
        assert (project / name).read_bytes() == (project / "artifacts/evaluate" / name).read_bytes()
    assert visible(project) == {"artifacts", "predictions.npy", "probabilities.npy"}


@pytest.mark.parametrize(
    "place",
    [
        ["--scheduler", "sync", "--block-size", "7"],
        ["--scheduler", "threads", "--workers", "3", "--block-size", "33"],
        ["--scheduler", "processes", "--workers", "2", "--block-size", "100"],
        ["--block-size", "1000000"],
    ],
)
def test_where_the_work_is_done_and_in_which_blocks_changes_no_bit(place: list[str], run: Run, project: Path) -> None:
    result = run("predict", RAW, "--output", "labels.npy", "--probabilities", "probabilities.npy", *place)
    assert result.returncode == 0, result.stderr
    for name, other in (("labels.npy", "predictions.npy"), ("probabilities.npy", "probabilities.npy")):
        assert (project / name).read_bytes() == (project / "artifacts/evaluate" / other).read_bytes()


def test_files_of_all_forms_are_answered_one_after_the_other(run: Run, project: Path) -> None:
    images, said = np.load(project / RAW), np.load(project / "artifacts/evaluate/predictions.npy")
    parts = {
        "an array.npy": slice(0, 90),
        "élan.idx": slice(90, 91),
        "two\nlines.gz": slice(91, 333),
        "-x": slice(333, 500),
    }
    names = list(parts)
    np.save(project / names[0], images[parts[names[0]]])
    for name in names[1:]:
        idx.save(project / name, images[parts[name]])
    order = [names[2], names[0], names[3], names[1], names[0]]
    folder = project / "elsewhere"
    folder.mkdir()
    result = run("predict", "--train", "../artifacts/train", "--", *(f"../{name}" for name in order), cwd=folder)
    assert result.returncode == 0, result.stderr
    expected = np.concatenate([said[parts[name]] for name in order])
    assert np.load(folder / "predictions.npy").tobytes() == expected.tobytes()
    assert visible(folder) == {"predictions.npy"}


def test_gzipped_files_that_look_alike_are_told_apart(run: Run, project: Path) -> None:
    for name, value in (("a.gz", 0), ("b.gz", 255)):  # equally long, and of the same moment
        idx.save(project / "plain", np.full((3, 28, 28), value, np.uint8))
        (project / name).write_bytes(gzip.compress((project / "plain").read_bytes(), 0))
        os.utime(project / name, (1, 1))
    answers = []
    for files in (["a.gz"], ["b.gz"], ["a.gz", "b.gz"]):
        assert run("predict", *files, "--probabilities", "p.npy").returncode == 0
        answers.append(np.load(project / "p.npy"))
    assert not np.array_equal(answers[0], answers[1])
    assert np.array_equal(np.concatenate(answers[:2]), answers[2])


def test_no_images_have_no_answers(run: Run, project: Path) -> None:
    np.save(project / "none.npy", np.zeros((0, 28, 28), np.uint8))
    idx.save(project / "none.idx.gz", np.zeros((0, 28, 28), np.uint8))
    result = run("predict", "none.npy", "none.idx.gz", "--probabilities", "p.npy")
    assert result.returncode == 0, result.stderr
    assert np.load(project / "predictions.npy").shape == (0,)
    assert np.load(project / "p.npy").shape == (0, 10)


@pytest.mark.parametrize("schedulers", [["threads"], ["processes", "sync", "threads"]])
def test_killed_at_random_moments_it_repeats_nothing_and_ends_with_the_same_bytes(
    schedulers: list[str], run: Run, project: Path, many: np.ndarray
) -> None:
    said = np.load(project / "artifacts/evaluate/predictions.npy")
    (project / "predictions.npy").write_bytes(b"from before")
    generator = random.Random(len(schedulers))
    for scheduler in itertools.islice(itertools.cycle(schedulers), 5):
        before = journal(project)
        process = start(project, *LONG, "--scheduler", scheduler, "--block-size", str(generator.randint(20, 90)))
        goal = generator.randint(1, 30)
        wait_for_more(lambda: journal(project), than=len(before) + goal)
        time.sleep(generator.uniform(0, 0.01))
        process.kill()
        said_then = process.communicate()[1]
        done = sum(stop - start for start, stop in before)
        assert (f"predict: goes on after {done:,} of {MANY:,} images\n" in said_then) == (done > 0)
        after = sorted(journal(project))
        assert all(stop <= begin for (_, stop), (begin, _) in itertools.pairwise(after))  # nothing twice
        assert (project / "predictions.npy").read_bytes() == b"from before"
    result = run(*LONG, "--block-size", "5000")
    assert result.returncode == 0, result.stderr
    assert "goes on after" in result.stderr
    assert np.load(project / "predictions.npy").tobytes() == np.resize(said, MANY).tobytes()
    assert visible(project) == {"artifacts", "many.npy", "predictions.npy"}


@pytest.mark.parametrize("change", ["input", "content", "option", "model", "nothing"])
def test_what_was_asked_for_otherwise_is_begun_anew(change: str, run: Run, project: Path, many: np.ndarray) -> None:
    cut_off(project)
    line = LONG
    if change == "input":
        shutil.copy2(project / "many.npy", project / "others.npy")
        line = ["predict", "others.npy"]
    elif change == "content":  # of the same length, and the same time
        times = (project / "many.npy").stat()
        np.save(project / "many.npy", many[::-1])
        os.utime(project / "many.npy", ns=(times.st_atime_ns, times.st_mtime_ns))
    elif change == "option":
        line = [*LONG, "--probabilities", "p.npy"]
    elif change == "model":
        assert run("train", "--recipe", "quick", "--epochs", "1").returncode == 0
    result = run(*line, "--block-size", "5000")
    assert result.returncode == 0, result.stderr
    assert ("goes on after" in result.stderr) == (change == "nothing")
    if change != "model":
        said = np.resize(np.load(project / "artifacts/evaluate/predictions.npy"), MANY)
        expected = said[::-1] if change == "content" else said
        assert np.load(project / "predictions.npy").tobytes() == expected.tobytes()
    assert not (project / ".predictions.npy.partial").exists()


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("scheduler", ["threads", "processes"])
def test_a_run_that_is_stopped_says_what_becomes_of_it(
    scheduler: str, kind: signal.Signals, project: Path, many: np.ndarray
) -> None:
    process = start(project, *LONG, "--scheduler", scheduler)
    wait_for_more(lambda: journal(project), than=3)
    process.send_signal(kind)
    out, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert said.splitlines() == [
        "predict: what it has done is kept: the same command goes on from there",
        "handwriting predict: interrupted. What was there before is as it was",
    ]
    assert visible(project) == {"artifacts", "many.npy", ".predictions.npy.partial"}


def test_ctrl_c_which_reaches_the_worker_processes_as_well_is_told_once(project: Path, many: np.ndarray) -> None:
    process = start(project, *LONG, "--scheduler", "processes", "--workers", "2", start_new_session=True)
    wait_for_more(lambda: journal(project), than=3)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.splitlines() == [
        "predict: what it has done is kept: the same command goes on from there",
        "handwriting predict: interrupted. What was there before is as it was",
    ]


def test_two_at_once_do_not_write_the_same_output(run: Run, project: Path, many: np.ndarray) -> None:
    first = start(project)
    wait_for_more(lambda: journal(project), than=3)
    first.send_signal(signal.SIGSTOP)
    try:
        result = run("predict", RAW)
        other = run("predict", RAW, "--output", "other.npy")
    finally:
        first.send_signal(signal.SIGCONT)
    assert_one_line(result, 1, "another process is writing predictions.npy: wait for it, or choose another output")
    assert other.returncode == 0
    _, said = first.communicate()
    assert first.returncode == 0, said
    assert len(np.load(project / "predictions.npy")) == MANY


def write_wrong_inputs(project: Path) -> None:
    images = np.load(project / RAW)
    np.save(project / "floats.npy", images.astype(np.float32))
    np.save(project / "small.npy", images[:, :27])
    np.save(project / "flat.npy", images.reshape(500, -1))
    np.save(project / "fortran.npy", np.asfortranarray(images))
    np.save(project / "pickled.npy", np.array([print, None], object), allow_pickle=True)
    idx.save(project / "small.idx", images[:, :, :1])
    idx.save(project / "labels.idx", images[:, 0, 0])
    idx.save(project / "whole.idx", images)
    idx.save(project / "whole.gz", images)
    (project / "cut.npy").write_bytes((project / RAW).read_bytes()[:-1])
    (project / "cut.idx").write_bytes((project / "whole.idx").read_bytes()[:-1])
    (project / "cut.gz").write_bytes((project / "whole.gz").read_bytes()[:-500])
    (project / "packed.npy.gz").write_bytes(gzip.compress((project / RAW).read_bytes()))
    (project / "empty").touch()
    (project / "page.html").write_text("<html>")
    (project / "folder").mkdir()
    os.mkfifo(project / "pipe")


WRONG = {
    "nowhere.npy": "No such file or directory: 'nowhere.npy'",
    "-": "No such file or directory: '-'",
    "folder": "folder is a folder: name the files in it",
    "pipe": "pipe is a device or a pipe, which cannot be read twice: write it to a file first",
    "floats.npy": "holds float32 (500, 28, 28), not uint8 (any, 28, 28): needed are images of 28 x 28 pixels",
    "small.npy": "small.npy holds uint8 (500, 27, 28), not uint8 (any, 28, 28): needed are images of 28 x 28 pixels",
    "flat.npy": "flat.npy holds uint8 (500, 784), not uint8 (any, 28, 28)",
    "fortran.npy": "fortran.npy is in Fortran's order: save it with numpy.ascontiguousarray",
    "pickled.npy": "pickled.npy is no whole .npy array",
    "small.idx": "small.idx holds uint8 (500, 28, 1): needed are images of 28 x 28 pixels",
    "labels.idx": "labels.idx holds uint8 (500): needed are images",
    "artifacts/parse/test-labels.npy": "holds uint8 (500), not uint8 (any, 28, 28)",
    "cut.npy": "cut.npy is no whole .npy array",
    "cut.idx": "cut.idx is no IDX file: it ends after 391,999 of 392,000 bytes of data",
    "cut.gz": "cut.gz is no IDX file: its gzip is damaged",
    "packed.npy.gz": "packed.npy.gz is a gzipped .npy file: unpack it first",
    "empty": "empty is no IDX file: it is empty",
    "page.html": "page.html is no IDX file: it begins with b'<htm', a web page perhaps",
}


def test_a_wrong_input_is_named_and_nothing_is_left(
    project: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write_wrong_inputs(project)
    monkeypatch.chdir(project)
    there = visible(project)
    for name, words in WRONG.items():
        with pytest.raises((PipelineError, OSError)) as caught:
            predict([Path(RAW), Path(name)])
        assert words in str(caught.value)
        assert visible(project) == there
        assert not caplog.messages


def test_errors_are_one_line(run: Run, project: Path) -> None:
    write_wrong_inputs(project)
    for name, words in (
        ("nowhere.npy", "No such file or directory: nowhere.npy. What was there before"),
        ("cut.gz", "cut.gz is"),
    ):
        result = run("predict", RAW, name)
        assert_one_line(result, 1, words)
        assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "Missing argument 'IMAGES'"),
        (f"{RAW} --workers 0", "'--workers'"),
        (f"{RAW} --block-size 0", "'--block-size'"),
        (f"{RAW} --scheduler dask", "'dask' is not one of threads, processes, sync, distributed, nor an address"),
        (f"{RAW} --ship-data", "data are shipped to the workers of a cluster: name one"),
        (f"{RAW} --scheduler tcp://localhost:1 --workers 2", "leave --workers out"),
        (f"{RAW} --output {RAW}", f"{RAW} cannot be two things at once"),
    ],
)
def test_what_was_asked_for_wrongly_is_told(line: str, words: str, run: Run, project: Path) -> None:
    assert_one_line(run("predict", *line.split()), 2, words)
    assert visible(project) == {"artifacts"}


@pytest.mark.parametrize(
    ("output", "probabilities", "words"),
    [
        (f"artifacts/../{RAW}", None, "cannot be two things at once"),
        ("a.npy", "./a.npy", "a.npy cannot be two things at once"),
        ("a.npy", ".a.npy.partial", ".a.npy.partial cannot be two things at once"),
        ("artifacts", None, "artifacts is a folder: name a file"),
        ("/", None, "/ is a folder: name a file"),
        ("", None, ". is a folder: name a file"),
        ("/dev/null", None, "/dev/null is a device or a pipe: name a file"),
        ("no/where.npy", None, "there is no folder no for where.npy: make it first"),
        ("artifacts/evaluate/x.npy", None, "lies within a published result: choose another output"),
        ("a.npy", "artifacts/.store/x.npy", "lies within a published result: choose another output"),
    ],
)
def test_an_output_that_cannot_be_is_told(
    output: str, probabilities: str | None, words: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    with pytest.raises(UsageError) as caught:
        predict([Path(RAW)], Path(output), Path(probabilities) if probabilities else None)
    assert words in str(caught.value)
    assert visible(project) == {"artifacts"}


def test_a_wrong_address_in_the_environment_is_told_with_its_variable(run: Run, project: Path) -> None:
    result = run("predict", RAW, env={**environment(), "DASK_SCHEDULER_ADDRESS": "nonsense"})
    assert_one_line(result, 2, "DASK_SCHEDULER_ADDRESS", "'nonsense' is not one of threads")


def test_a_model_that_is_not_there_or_not_whole_is_told(run: Run, project: Path) -> None:
    assert_one_line(run("predict", RAW, "--train", "nowhere"), 1, "run the stage train first (make train)")
    weights = project / "artifacts/train/layer-1-weights.npy"
    weights.write_bytes(weights.read_bytes()[:-1])
    assert_one_line(run("predict", RAW), 1, "layer-1-weights.npy")
    assert visible(project) == {"artifacts"}


def test_a_link_stays_and_what_it_shows_is_written(run: Run, project: Path) -> None:
    folder = project / "large disk"
    folder.mkdir()
    (project / "predictions.npy").symlink_to(folder / "labels.npy")
    assert run("predict", RAW).returncode == 0
    assert (project / "predictions.npy").is_symlink()
    assert len(np.load(folder / "labels.npy")) == 500
    assert visible(folder) == {"labels.npy"}
    loop = project / "loop"
    loop.symlink_to("loop")
    assert run("predict", RAW, "--output", "loop").returncode in (0, 1)  # and no traceback


def test_a_write_that_fails_leaves_everything_as_it_was(run: Run, project: Path) -> None:
    (project / "predictions.npy").write_bytes(b"from before")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))  # bytes that a file may have

    assert_one_line(run("predict", RAW, preexec_fn=limit), 1, "File too large", "What was there before is as it was")
    assert (project / "predictions.npy").read_bytes() == b"from before"
    assert visible(project) == {"artifacts", "predictions.npy"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk to fill")
def test_a_disk_that_is_full_is_named_before_the_work_begins(run: Run, project: Path, many: np.ndarray) -> None:
    disk = project / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k", "none", str(disk)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("this machine does not let us mount a small disk")
    try:
        (disk / "small.npy").write_bytes(b"from before")
        result = run("predict", "many.npy", "--output", "disk/labels.npy", "--probabilities", "disk/small.npy")
        assert_one_line(result, 1, "No space left on device")
        assert visible(disk) == {"small.npy"}
        # there would be room for the labels; the probabilities do not come that far, and the labels wait for them
        result = run("predict", "many.npy", "--probabilities", "disk/small.npy")
        assert_one_line(result, 1, "No space left on device")
        assert visible(disk) == {"small.npy"}
        assert (disk / "small.npy").read_bytes() == b"from before"
        result = run("predict", "many.npy", "--probabilities", "large.npy")
        assert result.returncode == 0, result.stderr
        assert len(np.load(project / "large.npy")) == MANY
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_an_output_that_cannot_be_replaced_in_the_end_costs_no_work(run: Run, project: Path, many: np.ndarray) -> None:
    process = start(project)
    wait_for_more(lambda: journal(project), than=3)
    (project / "predictions.npy").mkdir()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    kept, told = said.splitlines()
    assert kept == "predict: what it has done is kept: the same command goes on from there"
    assert told.startswith("handwriting predict: Is a directory")
    (project / "predictions.npy").rmdir()
    result = run(*LONG)
    assert result.stderr == f"predict: goes on after {MANY:,} of {MANY:,} images\n"
    assert len(np.load(project / "predictions.npy")) == MANY


@pytest.mark.parametrize("change", ["grows", "shrinks", "goes", "is replaced"])
def test_a_file_that_is_not_left_alone_is_told(change: str, project: Path, many: np.ndarray) -> None:
    process = start(project)
    wait_for_more(lambda: journal(project), than=3)
    file = project / "many.npy"
    if change == "grows":
        with open(file, "ab") as stream:
            stream.write(b"more")
    elif change == "shrinks":
        os.truncate(file, 1000)
    elif change == "goes":
        file.unlink()
    else:
        np.save(project / "fresh", many[::-1])
        (project / "fresh.npy").replace(file)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Traceback" not in said
    *_, line = said.splitlines()
    words = {"goes": "No such file or directory", "shrinks": "many.npy"}.get(change, "many.npy is another file by now")
    assert words in line
    assert not (project / "predictions.npy").exists()


def test_other_code_is_another_purpose(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    purposes: list[object] = []

    def note(folder: Path, names: list[str], total: int, classes: int, purpose: object) -> answers.Answers:
        purposes.append(purpose)
        return opened(folder, names, total, classes, purpose)

    opened = answers.open_answers
    monkeypatch.setattr(answers, "open_answers", note)
    for code in ("old", "old", "new"):
        monkeypatch.setattr(fingerprint, "fingerprint", lambda function, code=code: {"blocks.py": code})
        predict([Path(RAW)])
    assert purposes[0] == purposes[1] != purposes[2]


def test_who_sees_the_predictions_sees_all(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)

    def fail(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr("stages.predict._publish", fail)
    with pytest.raises(OSError, match=r"probabilities.npy"):  # which come first
        predict([Path(RAW)], probabilities=Path("probabilities.npy"))
