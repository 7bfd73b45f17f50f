"""Packages of extras that are missing, too old or removed in part."""

from pathlib import Path

import pytest

from pipeline.engine.errors import UsageError
from pipeline.engine.extras import find_lacking, require


@pytest.fixture(autouse=True)
def _garden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a project whose extra `flowers` needs two packages, of which there is the tulip, 2.10."""
    install(tmp_path, "garden", "1.0", "Requires-Dist: spade>=3", *map(REQUIRES.format, ("tulip>=2.9", "rose>=1")))
    install(tmp_path, "tulip", "2.10.1")
    monkeypatch.syspath_prepend(tmp_path)


REQUIRES = "Requires-Dist: {}; extra == 'flowers'"


def install(folder: Path, name: str, version: str, *lines: str) -> None:
    information = folder / f"{name}-{version}.dist-info"
    information.mkdir()
    head = ("Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}")
    (information / "METADATA").write_text("\n".join((*head, *lines)) + "\n")
    (folder / f"{name}.py").touch()


@pytest.mark.parametrize(
    ("version", "is_lacking"), [("1.2", False), ("10.0+local", False), ("0.9.9", True), (None, True)]
)
def test_package_that_is_missing_or_too_old_is_named(version: str | None, is_lacking: bool, tmp_path: Path) -> None:
    if version:
        install(tmp_path, "rose", version)
    found = find_lacking("garden", "flowers")
    assert found.endswith("-m pip install 'rose>=1'") == is_lacking == bool(found)


def test_package_of_which_only_files_or_only_metadata_are_left_is_missing(tmp_path: Path) -> None:
    install(tmp_path, "rose", "1.2")
    (tmp_path / "rose.py").unlink()
    next(tmp_path.glob("tulip-*")).rename(tmp_path / "removed")
    with pytest.raises(UsageError, match=r"flowers: .* 'tulip>=2.9' 'rose>=1'$") as error:
        require("garden", "flowers")
    assert isinstance(error.value, ImportError)


def test_project_that_is_not_installed_lacks_nothing() -> None:
    assert find_lacking("meadow", "flowers") == ""
