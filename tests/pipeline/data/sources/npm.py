"""A program that replaces npm, and archives as npm downloads them."""

import hashlib
import io
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest


def replace_npm(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `npm` run a script of the shell, in `folder` / "bin"."""
    path = folder / "bin" / "npm"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{path.parent}:{os.environ['PATH']}")


def write_archive(path: Path, files: Mapping[str, bytes]) -> str:
    """Write an archive of these files; return its SHA-256."""
    with tarfile.open(path, "w:gz") as archive:
        for name, body in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
    return hashlib.sha256(path.read_bytes()).hexdigest()
