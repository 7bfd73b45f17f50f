"""Help, wrong usage, defaults, closed streams."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stages.cli.main import COMMANDS
from tests.processes import Run, environment
from tests.stages.common import STAGES, assert_one_line, snapshot

ALL = [command.__name__ for panel in COMMANDS.values() for command in panel]


def test_module_equals_command(run: Run) -> None:
    line = [sys.executable, "-m", "stages.train", "--help"]
    module = subprocess.run(line, env=environment(), capture_output=True, text=True)
    assert module.stdout == run("train", "--help").stdout


def test_help_and_up_to_date_stage_import_no_large_packages(project: Path) -> None:
    lines = ["--help", "download --dataset sample", "parse", "normalize", "train --recipe quick", *STAGES[4:]]
    program = (
        "import sys, stages.cli.main, stages.cli.console\n"
        f"for line in {lines}:\n"
        "    assert stages.cli.console.run(stages.cli.main.COMMANDS, line.split()) == 0\n"
        "large = ('numpy', 'dask', 'onnx', 'requests', 'matplotlib', 'jinja2', 'PIL')\n"
        "print([m for m in large if m in sys.modules])"
    )
    command = [sys.executable, "-c", program]
    result = subprocess.run(command, cwd=project, env=environment(), capture_output=True, text=True)
    assert result.stdout.count("up to date: ") == len(STAGES), result.stderr
    assert result.stdout.endswith("\n[]\n")


def test_version(call: Run) -> None:
    assert call("--version").stdout.startswith("handwriting 0.")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            "download --dataset emnist",
            "--dataset must be one of mnist, fashion-mnist, kmnist, sample, custom, not 'emnist'",
        ),
        ("download --dataset custom", "add --from PATH"),
        ("normalize --validation 0", "validation must be"),
        ("normalize --validation 2000", "leaves none of the 2,000 training images"),
        ("normalize --validation many", "--validation must be a number, not 'many'. See: handwriting normalize --help"),
        ("train --recipe mine", "--recipe must be one of original, quick, mlp, standard, record, not 'mine'. See: "),
        ("train --layers 0", "'0'"),
        ("train --layers 128,conv16", "conv16 follows a dense layer"),
        ("train --layers conv16,conv16,conv16", "conv16 does not fit"),
        ("train --epochs ten", "--epochs must be a whole number, not 'ten'. See: handwriting train --help"),
        ("train --epochs=", "--epochs must be a whole number, not ''"),
        (f"train --epochs {'9' * 310}", "--epochs must be at most 9,007,199,254,740,992, not 9999"),
        (f"evaluate --workers {'9' * 320}", "--workers must be at most"),
        (f"train --epochs {'9' * 5000}", "--epochs must be a whole number"),
        ("train --epochs 0", "epochs must be at least 1, not 0"),
        ("train --momentum 1", "momentum must be at least 0 and below 1, not 1.0"),
        ("train --learning-rate 0", "learning rate must be above 0, not 0.0"),
        ("train --learning-rate nan", "learning rate must be a finite number, not nan"),
        ("train --epoch 3", "--epochs"),
        ("evaluate --scheduler magic", "--scheduler: 'magic' is not one of"),
        ("classify", "--test-image"),
        ("classify --test-image -1", "--test-image must be at least 0, not -1"),
        ("classify --test-image 500", "the index goes up to 499"),
        ("export now", "now"),
        ("status --assume trian", "there is no stage 'trian'"),
        ("trian", "Did you mean 'train'? See: handwriting --help"),
        ("evaluate --output artifacts/normalize", "is the result of the stage normalize: choose another output"),
        ("evaluate --output artifacts/parse", "is the result of the stage parse: choose another output"),
        ("parse --output artifacts/train/parse", "lies within a published result"),
        ("parse --output .", "is not a link that a stage has made"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(arguments: str, words: str, call: Run, project: Path) -> None:
    before = snapshot(project / "artifacts")
    result = call(*arguments.split())
    assert_one_line(result, 2, words)
    *reasons, _ = result.stderr.splitlines()
    command = arguments.split()[0]
    assert all(line.startswith((f"{command}: parameter", "model: ")) for line in reasons)  # of a run that fails later
    assert snapshot(project / "artifacts") == before


def test_command_line_overrides_pyproject_overrides_defaults(run: Run, project: Path) -> None:
    (project / "pyproject.toml").write_text(
        '[tool.handwriting.train]\nrecipe = "quick"\nepochs = 2\nlayers = ["conv4", 11]\nlearning-rate = 0.01\n'
    )

    def trained() -> dict[str, object]:
        training = json.loads((project / "artifacts/train/model.json").read_text())["training"]
        return {name: training[name] for name in ("recipe", "epochs", "layers", "learning_rate")}

    assert run("train").returncode == 0
    assert trained() == {"recipe": "quick", "epochs": 2, "layers": "conv4,11", "learning_rate": 0.01}
    assert run("train", "--epochs", "1").returncode == 0
    assert trained()["epochs"] == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[tool.handwriting.train]\nepoch = 2\n", "sets 'epoch', but train has no such option"),
        ('[tool.handwriting.train]\nepochs = "x"\n', "--epochs must be a whole number, not 'x' (in pyproject.toml)"),
        (
            "[tool.handwriting.train]\nepochs = true\n",
            "--epochs must be a whole number, not 'True' (in pyproject.toml)",
        ),
        ("[tool.handwriting.train]\nepochs = [1, 2]\n", "--epochs must be a whole number, not '1,2'"),
        ("[tool.handwriting.train]\nepochs = {a = 1}\n", "--epochs must be a whole number, not"),
        ("[tool.handwriting.train]\nactivation = 3\n", "--activation must be one of sigmoid, tanh, relu, not '3'"),
        ('[tool.handwriting.train]\nforce = "maybe"\n', "--force must be true or false, not 'maybe'"),
        ("[tool.handwriting\n", "pyproject.toml cannot be read"),
        ("[tool]\rx = 1\n", "pyproject.toml cannot be read"),
        ("[tool.handwriting.trian]\nepochs = 2\n", f"no such command: choose one of {', '.join(sorted(ALL))}"),
        ("[tool.handwriting.console]\nepochs = 2\n", "no such command"),
        (f"[tool.handwriting.{'train' * 100}]\n", "there is no such command"),
        ("[tool.handwriting.'../train']\n", "there is no such command"),
        ("[tool]\nhandwriting = 3\n", "write the options of a command into a table"),
        ("tool = 1\n", "write the options of a command into a table"),
        ("x = " + "[" * 5000, "pyproject.toml cannot be read"),
    ],
)
def test_invalid_pyproject_is_wrong_usage_but_help_works(text: str, words: str, call: Run, project: Path) -> None:
    (project / "pyproject.toml").write_text(text)
    assert_one_line(call("train"), 2, words)
    result = call("train", "--help")
    assert (result.returncode, result.stderr) == (0, "")


def test_list_in_pyproject_repeats_an_option(call: Run, project: Path) -> None:
    (project / "pyproject.toml").write_text(
        '[tool.handwriting.status]\nassume = ["download --dataset sample", "train --recipe quick --epochs 1"]\n'
    )
    states = {name: facts["state"] for name, facts in json.loads(call("status", "--json").stdout).items()}
    assert (states["download"], states["train"]) == ("fresh", "stale")


def test_misspelt_default_affects_only_its_command(call: Run, project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.handwriting.train]\nepoch = 2\n")
    assert call("parse").returncode == 0
    assert call("classify", "--test-image", "0").returncode == 0


@pytest.mark.parametrize(("line", "status"), [("status >&-", 0), ("trian 2>&-", 2), ("parse >&- 2>&-", 0)])
def test_closed_streams_keep_the_exit_status(line: str, status: int, project: Path) -> None:
    command = ["sh", "-c", f"{sys.executable} -m stages.cli.main {line}"]
    result = subprocess.run(command, cwd=project, env=environment(), capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (status, "")


def test_closed_pipe_is_not_a_failure(project: Path) -> None:
    line = f"{sys.executable} -m stages.cli.main classify --test-image 0 | true; exit ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", line], cwd=project, env=environment(), capture_output=True, text=True)
    assert result.returncode == 0
    assert all(each.startswith("model: artifacts/train,") for each in result.stderr.splitlines())


def test_result_is_published_even_if_output_fails(run: Run, project: Path) -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "stages.cli.main", "train", "--epochs", "1", "--layers", "16"]
        result = subprocess.run(command, cwd=project, env=environment(), stdout=full, stderr=subprocess.PIPE, text=True)
    assert result.returncode == 1
    assert "done, but cannot write to standard output" in result.stderr
    assert run("evaluate").returncode == 0


def test_stage_runs_with_closed_stderr(project: Path) -> None:
    command = ["sh", "-c", 'exec "$0" "$@" 2>&-', sys.executable, "-m", "stages.cli.main", "evaluate", "--force"]
    result = subprocess.run(command, cwd=project, env=environment(), stdout=subprocess.PIPE, text=True)
    assert result.returncode == 0
    assert result.stdout.startswith("test accuracy")
