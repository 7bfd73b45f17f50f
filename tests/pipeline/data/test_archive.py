"""Archives of somebody who means harm."""

import gzip
import io
import random
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.data.archive import ArchiveError, take_files

BODY = b"what is wanted"
WANTED = {"package/data/one", "package/data/two"}


def archive(*members: tuple[str, bytes] | tarfile.TarInfo, form: int = tarfile.PAX_FORMAT) -> bytes:
    """A tar of files, by name and content, and of other members."""
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


def other(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    """A member that is no regular file."""
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where files are taken to; beside it a file that is not to be touched."""
    (tmp_path / "secret").write_bytes(b"not theirs")
    (tmp_path / "folder").mkdir()
    return tmp_path / "folder"


def take(body: bytes, folder: Path) -> None:
    packed = io.BytesIO(body)
    try:
        take_files(gzip.GzipFile(fileobj=packed) if body.startswith(b"\x1f\x8b") else packed, WANTED, folder)
    finally:
        assert {path.name for path in folder.parent.iterdir()} == {"folder", "secret"}
        assert (folder.parent / "secret").read_bytes() == b"not theirs"
        assert all(stat.S_ISREG(path.lstat().st_mode) for path in folder.iterdir())


@pytest.mark.parametrize("prefix", ["", "./"])
def test_only_what_is_wanted_is_written_under_its_last_name(prefix: str, folder: Path) -> None:
    link = other(f"{prefix}package/link", tarfile.SYMTYPE, "/etc/passwd")
    take(archive((f"{prefix}package/data/one", BODY), (f"{prefix}package/one", b"no"), link), folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"one": BODY}


def test_a_packed_archive_is_taken_from_as_well_unless_it_is_cut_off(folder: Path) -> None:
    packed = gzip.compress(archive(("package/data/one", random.Random(0).randbytes(100_000))))
    take(packed, folder)
    assert (folder / "one").stat().st_size == 100_000
    with pytest.raises(ArchiveError, match="its archive is damaged"):
        take(packed[:50_000], folder)


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        (other("package/data/one", tarfile.SYMTYPE, "../../../secret"), "'package/data/one' is no regular file"),
        (other("package/data/one", tarfile.SYMTYPE, "/etc/passwd"), "is no regular file"),
        (other("package/data/one", tarfile.LNKTYPE, "../secret"), "is no regular file"),
        (other("package/data/one", tarfile.LNKTYPE, "package/data/two"), "is no regular file"),
        (other("package/data/one", tarfile.CHRTYPE), "is no regular file"),
        (other("package/data/one", tarfile.BLKTYPE), "is no regular file"),
        (other("package/data/one", tarfile.FIFOTYPE), "is no regular file"),
        (other("package/data/one", tarfile.DIRTYPE), "is no regular file"),
    ],
)
def test_a_member_that_no_honest_archive_has_is_refused(
    member: tuple[str, bytes] | tarfile.TarInfo, reason: str, folder: Path
) -> None:
    with pytest.raises(ArchiveError, match=reason) as raised:
        take(archive(("package/data/two", BODY), member), folder)
    assert str(raised.value).isprintable()


@pytest.mark.parametrize(
    "other_name", ["../secret", "package/data/../../../secret", "/package/data/one", "/tmp/\x1b[31m\n"]
)
def test_a_member_elsewhere_is_not_written(other_name: str, folder: Path) -> None:
    take(archive((other_name, b"no"), ("package/data/one", BODY)), folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"one": BODY}


def test_through_a_folder_that_is_a_link_nothing_is_written(folder: Path) -> None:
    link = other("package/data", tarfile.SYMTYPE, str(folder.parent))
    take(archive(link, ("package/data/one", BODY)), folder)
    assert (folder / "one").read_bytes() == BODY


def bomb_of_a_file() -> bytes:
    return archive(("package/data/one", bytes(1 << 23)))


def bomb_of_another_file() -> bytes:
    return archive(("package/zeros", bytes(1 << 23)), ("package/data/one", BODY))


def bomb_of_a_header() -> bytes:
    member = tarfile.TarInfo("package/data/one")
    member.pax_headers = {"comment": "x" * (1 << 23)}
    return archive(member)


@pytest.mark.parametrize("make", [bomb_of_a_file, bomb_of_another_file, bomb_of_a_header])
def test_a_bomb_is_not_unpacked(make: Callable[[], bytes], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.data.archive.MOST_BYTES", 1 << 20)
    with pytest.raises(ArchiveError, match="more than 1,048,576"):
        take(gzip.compress(make()), folder)
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 1 << 20


def test_a_member_that_claims_to_be_endless_is_not_waited_for(folder: Path) -> None:
    info = tarfile.TarInfo("package/zeros")
    info.size = 1 << 80
    with pytest.raises(ArchiveError, match="more than 134,217,728 bytes"):
        take(info.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20), folder)


def test_headers_upon_headers_end_in_one_line(folder: Path) -> None:
    long = tarfile.TarInfo("././@LongLink")
    long.type, long.size = tarfile.GNUTYPE_LONGNAME, 1
    with pytest.raises(ArchiveError, match="its archive is damaged"):
        take((long.tobuf(tarfile.GNU_FORMAT) + b"x" + bytes(511)) * 20_000, folder)


def sealed(body: bytearray) -> bytes:
    """The archive with the checksum that belongs to each header."""
    for start in range(0, len(body) - 511, 512):
        if body[start + 257 : start + 262] == b"ustar":
            body[start + 148 : start + 156] = b" " * 8
            body[start + 148 : start + 156] = b"%06o\0 " % sum(body[start : start + 512])
    return bytes(body)


@pytest.mark.parametrize("seed", range(100))
def test_a_damaged_archive_is_read_or_refused(seed: int, folder: Path) -> None:
    dice = random.Random(seed)
    form = dice.choice((tarfile.PAX_FORMAT, tarfile.GNU_FORMAT))
    body = bytearray(archive(("package/data/one", BODY), (f"package/{'x' * 120}é", b"no"), form=form))
    for _ in range(dice.randint(1, 8)):
        body[dice.randrange(len(body) // 2)] = dice.choice((*b"\x00017SLxgK\x80\xff", dice.randrange(256)))
    try:
        take(sealed(body)[: dice.choice((None, dice.randrange(len(body))))], folder)
    except ArchiveError as error:
        assert str(error)
