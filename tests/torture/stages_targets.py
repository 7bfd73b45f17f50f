"""What reads the defaults in pyproject.toml, and what may come of it."""

import tomllib
from functools import cache, partial
from typing import Any

import typer

from stages.cli.app import PROGRAM, build
from stages.cli.config import load_declared
from stages.cli.console import _place
from stages.cli.main import COMMANDS
from tests.torture.targets import Target, attempt, scratch


@cache
def _app() -> Any:
    return build(COMMANDS, lambda stage, arguments, force: arguments)


def check_declared(body: bytes) -> bool:
    """The defaults are those that stand in the file, of commands and options that there are; a command takes them or
    says why it does not.
    """
    path = scratch() / "pyproject.toml"
    path.write_bytes(body)
    for name, command in _app().commands.items():
        values = attempt(partial(load_declared, command, PROGRAM, path))
        if values is None:
            return False
        assert len(values) == len(tomllib.loads(body.decode()).get("tool", {}).get(PROGRAM, {}).get(name, {}))
        assert values.keys() <= {parameter.name for parameter in command.params}
        try:
            command.make_context(name, [], default_map=values)
        except typer.TyperException as error:
            assert error.format_message() and _place(error) is not None
    return True


def declared_seeds() -> list[bytes]:
    return [
        b"[tool.handwriting.train]\nepochs = 20\nlayers = ['conv16', 512]\nrecipe = 'quick'\nlearning-rate = 1e-3\n",
        b'[tool.handwriting]\ndownload = {dataset = "custom", from = "data"}\nevaluate.workers = 2\n',
        b"[project]\nname = 'x'\n[tool.handwriting.normalize]\nvalidation = 0.1\n[tool.ruff]\nline-length = 120\n",
        b"[tool.handwriting.classify]\njson = true\nindex = 3\n[tool.handwriting.prune]\nkeep = 3\n",
    ]


TOML_WORDS = (
    *(b"[tool.handwriting.train]\n", b"[tool.handwriting]\n", b"[[tool]]\n", b"tool = 3\n", b"epochs = ", b"layers = "),
    *(
        b"seed = ",
        b"augment_fraction = ",
        b"recipe = ",
        b"output = ",
        b"force = ",
        b"help = true\n",
        b"workers = ",
        b"scheduler = ",
    ),
    *(b"true", b"nan", b"-inf", b"{a = 1}", b"[1, 'a']", b"[]", b"''", b'"\\u0000"', b"1979-05-27", b"07:32:00"),
    *(
        b"train" * 60,
        b"'../train'",
        b"0x1f",
        b"9" * 30,
        b"1e999",
        b"-1",
        b"[" * 400,
        b"'''",
        b"#",
        b"a.b.c = 1\n",
        b"\n",
        b'"\x7f"',
        b"{}",
    ),
)

TARGETS = {"declared": Target(check_declared, declared_seeds, words=TOML_WORDS)}
