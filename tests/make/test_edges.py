"""What the Makefile declares and what the stages record are the same, so the two cannot drift apart."""

import subprocess
from pathlib import Path

import pytest

from tests.make.common import SAMPLE, STAGES, clean_environment, make, manifest


def test_make_knows_the_inputs_that_the_stages_read(project: Path) -> None:
    """What the Makefile declares and what the manifests record cannot drift apart."""
    rules = subprocess.run(
        ["make", "-pq", "all", *SAMPLE], cwd=project, env=clean_environment(), capture_output=True, text=True
    ).stdout
    declared = {}
    for line in rules.splitlines():
        target, colon, needed = line.partition("/manifest.json: ")
        if colon and target.startswith("artifacts/"):
            files = needed.partition("|")[0].split()
            stages = {file.split("/")[1] for file in files if file.endswith("/manifest.json")}
            declared[target.removeprefix("artifacts/")] = stages
    assert declared == {name: manifest(project, name)["inputs"].keys() for name in STAGES}


@pytest.mark.parametrize("name", STAGES)
def test_make_knows_the_modules_that_the_stages_stand_on(name: str, project: Path) -> None:
    known = set(make(project, f"--eval=sources: ; @echo $({name}.sources)", "sources").stdout.split())
    recorded = manifest(project, name)["code"].keys()
    assert known >= recorded, f"{name} stands on {recorded - known}, which make does not know"


def test_every_package_that_decides_is_one_that_make_looks_at(project: Path) -> None:
    packages = {package for name in STAGES for package in manifest(project, name)["environment"]} - {"python"}
    line = next(line for line in (project / "Makefile").read_text().splitlines() if line.startswith("packages :="))
    assert packages == set(line.partition("foreach p,")[2].partition(",")[0].split())
