"""The program as its users meet it: a process with arguments, an exit status and two streams."""

import csv
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.data import idx
from pipeline.data.catalogue import FILES, TEST_IMAGES, TRAIN_IMAGES, TRAIN_LABELS
from pipeline.network.model import load_model, predict
from tests.processes import Run, environment

STAGES = ("download", "parse", "normalize", "train", "evaluate", "export")
COMMANDS = (*STAGES, "classify")


def snapshot(folder: Path) -> dict[str, bytes]:
    """Every published file, by the name under which people find it."""
    return {
        f"{stage.name}/{path.name}": path.read_bytes()
        for stage in folder.iterdir()
        if not stage.name.startswith(".")
        for path in stage.iterdir()
    }


@pytest.fixture
def project(built: Path, tmp_path: Path) -> Path:
    """A folder with its own artifacts, all stages done."""
    shutil.copytree(built, tmp_path / "artifacts", symlinks=True)
    return tmp_path


def test_the_six_stages_from_nothing_to_an_exported_model(run: Run, tmp_path: Path) -> None:
    arguments = {"download": ["--dataset", "sample"], "train": ["--recipe", "quick"]}
    said = {}
    for stage in STAGES:
        result = run(stage, *arguments.get(stage, []))
        assert result.returncode == 0, result.stderr
        assert result.stdout.endswith(f" -> artifacts/{stage}\n")
        assert result.stdout.count("\n") == 1
        assert (tmp_path / "artifacts" / stage / "manifest.json").exists()
        said[stage] = result
    assert "2,000 training and 500 test images of 28 x 28 pixels, 10 classes" in said["parse"].stdout
    assert "1,833 training, 167 validation, 500 test images" in said["normalize"].stdout
    assert "test accuracy 8" in said["evaluate"].stdout or "test accuracy 9" in said["evaluate"].stdout
    *_, training = [said["train"].stderr.splitlines()]
    assert "after initialisation: validation accuracy" in training[1]
    assert [line.split()[1:3] for line in training[2:]] == [["epoch", str(n)] for n in range(1, 6)]


def test_the_artifacts_are_as_documented(built: Path) -> None:
    def array(name: str) -> tuple[str, tuple[int, ...]]:
        loaded = np.load(built / name, allow_pickle=False, mmap_mode="r")
        return str(loaded.dtype), loaded.shape

    assert {name: array(f"parse/{name}.npy") for name in ("train-images", "train-labels", "test-images")} == {
        "train-images": ("uint8", (2000, 28, 28)),
        "train-labels": ("uint8", (2000,)),
        "test-images": ("uint8", (500, 28, 28)),
    }
    assert array("normalize/validation-images.npy") == ("float32", (167, 28, 28))
    assert array("normalize/validation-labels.npy") == ("uint8", (167,))
    assert array("normalize/scaling.npy") == ("float32", (2,))
    assert array("train/layer-1-weights.npy") == ("float32", (784, 128))
    assert array("train/layer-2-biases.npy") == ("float32", (10,))
    assert array("evaluate/predictions.npy") == ("uint8", (500,))
    assert array("evaluate/probabilities.npy") == ("float32", (500, 10))
    assert array("evaluate/confusion.npy") == ("int64", (10, 10))
    with open(built / "train" / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["epoch", "cost", "train_accuracy", "validation_accuracy", "learning_rate", "seconds"]
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4", "5"]
    model = json.loads((built / "train" / "model.json").read_text())
    best = max(float(row["validation_accuracy"]) for row in rows)
    assert model["training"]["validation_accuracy"] == pytest.approx(best, abs=1e-6)


def test_the_validation_part_is_the_last_of_the_training_images(built: Path) -> None:
    labels = np.load(built / "parse" / "train-labels.npy")
    parts = [np.load(built / "normalize" / f"{part}-labels.npy") for part in ("train", "validation")]
    assert np.array_equal(np.concatenate(parts), labels)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_every_option(command: str, run: Run) -> None:
    result = run(command, "--help")
    assert result.returncode == 0
    assert "--help" in result.stdout
    assert f"handwriting {command}" in result.stdout
    module = subprocess.run(
        [sys.executable, "-m", f"stages.{command}", "--help"], env=environment(), capture_output=True, text=True
    )
    assert module.stdout == result.stdout


def test_help_loads_nothing_heavy() -> None:
    program = "import sys, stages.cli; print([m for m in ('numpy', 'dask', 'onnx', 'pooch') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", program], env=environment(), capture_output=True, text=True)
    assert result.stdout == "[]\n"


def test_the_version_is_told(run: Run) -> None:
    assert run("--version").stdout.startswith("handwriting 0.")


def assert_one_line(result: subprocess.CompletedProcess[str], status: int, *words: str) -> None:
    assert result.returncode == status, result.stderr
    assert result.stdout == ""
    *_, line = result.stderr.splitlines()
    assert line.startswith("handwriting")
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in line


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("download --dataset emnist", "there is no data set 'emnist': choose one of mnist,"),
        ("download --dataset custom", "add --from DIR"),
        ("normalize --validation 0", "validation must be"),
        ("normalize --validation -5", "validation must be"),
        ("normalize --validation nan", "validation must be"),
        ("normalize --validation 1.5", "validation must be"),
        ("normalize --validation 2000", "leaves nothing of 2,000 training images"),
        ("normalize --validation many", "--validation"),
        ("train --recipe secret", "'secret' is not one of"),
        ("train --sizes 0", "every layer size must be at least 1 and at most 1,000,000, not 0"),
        ("train --sizes 10,x", "sizes are whole numbers"),
        ("train --epochs 0", "epochs"),
        ("train --epochs 1.5", "--epochs"),
        ("train --batch-size -1", "batch size"),
        ("train --learning-rate 0", "learning rate must be above 0, not 0"),
        ("train --learning-rate nan", "learning rate must be above 0, not nan"),
        ("train --learning-rate -1", "learning rate"),
        ("train --momentum 1", "momentum"),
        ("train --activation tanh", "'tanh' is not one of"),
        ("train --epoch 3", "--epoch"),
        ("evaluate --scheduler magic", "'magic' is not one of"),
        ("evaluate --workers 0", "--workers"),
        ("evaluate --block-size 0", "--block-size"),
        ("classify", "--index"),
        ("classify --index -1", "--index"),
        ("classify --index 500", "the index goes up to 499"),
        ("export now", "now"),
        ("trian", "Did you mean 'train'? See: handwriting --help"),
        ("train --bias-deviation 1e300", "bias deviation must be at least 0 and at most 1,000,000"),
        ("train --sizes 9999999999999999999999999", "every layer size must be"),
        ("normalize --validation 1e300", "a validation part of 1e+300 leaves nothing"),
        ("evaluate --output artifacts/normalize", "is the result of the stage normalize: choose another output"),
        ("evaluate --output artifacts/parse", "is the result of the stage parse: choose another output"),
        ("parse --output artifacts/train/parse", "lies within a published result"),
        ("parse --output .", "is not a link that a stage has made"),
    ],
)
def test_wrong_use_is_one_plain_line_and_status_2(arguments: str, words: str, run: Run, project: Path) -> None:
    before = snapshot(project / "artifacts")
    result = run(*arguments.split())
    assert_one_line(result, 2, words)
    assert result.stderr.count("\n") == 1
    assert snapshot(project / "artifacts") == before


@pytest.mark.parametrize(
    ("command", "missing"),
    [
        ("parse", "download"),
        ("normalize", "parse"),
        ("train", "normalize"),
        ("evaluate", "normalize"),
        ("evaluate", "train"),
        ("export", "train"),
        ("export", "evaluate"),
        ("classify --index 0", "parse"),
        ("classify --index 0", "train"),
    ],
)
def test_a_missing_input_names_the_stage_to_run(command: str, missing: str, run: Run, project: Path) -> None:
    (project / "artifacts" / missing).unlink()
    assert_one_line(run(*command.split()), 1, f"run the stage {missing} first (make {missing})")


@pytest.mark.parametrize(
    ("command", "file", "body"),
    [
        ("parse", "download/dataset.json", "{}"),
        ("parse", "download/t10k-labels-idx1-ubyte", "<html>"),
        ("normalize", "parse/train-images.npy", "nothing"),
        ("train", "normalize/scaling.npy", ""),
        ("evaluate", "train/model.json", "{}"),
        ("evaluate", "train/layer-1-weights.npy", "\x93NUMPY"),
        ("export", "evaluate/metrics.json", "{}"),
        ("export", "evaluate/metrics.json", "["),
        ("export", "evaluate/metrics.json", '{"accuracy": 2, "images": 500}'),
        ("export", "evaluate/metrics.json", '{"accuracy": 1e999, "images": 1e999}'),
        ("export", "evaluate/manifest.json", "[" * 100_000),
        ("parse", "download/dataset.json", '{"name": "\\ud800", "class_names": []}'),
        ("export", "train/manifest.json", "{"),
        ("classify --index 0", "parse/test-images.npy", "PK"),
    ],
)
def test_a_damaged_input_is_named(command: str, file: str, body: str, run: Run, project: Path) -> None:
    (project / "artifacts" / file).write_text(body)
    assert_one_line(run(*command.split()), 1, Path(file).name)


@pytest.mark.parametrize(
    ("command", "file", "array", "words"),
    [
        ("train", "normalize/train-labels.npy", np.full(1833, 10, np.uint8), "label 10, beyond the last class, 9"),
        ("train", "normalize/scaling.npy", np.full(2, np.nan, np.float32), "no pixels have mean nan"),
        ("train", "normalize/validation-images.npy", np.zeros((167, 8, 8), np.float32), "not float32 (any, 28, 28)"),
        ("train", "normalize/train-images.npy", np.full((1833, 28, 28), np.inf, np.float32), "diverged in epoch 1"),
        ("evaluate", "normalize/test-labels.npy", np.full(500, 255, np.uint8), "label 255, beyond the last class"),
        ("evaluate", "normalize/test-images.npy", np.full((500, 28, 28), np.nan, np.float32), "no finite answer"),
        ("evaluate", "train/layer-1-weights.npy", np.full((784, 128), 3e38, np.float32), "no finite answer"),
        ("evaluate", "train/layer-1-biases.npy", np.full(128, np.nan, np.float32), "numbers that are none"),
        ("classify --index 0", "parse/test-labels.npy", np.full(500, 255, np.uint8), "label 255"),
    ],
)
def test_arrays_that_cannot_be_are_named(
    command: str, file: str, array: np.ndarray, words: str, run: Run, project: Path
) -> None:
    np.save(project / "artifacts" / file, array)
    result = run(*command.split())
    assert_one_line(result, 1, words)
    assert "Warning" not in result.stderr


@pytest.mark.parametrize("file", ["manifest.json", "model.json", "layer-1-weights.npy"])
def test_a_stage_replaces_its_own_damaged_result(file: str, run: Run, project: Path) -> None:
    before = snapshot(project / "artifacts")
    (project / "artifacts/train" / file).write_bytes(b"{")
    assert run("train", "--recipe", "quick").returncode == 0
    after = snapshot(project / "artifacts")
    differing = {name for name in before if before[name] != after[name]}
    assert differing <= {"train/history.csv", "train/manifest.json"}  # which tell the seconds


def test_images_where_labels_belong_are_named(run: Run, project: Path) -> None:
    shutil.copy(project / "artifacts/download" / TRAIN_IMAGES, project / "artifacts/download" / TRAIN_LABELS)
    assert_one_line(run("parse"), 1, TRAIN_LABELS, "not labels")


def custom_set(folder: Path) -> Path:
    """Four IDX files of someone's own: 3 x 4 pixels, two classes, which a pixel tells apart."""
    folder.mkdir()
    for count, (images, labels) in zip((40, 10), (FILES[:2], FILES[2:]), strict=True):
        truth = np.arange(count, dtype=np.uint8) % 2
        pictures = np.random.default_rng(count).integers(0, 100, (count, 3, 4), dtype=np.uint8)
        pictures[:, 0, 0] = 250 * truth
        idx.save(folder / f"{images}.gz", pictures)
        idx.save(folder / labels, truth)
    return folder


def test_ones_own_data_go_through_all_stages(run: Run, tmp_path: Path) -> None:
    folder = custom_set(tmp_path / "mine here")
    (folder / "class-names.txt").write_text("no\nyes\n", encoding="utf-8")
    run("download", "--dataset", "custom", "--from", str(folder))
    for stage in STAGES[1:]:
        result = run(stage)
        assert result.returncode == 0, result.stderr
    assert run("classify", "--index", "3").stdout.endswith("truth yes\n")


@pytest.mark.parametrize("damage", ["truncated", "page", "missing", "other"])
def test_ones_own_damaged_data_are_named(damage: str, run: Run, tmp_path: Path) -> None:
    folder = custom_set(tmp_path / "mine")
    path = folder / f"{TEST_IMAGES}.gz"
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:-5])
    elif damage == "page":
        path.write_bytes(b"<!DOCTYPE html>")
    elif damage == "missing":
        path.unlink()
    else:
        idx.save(path, np.zeros((10, 4, 3), np.uint8))
    result = run("download", "--dataset", "custom", "--from", str(folder))
    if result.returncode == 0:
        result = run("parse")
    assert_one_line(result, 1)
    assert TEST_IMAGES in result.stderr or "test images 4 x 3" in result.stderr


def test_a_folder_that_has_not_got_a_known_set_is_refused(run: Run, tmp_path: Path) -> None:
    result = run("download", "--dataset", "mnist", "--from", str(custom_set(tmp_path / "mine")))
    assert_one_line(result, 1, "no source has mnist")
    assert not (tmp_path / "artifacts" / "download").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        "--optimizer sgd --schedule constant --learning-rate 1e30",
        "--cost quadratic --learning-rate 1e18 --schedule constant",  # the weights stay finite, the answers don't
        "--epochs 1 --batch-size 5000 --sizes 64,64,64 --learning-rate 1e13",  # one step, after which nobody looks
        "--epochs 1 --batch-size 5000 --learning-rate 1e39",
    ],
)
def test_a_retrain_that_diverges_says_so_and_leaves_the_model_as_it_was(
    arguments: str, run: Run, project: Path
) -> None:
    before = snapshot(project / "artifacts")
    result = run("train", *arguments.split())
    assert_one_line(result, 1, "diverged in epoch 1: try a smaller learning rate")
    assert "Warning" not in result.stderr
    assert snapshot(project / "artifacts") == before


def test_the_epoch_that_recognised_most_is_kept(run: Run, project: Path) -> None:
    # At such a rate the accuracy goes up and down, so the best epoch is not the last.
    run("train", "--epochs", "8", "--learning-rate", "0.02", "--schedule", "constant", "--sizes", "32")
    with open(project / "artifacts/train/history.csv", newline="") as file:
        accuracies = [float(row["validation_accuracy"]) for row in csv.DictReader(file)]
    assert accuracies[-1] < max(accuracies)
    model = load_model(project / "artifacts/train")
    images, labels = (np.load(project / f"artifacts/normalize/validation-{what}.npy") for what in ("images", "labels"))
    assert (predict(model, images).argmax(axis=1) == labels).mean() == pytest.approx(max(accuracies), abs=1e-6)
    training = json.loads((project / "artifacts/train/model.json").read_text())["training"]
    assert training["epoch"] == max(range(8), key=lambda n: (accuracies[n], n)) + 1


def test_the_scaling_is_that_of_the_training_part_alone(built: Path) -> None:
    mean, deviation = np.load(built / "normalize/scaling.npy")
    pixels = np.load(built / "parse/train-images.npy")[:1833] / 255
    assert mean == pytest.approx(pixels.mean(), rel=1e-6)
    assert deviation == pytest.approx(pixels.std(), rel=1e-6)


def test_an_evaluation_of_another_model_is_not_exported(run: Run, project: Path) -> None:
    assert run("train", "--recipe", "quick", "--epochs", "1").returncode == 0
    assert_one_line(run("export"), 1, "run the stage evaluate again")


def test_classify_draws_the_image_and_gives_the_evaluations_answer(run: Run, project: Path) -> None:
    probabilities = np.load(project / "artifacts/evaluate/probabilities.npy")
    labels = np.load(project / "artifacts/parse/test-labels.npy")
    for index in (0, 7, 499):
        lines = run("classify", "--index", str(index)).stdout.splitlines()
        output = probabilities[index]
        digit = output.argmax()
        assert lines[-1] == f"digit {digit}, confidence {output[digit]:.2%}, truth {labels[index]}"
        assert [line.split() for line in lines[-12:-2]] == [[str(n), f"{p:.6f}"] for n, p in enumerate(output)]
        assert any("█" in line for line in lines[:28])


def test_classify_draws_in_ascii_where_there_is_nothing_else(run: Run, project: Path) -> None:
    result = run("classify", "--index", "0", env={**environment(), "PYTHONIOENCODING": "ascii"})
    assert result.returncode == 0
    assert result.stdout.isascii()
    assert "@@" in result.stdout


def test_class_names_that_the_terminal_cannot_show_are_no_reason_to_fail(run: Run, project: Path) -> None:
    for stage in ("parse", "train"):
        path = project / "artifacts" / stage / ("dataset.json" if stage == "parse" else "model.json")
        path.write_text(json.dumps({**json.loads(path.read_text()), "class_names": list("おきすつなはまやれを")}))
    result = run("classify", "--index", "0", env={**environment(), "PYTHONIOENCODING": "ascii"})
    assert result.returncode == 0
    assert result.stdout.isascii()


def test_an_image_of_another_data_set_is_not_classified(run: Run, project: Path) -> None:
    run("download", "--dataset", "custom", "--from", str(custom_set(project / "mine")))
    run("parse")
    assert_one_line(run("classify", "--index", "3"), 1, "has learned from sample, but artifacts/parse holds custom")


@pytest.mark.parametrize("command", ["classify --index 0", "parse"])
def test_a_reader_that_goes_away_is_no_failure(command: str, project: Path) -> None:
    line = f"{sys.executable} -m stages.cli {command} | true; exit ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", line], cwd=project, env=environment(), capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")


def test_a_result_that_cannot_be_told_is_there_all_the_same(run: Run, project: Path) -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "stages.cli", "train", "--epochs", "1"]
        result = subprocess.run(command, cwd=project, env=environment(), stdout=full, stderr=subprocess.PIPE, text=True)
    assert result.returncode == 1
    assert "done, but there is no room to say so" in result.stderr
    assert run("evaluate").returncode == 0


def test_pyproject_replaces_defaults_and_the_command_line_wins(run: Run, project: Path) -> None:
    (project / "pyproject.toml").write_text(
        '[tool.handwriting.train]\nrecipe = "quick"\nepochs = 2\nsizes = [12, 11]\nlearning-rate = 0.01\n'
    )

    def trained() -> dict[str, object]:
        training = json.loads((project / "artifacts/train/model.json").read_text())["training"]
        return {name: training[name] for name in ("recipe", "epochs", "sizes", "learning_rate")}

    assert run("train").returncode == 0
    assert trained() == {"recipe": "quick", "epochs": 2, "sizes": [12, 11], "learning_rate": 0.01}
    assert run("train", "--epochs", "1").returncode == 0
    assert trained()["epochs"] == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[tool.handwriting.train]\nepoch = 2\n", "sets 'epoch' for train, which has no such option"),
        ('[tool.handwriting.train]\nepochs = "x"\n', "epochs"),
        ("[tool.handwriting\n", "pyproject.toml cannot be read"),
        ('[tool.handwriting.train]\nepochs = "x"\n', "in pyproject.toml"),
        ("[tool.handwriting.trian]\nepochs = 2\n", "there is no such command"),
        ("[tool]\nhandwriting = 3\n", "must have a table for each command"),
        ("tool = 1\n", "must have a table for each command"),
        ("x = " + "[" * 5000, "pyproject.toml cannot be read"),
    ],
)
def test_a_wrong_pyproject_is_wrong_use(text: str, words: str, run: Run, project: Path) -> None:
    (project / "pyproject.toml").write_text(text)
    assert_one_line(run("train"), 2, words)


def test_an_output_that_cannot_be_written_is_named(run: Run, project: Path) -> None:
    if os.geteuid() == 0:
        place = "/sys/kernel/out/parse"  # which not even root may write
    else:
        (project / "locked").mkdir(mode=0o500)
        place = str(project / "locked" / "out" / "parse")
    assert_one_line(run("parse", "--output", place), 1, "What was there before is as it was")
    (project / "file").write_text("mine")
    assert_one_line(run("parse", "--output", str(project / "file" / "parse")), 1, "file")
    assert (project / "file").read_text() == "mine"


@pytest.mark.parametrize("stage", STAGES)
def test_a_write_that_fails_in_the_middle_leaves_everything_as_it_was(stage: str, run: Run, project: Path) -> None:
    before = snapshot(project / "artifacts")
    arguments = {"download": ["--dataset", "sample"], "train": ["--recipe", "quick"]}

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))  # bytes that a file may have

    result = run(stage, *arguments.get(stage, []), preexec_fn=limit)
    assert_one_line(result, 1, "File too large")
    assert snapshot(project / "artifacts") == before
    assert not list((project / "artifacts" / ".store").glob("*.partial"))
    assert run(stage, *arguments.get(stage, [])).returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk to fill")
def test_a_disk_that_is_full_is_named(run: Run, project: Path) -> None:
    disk = project / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(disk)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("this machine does not let us mount a small disk")
    try:
        assert_one_line(run("parse", "--output", str(disk / "parse")), 1, "No space left on device")
        assert not (disk / "parse").exists()
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def training(project: Path) -> subprocess.Popen[str]:
    """A training that would take long."""
    command = [sys.executable, "-m", "stages.cli", "train", "--epochs", "1000"]
    return subprocess.Popen(command, cwd=project, env=environment(), stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_training_that_is_stopped_leaves_the_model_as_it_was(kind: signal.Signals, run: Run, project: Path) -> None:
    before = snapshot(project / "artifacts")
    with training(project) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "epoch 2 " in line:
                break
        process.send_signal(kind)
        rest = process.stderr.read()
    assert "Traceback" not in rest
    if kind is signal.SIGKILL:
        assert process.returncode == -kind
    else:
        assert process.returncode == 130
        assert rest.splitlines()[-1] == "handwriting train: interrupted. What was there before is as it was"
        assert not list((project / "artifacts" / ".store").glob("*.partial"))
    assert snapshot(project / "artifacts") == before
    assert run("train", "--recipe", "quick", "--epochs", "1").returncode == 0
