"""Damaged files are named and rebuilt, and what they contain is never executed."""

import json
from pathlib import Path

import pytest

from tests.make.common import SAMPLE, digests, make, stage, worked


@pytest.mark.parametrize("file", ["parse/train-images.npy", "train/model.json", "train/manifest.json"])
def test_cut_file_is_named_before_use_and_rebuilt(file: str, project: Path) -> None:
    before = digests(project)
    name, _, output = file.partition("/")
    path = project / "artifacts" / file
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    used = stage(project, {"parse": "normalize", "train": "evaluate"}[name], "--force")
    assert used.returncode == 1
    assert f"/{output} is damaged: run the stage {name} again (make {name})\n" in used.stderr
    result = make(project, "all", *SAMPLE)
    assert worked(result)[0] == name
    assert f" {output}: is " in result.stderr
    assert digests(project) == before
    assert make(project, "-q", "all", *SAMPLE).returncode == 0


def test_file_contents_are_not_executed_by_make_or_shell(project: Path) -> None:
    commands = "x'; touch trap; $(touch trap) `touch trap` $(shell touch trap)"
    path = project / "artifacts/train/manifest.json"
    content = json.loads(path.read_text())
    for table in ("outputs", "code"):
        content[table] |= {name: content[table][next(iter(content[table]))] for name in (commands, "a: ; touch trap")}
    path.write_text(json.dumps(content, indent=2))
    make(project, "all", *SAMPLE)
    with open(project / "pyproject.toml", "a") as file:
        file.write(f'[tool.handwriting.download]\ndataset = "custom"\nfrom = "{commands}"\n')
    result = make(project, "parse")
    assert f"{commands} does not exist" in result.stderr
    assert "Traceback" not in result.stderr
    assert not list(project.rglob("trap"))
