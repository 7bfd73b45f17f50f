"""Fuzz target for the reader of defaults in pyproject.toml."""

import tomllib
from functools import cache, partial
from typing import Any

import typer

from pipeline.engine.errors import UsageError
from stages.cli.app import PROGRAM, build
from stages.cli.config import load_defaults
from stages.cli.main import COMMANDS
from stages.cli.usage import describe
from tests.torture.targets import Target, try_read, write


@cache
def _app() -> Any:
    return build(COMMANDS, lambda stage, arguments, force: arguments)


def check_declared(body: bytes) -> bool:
    """Defaults equal the file and name existing options; a command accepts them or raises a located error."""
    path = write("pyproject.toml", body)
    for name, command in _app().commands.items():
        values = try_read(partial(load_defaults, command, PROGRAM, path))
        if values is None:
            return False
        assert len(values) == len(tomllib.loads(body.decode()).get("tool", {}).get(PROGRAM, {}).get(name, {}))
        assert values.keys() <= {parameter.name for parameter in command.params}
        try:
            command.make_context(name, [], default_map=values)
        except typer.TyperException as error:
            assert describe(error, PROGRAM)
        except UsageError as error:  # of a value that only a callback checks
            assert str(error)
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
    *(b"seed = ", b"augment_fraction = ", b"recipe = ", b"output = ", b"force = ", b"help = true\n", b"workers = "),
    *(b"scheduler = ", b"true", b"nan", b"-inf", b"{a = 1}", b"[1, 'a']", b"[]", b"''", b'"\\u0000"', b"1979-05-27"),
    *(b"07:32:00", b"train" * 60, b"'../train'", b"0x1f", b"9" * 30, b"1e999", b"-1", b"[" * 400, b"'''", b"#"),
    *(b"a.b.c = 1\n", b"\n", b'"\x7f"', b"{}"),
)

TARGETS = {"declared": Target(check_declared, declared_seeds, words=TOML_WORDS)}
