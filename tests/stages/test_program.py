"""The program: help, wrong usage, completion, closed streams, colours."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from stages.__main__ import find_modules, load_commands, make_program, order_names
from tests.make.common import list_stages
from tests.processes import ROOT, Run, capture, environment
from tests.stages.common import assert_one_line, snapshot
from tests.terminal import show

PROGRAM = [sys.executable, "-m", "stages"]


@pytest.mark.parametrize("name", find_modules())
def test_help_fits_80_columns_and_its_examples_are_valid(name: str, call: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = call(name, "--help").stdout
    assert f"handwriting {name}" in shown
    assert max(map(len, shown.splitlines())) <= 80
    examples = [text.strip(" •") for text in shown.partition(" Examples:")[2].split("\n") if text.strip()]
    assert 1 <= len(examples) <= 3
    found = typer.main.get_command(make_program(load_commands([name]))).commands[name]  # type: ignore[attr-defined]
    for example in examples:
        words = shlex.split(example)
        assert words[:2] == ["handwriting", name]
        found.make_context(name, words[2:])  # raises on wrong usage


def test_every_command_is_listed_after_the_stages_that_it_reads(call: Run) -> None:
    shown = call().stdout
    named = [word for word in re.findall(r"│ ([a-z]+) ", shown) if word in find_modules()]
    assert sorted(named) == sorted(order_names())
    assert [name for name in named if name in list_stages()] == list(list_stages())


def test_help_and_up_to_date_stage_import_no_large_packages(project: Path) -> None:
    lines = ["--help", "download --dataset sample", "parse", "normalize", "train --recipe quick", *list_stages()[4:]]
    program = (
        "import sys\nfrom stages.__main__ import run\n"
        f"for line in {lines}:\n"
        "    assert run(line.split()) == 0\n"
        "large = ('numpy', 'dask', 'onnx', 'requests', 'matplotlib', 'jinja2', 'PIL')\n"
        "print([m for m in large if m in sys.modules])"
    )
    command = [sys.executable, "-c", program]
    result = capture(command, cwd=project)
    assert result.stdout.count("up to date: ") == len(list_stages()), result.stderr
    assert result.stdout.endswith("\n[]\n")


def test_version(call: Run) -> None:
    assert re.fullmatch(r"handwriting \d+\.\d+\.\d+\n", call("--version").stdout)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("download --dataset emnist", "'emnist'"),
        ("download --dataset custom", "add --from PATH"),
        ("download --dataset custom --from nowhere", "nowhere does not exist"),
        ("download --dataset sample --image-size 32x32", "--image-size"),
        ("normalize --validation 0", "validation cannot be"),
        ("normalize --validation 2000", "leaves no image of the 2,000 for training"),
        ("normalize --validation many", "'--validation'"),
        ("train --recipe quik", "'quick'"),
        ("train --layers conv16,conv16,conv16", "conv16 does not fit"),
        ("train --layers 128,conv8", "conv8 follows a dense layer"),
        ("train --epochs ten", "'--epochs'"),
        ("train --epochs 0", "epochs cannot be 0"),
        (f"train --epochs {'9' * 310}", "epochs cannot be 9999"),
        ("train --epoch 3", "--epochs"),
        ("evaluate --scheduler magic", "'magic' is not one of"),
        ("classify", "name files or folders"),
        ("export now", "now"),
        ("status EPOCH=3", "did you mean EPOCHS?"),
        ("status EPOCHS=0", "epochs cannot be 0"),
        ("trian", "Did you mean 'train'? See: handwriting --help"),
        ("evaluate --output artifacts/parse", "is the result of the stage parse: choose another output"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(arguments: str, words: str, call: Run, project: Path) -> None:
    before = snapshot(project / "artifacts")
    assert_one_line(call(*arguments.split()), 2, words)
    assert snapshot(project / "artifacts") == before


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("status >&-", 0),
        ("trian 2>&-", 2),
        ("parse >&- 2>&-", 0),
        ("trian 2> /dev/full", 2),
        ("classify 2> /dev/full", 2),
    ],
)
def test_closed_and_full_streams_are_no_failure(line: str, status: int, project: Path) -> None:
    command = ["sh", "-c", f"{' '.join(PROGRAM)} {line}"]
    result = capture(command, cwd=project)
    assert (result.returncode, result.stderr) == (status, "")  # a traceback that is not seen has the status 1


def test_full_disk_for_stdout_is_reported_after_the_work(project: Path) -> None:
    with open("/dev/full", "w") as full:
        command = [*PROGRAM, "parse", "--force"]
        result = subprocess.run(command, cwd=project, env=environment(), stdout=full, stderr=subprocess.PIPE, text=True)
    assert result.returncode == 1
    assert "done, but cannot write to standard output" in result.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("handwriting tr", ["train"]),
        ("handwriting train --ep", ["--epochs"]),
        ("handwriting train --epochs 3 --optimizer ad", ["adam", "adamw"]),
        ("handwriting evaluate --scheduler p", ["processes"]),
    ],
)
def test_completion_of_commands_options_and_values(
    line: str, offered: list[str], call: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = line.split(" ")
    monkeypatch.setenv("_HANDWRITING_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "\n".join(words))
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    assert call().stdout.split("\n")[:-1] == offered


def test_errors_are_red_on_a_colour_terminal(tmp_path: Path) -> None:
    assert show([*PROGRAM, "trian"], cwd=tmp_path).raw.startswith("\x1b[31mhandwriting:\x1b[0m No such command")
    for variables in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert show([*PROGRAM, "trian"], cwd=tmp_path, **variables).raw.startswith("handwriting: No such command")


@pytest.mark.slow
def test_stage_ends_on_a_terminal_with_its_name_and_state(project: Path) -> None:
    for more, end in ((["--epochs", "1"], "artifacts/train"), (["--epochs", "1"], "up to date"), ([], "restored")):
        shown = show([*PROGRAM, "train", "--recipe", "quick", *more], cwd=project)
        assert "\x1b[32mOK\x1b[0m train      validation accuracy " in shown.raw
        assert shown.raw.rstrip().endswith(end)


LINE = """
import logging, os, sys
from pipeline.engine.command import invoke, make_app
from pipeline.engine.program import run_command
from pipeline.engine.errors import PipelineError

def count():
    try:
        yield from (f"line {{number}}" for number in range(3))
        {end}
    finally:
        logging.getLogger("stages").info("cleaned up")

sys.exit(run_command("count", lambda: invoke(make_app(count), [], "count")))
"""


@pytest.mark.parametrize(
    ("end", "status", "message"),
    [
        ("raise PipelineError('the fourth line failed')", 1, "the fourth line failed"),
        ("open('/missing')", 1, "No such file or directory: /missing"),
        ("raise KeyboardInterrupt", 130, "interrupted"),
    ],
)
def test_lines_before_a_failure_are_kept(end: str, status: int, message: str) -> None:
    command = [sys.executable, "-c", LINE.format(end=end)]
    result = capture(command)
    assert (result.returncode, result.stdout) == (status, "line 0\nline 1\nline 2\n")
    cleanup, line = result.stderr.splitlines()
    assert (cleanup, line.startswith("count: "), message in line) == ("cleaned up", True, True)


def test_lines_are_printed_at_once_and_a_closed_pipe_ends_the_command() -> None:
    command = [sys.executable, "-c", LINE.format(end="sys.stdin.readline(); yield 'more'")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment(), stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout and process.stdin and process.stderr
        assert [process.stdout.readline() for _ in range(3)] == ["line 0\n", "line 1\n", "line 2\n"]
        process.stdout.close()
        process.stdin.write("continue\n")
        process.stdin.flush()
        assert (process.wait(60), process.stderr.read()) == (0, "cleaned up\n")


def test_program_in_an_archive_says_so(tmp_path: Path) -> None:
    archive = Path(shutil.make_archive(str(tmp_path / "program"), "zip", ROOT, "stages"))
    command = [sys.executable, "-P", "-m", "stages", "classify", "a.png"]
    path = os.pathsep.join([str(archive), str(ROOT)])
    result = capture(command, cwd=tmp_path, env={**environment(), "PYTHONPATH": path})
    assert (result.returncode, result.stderr) == (
        1,
        f"handwriting: {archive} is an archive: unpack it, or install it with pip\n",
    )
