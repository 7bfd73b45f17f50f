"""Malicious and damaged archives."""

import gzip
import io
import random
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.data.archive import ArchiveError, take_files

BODY = b"wanted"
WANTED = {"package/data/one", "package/data/two"}


def archive(*members: tuple[str, bytes] | tarfile.TarInfo, form: int = tarfile.PAX_FORMAT) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as tar:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                tar.addfile(member)
            else:
                name, body = member
                info = tarfile.TarInfo(name)
                info.size = len(body)
                tar.addfile(info, io.BytesIO(body))
    return file.getvalue()


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The target folder, next to a file that must not change."""
    (tmp_path / "secret").write_bytes(b"private")
    (tmp_path / "folder").mkdir()
    return tmp_path / "folder"


def take(body: bytes, folder: Path) -> None:
    packed = io.BytesIO(body)
    try:
        take_files(gzip.GzipFile(fileobj=packed) if body.startswith(b"\x1f\x8b") else packed, WANTED, folder)
    finally:
        assert {path.name for path in folder.parent.iterdir()} == {"folder", "secret"}
        assert (folder.parent / "secret").read_bytes() == b"private"
        assert all(stat.S_ISREG(path.lstat().st_mode) for path in folder.iterdir())


@pytest.mark.parametrize("prefix", ["", "./"])
def test_only_wanted_files_are_written(prefix: str, folder: Path) -> None:
    link = special(f"{prefix}package/link", tarfile.SYMTYPE, "/etc/passwd")
    take(archive((f"{prefix}package/data/one", BODY), (f"{prefix}package/one", b"no"), link), folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"one": BODY}


def test_gzipped_archive_is_read_unless_truncated(folder: Path) -> None:
    packed = gzip.compress(archive(("package/data/one", random.Random(0).randbytes(100_000))))
    take(packed, folder)
    assert (folder / "one").stat().st_size == 100_000
    with pytest.raises(ArchiveError, match="the archive is damaged"):
        take(packed[:50_000], folder)


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        (special("package/data/one", tarfile.SYMTYPE, "../../../secret"), "'package/data/one' is not a regular file"),
        (special("package/data/one", tarfile.SYMTYPE, "/etc/passwd"), "is not a regular file"),
        (special("package/data/one", tarfile.LNKTYPE, "../secret"), "is not a regular file"),
        (special("package/data/one", tarfile.LNKTYPE, "package/data/two"), "is not a regular file"),
        (special("package/data/one", tarfile.CHRTYPE), "is not a regular file"),
        (special("package/data/one", tarfile.BLKTYPE), "is not a regular file"),
        (special("package/data/one", tarfile.FIFOTYPE), "is not a regular file"),
        (special("package/data/one", tarfile.DIRTYPE), "is not a regular file"),
    ],
)
def test_special_members_are_refused(member: tuple[str, bytes] | tarfile.TarInfo, reason: str, folder: Path) -> None:
    with pytest.raises(ArchiveError, match=reason) as raised:
        take(archive(("package/data/two", BODY), member), folder)
    assert str(raised.value).isprintable()


@pytest.mark.parametrize("name", ["../secret", "package/data/../../../secret", "/package/data/one", "/tmp/\x1b[31m\n"])
def test_member_with_another_path_is_not_written(name: str, folder: Path) -> None:
    take(archive((name, b"no"), ("package/data/one", BODY)), folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"one": BODY}


def test_nothing_is_written_through_a_link(folder: Path) -> None:
    link = special("package/data", tarfile.SYMTYPE, str(folder.parent))
    take(archive(link, ("package/data/one", BODY)), folder)
    assert (folder / "one").read_bytes() == BODY


def bomb_in_wanted_file() -> bytes:
    return archive(("package/data/one", bytes(1 << 23)))


def bomb_in_other_file() -> bytes:
    return archive(("package/zeros", bytes(1 << 23)), ("package/data/one", BODY))


def bomb_in_header() -> bytes:
    member = tarfile.TarInfo("package/data/one")
    member.pax_headers = {"comment": "x" * (1 << 23)}
    return archive(member)


@pytest.mark.parametrize("make", [bomb_in_wanted_file, bomb_in_other_file, bomb_in_header])
def test_bomb_is_refused(make: Callable[[], bytes], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.data.archive.MAX_BYTES", 1 << 20)
    with pytest.raises(ArchiveError, match="more than 1,048,576"):
        take(gzip.compress(make()), folder)
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 1 << 20


def test_huge_size_in_a_header_is_refused(folder: Path) -> None:
    info = tarfile.TarInfo("package/zeros")
    info.size = 1 << 80
    with pytest.raises(ArchiveError, match="more than 134,217,728 bytes"):
        take(info.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20), folder)


def test_many_nested_headers_are_refused(folder: Path) -> None:
    long = tarfile.TarInfo("././@LongLink")
    long.type, long.size = tarfile.GNUTYPE_LONGNAME, 1
    with pytest.raises(ArchiveError, match="the archive is damaged"):
        take((long.tobuf(tarfile.GNU_FORMAT) + b"x" + bytes(511)) * 20_000, folder)


def with_checksums(body: bytearray) -> bytes:
    """The archive with the correct checksum in each header."""
    for start in range(0, len(body) - 511, 512):
        if body[start + 257 : start + 262] == b"ustar":
            body[start + 148 : start + 156] = b" " * 8
            body[start + 148 : start + 156] = b"%06o\0 " % sum(body[start : start + 512])
    return bytes(body)


@pytest.mark.parametrize("seed", range(100))
def test_damaged_archive_is_read_or_refused(seed: int, folder: Path) -> None:
    rng = random.Random(seed)
    form = rng.choice((tarfile.PAX_FORMAT, tarfile.GNU_FORMAT))
    body = bytearray(archive(("package/data/one", BODY), (f"package/{'x' * 120}é", b"no"), form=form))
    for _ in range(rng.randint(1, 8)):
        body[rng.randrange(len(body) // 2)] = rng.choice((*b"\x00017SLxgK\x80\xff", rng.randrange(256)))
    try:
        take(with_checksums(body)[: rng.choice((None, rng.randrange(len(body))))], folder)
    except ArchiveError as error:
        assert str(error)
