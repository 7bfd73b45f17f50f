"""Data sets in packages; small scripts replace the package clients."""

import gzip
import io
import os
import shutil
import subprocess
import tarfile
import time
from pathlib import Path

import pytest

from pipeline.data.catalogue import Package
from pipeline.data.dataset import FILES
from pipeline.data.fetch import FetchError, fetch
from tests.pipeline.data.common import PAYLOADS, assert_fetched, dataset, ignore


def install_fake(folder: Path, program: str, script: str) -> None:
    path = folder / "bin" / program
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def clients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    (tmp_path / "out").mkdir()
    return tmp_path


def npm_archive(path: Path, files: dict[str, bytes]) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name, body in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))


def test_npm_package_is_downloaded_and_only_four_files_are_extracted(clients: Path) -> None:
    package = Package("npm", "letters", "package/data", "1.0.0")
    files = {f"package/data/{name}": body for name, body in PAYLOADS.items()}
    npm_archive(clients / "letters.tgz", {**files, "package/index.js": b"no", "package/package.json": b"no"})
    install_fake(
        clients,
        "npm",
        f'[ "$1" = view ] || {{ case "$*" in *--ignore-scripts*) cp "{clients / "letters.tgz"}" .; esac; }}',
    )
    fetch(dataset(package), clients / "out", ignore)
    assert_fetched(clients / "out")
    assert not list(clients.rglob("package*"))


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo 'npm error code E404'; exit 1", "code E404"),
        ("echo 'npm warn old'; echo 'npm error network is down'; exit 1", "network is down"),
        ("echo 'npm error code E'; echo 'npm error it failed, reason: no such host'; exit 1", "no such host"),
        ("exit 3", "exit 3"),
        ('[ "$1" = view ] || echo nothing > letters.tgz', "the archive is damaged"),
        ('[ "$1" = view ] || printf "\\037\\213\\010" > letters.tgz', "the archive is damaged"),
        ("exit 0", "the client downloaded 0 files"),
    ],
)
def test_error_message_of_npm_is_the_reason(script: str, reason: str, clients: Path) -> None:
    install_fake(clients, "npm", script)
    with pytest.raises(FetchError, match=f"npm package letters 1.0.0: .*{reason}"):
        fetch(dataset(Package("npm", "letters", "package/data", "1.0.0")), clients / "out", ignore)


def test_npm_times_out(clients: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.data.fetch.LOOKUP_TIMEOUT", 0.3)
    install_fake(clients, "npm", "exec sleep 20")
    started = time.monotonic()
    with pytest.raises(FetchError, match=r"no response within 0\.3 s"):
        fetch(dataset(Package("npm", "letters", "package/data", "1.0.0")), clients / "out", ignore)
    assert time.monotonic() - started < 10


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="needs dpkg-deb")
def test_debian_package_is_downloaded_but_not_installed(clients: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = clients / "tree"
    data = tree / "usr/share/letters"
    data.mkdir(parents=True)
    (tree / "DEBIAN").mkdir()
    (tree / "DEBIAN/control").write_text(
        "Package: letters\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b>\nDescription: -\n"
    )
    for name, body in PAYLOADS.items():
        (data / f"{name}.gz").write_bytes(gzip.compress(body))
    subprocess.run(["dpkg-deb", "-b", str(tree), str(clients / "letters.deb")], check=True, capture_output=True)
    install_fake(clients, "apt-get", f'cp "{clients / "letters.deb"}" .')
    monkeypatch.chdir(clients)  # for a relative destination: the clients run in another folder
    fetch(dataset(Package("Debian", "letters", "usr/share/letters")), Path("out"), ignore)
    assert_fetched(clients / "out")
    install_fake(clients, "apt-get", "echo 'E: Unable to locate package letters' >&2; exit 100")
    with pytest.raises(FetchError, match="Debian package letters: Unable to locate package letters"):
        fetch(dataset(Package("Debian", "letters", "usr/share/letters")), clients / "out", ignore)


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="needs dpkg-deb")
@pytest.mark.parametrize("kind", ["link", "device", "damaged"])
def test_malicious_debian_package_is_not_unpacked(kind: str, clients: Path) -> None:
    out = clients / "out"
    (clients / "secret").write_bytes(b"private")
    with tarfile.open(clients / "data.tar", "w") as archive:
        names = [f"./usr/share/letters/{name}" for name in FILES]
        for name, body in zip(names, PAYLOADS.values(), strict=True):
            member = tarfile.TarInfo(name)
            if kind == "link":
                member.type, member.linkname = tarfile.SYMTYPE, str(clients / "secret")
            elif kind == "device":
                member.type, member.devmajor, member.devminor = tarfile.CHRTYPE, 1, 5
            else:
                member.size = len(body)
            archive.addfile(member, io.BytesIO(body) if member.size else None)
    with tarfile.open(clients / "control.tar", "w") as archive:
        control = b"Package: letters\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b>\nDescription: -\n"
        member = tarfile.TarInfo("./control")
        member.size = len(control)
        archive.addfile(member, io.BytesIO(control))
    parts = {"debian-binary": b"2.0\n"} | {name: (clients / name).read_bytes() for name in ("control.tar", "data.tar")}
    package = b"!<arch>\n" + b"".join(
        f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(body):<10}`\n".encode() + body + b"\n" * (len(body) % 2)
        for name, body in parts.items()
    )
    (clients / "letters.deb").write_bytes(package[: -len(package) // 2] if kind == "damaged" else package)
    install_fake(clients, "apt-get", f'cp "{clients / "letters.deb"}" .')
    reason = "the archive is damaged" if kind == "damaged" else "is not a regular file"
    with pytest.raises(FetchError, match=reason):
        fetch(dataset(Package("Debian", "letters", "usr/share/letters")), out, ignore)
    assert not list(out.iterdir())


def test_installed_debian_package_is_used_directly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed, out = tmp_path / "installed", tmp_path / "out"
    installed.mkdir()
    out.mkdir()
    for name, body in PAYLOADS.items():
        (installed / f"{name}.gz").write_bytes(gzip.compress(body))
    monkeypatch.setenv("PATH", "")
    fetch(dataset(Package("Debian", "letters", str(installed).removeprefix("/"))), out, ignore)
    assert_fetched(out)
