"""Help, wrong usage, defaults, closed streams."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import Run, environment
from tests.stages.common import STAGES, assert_one_line, snapshot


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
        "large = ('numpy', 'dask', 'onnx', 'requests', 'tqdm', 'matplotlib', 'jinja2', 'PIL')\n"
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
        ("download --dataset emnist", "unknown data set 'emnist': choose one of mnist,"),
        ("download --dataset custom", "add --from DIR"),
        ("normalize --validation 0", "validation must be"),
        ("normalize --validation 2000", "leaves none of the 2,000 training images"),
        ("normalize --validation many", "--validation"),
        ("train --recipe mine", "'mine' is not one of 'original', 'quick', 'mlp', 'standard', 'record'. See: "),
        ("train --layers 0", "'0'"),
        ("train --layers conv16,x", "'x'"),
        ("train --layers 128,conv16", "conv16 follows a dense layer"),
        ("train --layers conv16,conv16,conv16", "conv16 does not fit"),
        ("train --epochs 1.5", "--epochs"),
        ("train --learning-rate nan", "learning rate must be in (0, inf), not nan"),
        ("train --activation tanh", "'tanh' is not one of"),
        ("train --epoch 3", "--epochs"),
        ("train --recipe standart", "train: Invalid value for '--recipe': 'standart' is not one of"),
        ("evaluate --scheduler magic", "'magic' is not one of"),
        ("classify", "--index"),
        ("classify --index 500", "the index goes up to 499"),
        ("export now", "now"),
        ("prune --keep 0", "--keep"),
        ("status --assume trian", "there is no stage 'trian'"),
        ("trian", "Did you mean 'train'? See: handwriting --help"),
        ("normalize --validation 1e300", "validation 1e+300 leaves none"),
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


def test_suggestions_only_for_commands_and_options(call: Run) -> None:
    for line in ("evaluate --scheduler tcp://x", "download --dataset mnits"):
        result = call(*line.split())
        assert_one_line(result, 2)
        assert "Did you mean" not in result.stderr


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
        ('[tool.handwriting.train]\nepochs = "x"\n', "epochs"),
        ("[tool.handwriting\n", "pyproject.toml cannot be read"),
        ("[tool]\rx = 1\n", "pyproject.toml cannot be read"),
        ('[tool.handwriting.train]\nepochs = "x"\n', "in pyproject.toml"),
        ("[tool.handwriting.trian]\nepochs = 2\n", "no such command: choose one of download, parse"),
        ("[tool.handwriting.console]\nepochs = 2\n", "no such command: choose one of download, parse"),
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
    assert_one_line(call("status"), 2, words)
    for line in (["--version"], ["--help"], ["train", "--help"]):
        assert (call(*line).returncode, call(*line).stderr) == (0, "")


def test_misspelt_default_affects_only_its_command(call: Run, project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.handwriting.train]\nepoch = 2\n")
    assert call("parse").returncode == 0
    assert call("classify", "--index", "0").returncode == 0


@pytest.mark.parametrize(("line", "status"), [("status >&-", 0), ("trian 2>&-", 2), ("parse >&- 2>&-", 0)])
def test_closed_streams_keep_the_exit_status(line: str, status: int, project: Path) -> None:
    command = ["sh", "-c", f"{sys.executable} -m stages.cli.main {line}"]
    result = subprocess.run(command, cwd=project, env=environment(), capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (status, "")


@pytest.mark.parametrize("command", ["classify --index 0", "parse"])
def test_closed_pipe_is_not_a_failure(command: str, project: Path) -> None:
    line = f"{sys.executable} -m stages.cli.main {command} | true; exit ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", line], cwd=project, env=environment(), capture_output=True, text=True)
    assert (result.returncode, result.stderr.removeprefix("model: artifacts/train\n")) == (0, "")


def test_result_is_published_even_if_output_fails(run: Run, project: Path) -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "stages.cli.main", "train", "--epochs", "1", "--layers", "16"]
        result = subprocess.run(command, cwd=project, env=environment(), stdout=full, stderr=subprocess.PIPE, text=True)
    assert result.returncode == 1
    assert "done, but cannot write to standard output" in result.stderr
    assert run("evaluate").returncode == 0
