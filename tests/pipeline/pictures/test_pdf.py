"""Pages of PDF files; without pypdfium2, only the message that says how to install it."""

import signal
import subprocess
import sys
import zlib
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from PIL import Image, ImageDraw, ImageFont

from pipeline.pictures.decoding import PictureError, count_pages, load_page, read_pages
from pipeline.pictures.levels import MAX_SIDE
from tests.cluster import wait_until
from tests.processes import environment, kill_tree, process_tree

SIZE = 248, 351  # A4


def write_pdf(path: Path, count: int) -> Path:
    """Write pages with their numbers."""
    pages = []
    for number in range(count):
        page = Image.new("L", SIZE, 240)
        ImageDraw.Draw(page).text((40, 40 + 50 * number), str(number), 30, ImageFont.load_default(40))
        pages.append(page)
    pages[0].save(path, "PDF", save_all=True, append_images=pages[1:])
    return path


def encrypt() -> bytes:
    """Return a file whose only page needs a password."""
    key = "41" * 32
    objects = ["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>"]
    objects += ["<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>", f"<</Filter/Standard/V 1/R 2/O<{key}>/U<{key}>/P -4>>"]
    return join(objects, f"/Encrypt 4 0 R/ID[<{key}><{key}>]")


def tile(step: float) -> bytes:
    """Return a file with a page in a pattern of black tiles at so small a distance; 0.0001 takes any machine hours."""
    head = f"<</PatternType 1/PaintType 1/TilingType 1/BBox[0 0 9 9]/XStep {step}/YStep {step}/Resources<<>>"
    return draw("/Pattern cs /X scn 0 0 9 9 re f", f"{head}/Length 12>>stream\n0 0 9 9 re f\nendstream")


def nest(levels: int, copies: int) -> bytes:
    """Return a file with a black square that forms draw, each of which draws the next one several times."""
    head = "<</Type/XObject/Subtype/Form/BBox[0 0 9 9]"
    calls = "/X Do " * copies
    forms = []
    for number in range(6, 5 + levels):
        inner = f"/Resources<</XObject<</X {number} 0 R>>>>"
        forms.append(f"{head}{inner}/Length {len(calls)}>>stream\n{calls}\nendstream")
    forms.append(f"{head}/Length 12>>stream\n2 2 4 4 re f\nendstream")
    return draw("/X Do", *forms)


def inflate(side: int, times: int) -> bytes:
    """Return a file with a black picture that is deflated so many times."""
    data = bytes(side**2)
    for _ in range(times):
        data = zlib.compress(data, 1)
    head = f"<</Type/XObject/Subtype/Image/Width {side}/Height {side}/ColorSpace/DeviceGray/BitsPerComponent 8"
    filters = "/ASCIIHexDecode" + "/FlateDecode" * times
    picture = f"{head}/Filter[{filters}]/Length {2 * len(data)}>>stream\n{data.hex()}\nendstream"
    return draw("9 0 0 9 0 0 cm /X Do", picture)


def draw(content: str, *others: str) -> bytes:
    """Return a file whose page has this content, in which X is the first of the other objects."""
    objects = ["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>"]
    objects.append(
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R"
        "/Resources<</XObject<</X 5 0 R>>/Pattern<</X 5 0 R>>>>>>"
    )
    objects.append(f"<</Length {len(content)}>>stream\n{content}\nendstream")
    return join([*objects, *others], "")


def join(objects: list[str], trailer: str) -> bytes:
    """Return a PDF file of these objects, the first of which is the root."""
    content, places = b"%PDF-1.4\n", []
    for number, text in enumerate(objects, start=1):
        places.append(len(content))
        content += f"{number} 0 obj{text}endobj\n".encode()
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(objects) + 1
    end = f"trailer<</Size {size}/Root 1 0 R{trailer}>>\nstartxref\n{len(content)}\n%%EOF"
    return content + f"xref\n0 {size}\n0000000000 65535 f \n{table}{end}".encode()


def find_renderers(pid: int) -> list[psutil.Process]:
    """Return the processes that render page 0 for a command."""
    with suppress(psutil.Error):  # one that counted the pages has just ended
        return [child for child in process_tree(pid)[1:] if child.cmdline()[-2:-1] == ["0"]]
    return []


def test_file_that_says_it_has_a_million_pages_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("pypdfium2")
    tree = "<</Type/Pages/Kids[3 0 R]/Count 1000000>>"
    page = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"
    (tmp_path / "many.pdf").write_bytes(join(["<</Type/Catalog/Pages 2 0 R>>", tree, page], ""))
    with pytest.raises(PictureError, match="many.pdf has more than 10,000 pages: split it"):
        count_pages(tmp_path / "many.pdf")


def test_without_the_package_a_pdf_says_which_command_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.pictures.decoding.pdf.find_lacking_packages", lambda: "pip install pypdfium2")
    path = write_pdf(tmp_path / "scan.pdf", 2)
    assert count_pages(path) == 1
    with pytest.raises(PictureError, match="pip install pypdfium2"):
        load_page(path, "scan.pdf")


class TestPages:
    @pytest.fixture(autouse=True)
    def _package(self) -> None:
        pytest.importorskip("pypdfium2")

    def test_each_page_is_rendered_upright_and_as_large_as_a_picture_is_read(self, tmp_path: Path) -> None:
        path = write_pdf(tmp_path / "scan.pdf", 3)
        assert count_pages(path) == 3
        tops = []
        for page in read_pages(path, [(2, "scan.pdf#3"), (0, "scan.pdf#1")]):
            assert isinstance(page, Image.Image)
            assert max(page.size) == MAX_SIDE
            inked = page.convert("L").point(lambda level: 255 * (level < 120)).getbbox()
            assert inked
            tops.append(inked[1] / page.height)
        assert tops[0] - tops[1] == pytest.approx(100 / SIZE[1], abs=0.05)
        assert load_page(path, "scan.pdf", 1).grey.shape[0] == MAX_SIDE

    def test_page_that_does_not_exist_is_an_error_and_the_next_is_read(self, tmp_path: Path) -> None:
        path = write_pdf(tmp_path / "scan.pdf", 2)
        first, second = read_pages(path, [(0, "scan.pdf#1"), (7, "scan.pdf#8")])
        assert isinstance(first, Image.Image)
        assert isinstance(second, PictureError)

    @pytest.mark.parametrize(
        ("content", "word"),
        [(b"", "damaged"), (b"%PDF-1.7\n%\xe2\xe3", "damaged"), (b"\x89PNG", "damaged"), (encrypt(), "encrypted")],
    )
    def test_damaged_or_encrypted_file_is_one_line(self, content: bytes, word: str, tmp_path: Path) -> None:
        path = tmp_path / "scan.pdf"
        path.write_bytes(content)
        assert count_pages(path) == 1
        (found,) = read_pages(path, [(0, "scan.pdf#1")])
        assert isinstance(found, PictureError)
        assert str(found).startswith(f"scan.pdf#1 is {word}")
        assert "\n" not in str(found)

    def test_page_that_takes_too_long_is_ended(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "scan.pdf"
        path.write_bytes(tile(9))
        assert load_page(path, "scan.pdf").grey.max() == 0
        monkeypatch.setattr("pipeline.pictures.pdf.MAX_SECONDS", 0.5)
        path.write_bytes(tile(0.0001))
        with pytest.raises(PictureError, match="within 0.5 seconds"):
            load_page(path, "scan.pdf")

    @pytest.mark.parametrize(
        ("large", "small"),
        [
            (inflate(10_000, 1), inflate(100, 1)),
            (inflate(10_000, 2), inflate(100, 2)),
            (nest(12, 10), nest(2, 10)),
        ],
        ids=["picture", "deflated twice", "nested"],
    )
    def test_page_that_takes_too_much_memory_is_ended(
        self, large: bytes, small: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "scan.pdf"
        path.write_bytes(large)
        monkeypatch.setattr("pipeline.pictures.pdf.MAX_MEMORY", 60_000_000)
        with pytest.raises(PictureError, match="scan.pdf is too large .* 60 MB"):
            load_page(path, "scan.pdf")
        path.write_bytes(small)
        assert load_page(path, "scan.pdf").grey.min() == 0

    def test_pages_are_counted_with_the_same_limits(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = write_pdf(tmp_path / "scan.pdf", 2)
        monkeypatch.setattr("pipeline.pictures.pdf.MAX_MEMORY", 1_000_000)
        assert count_pages(path) == 1  # as of each file that cannot be read

    @pytest.mark.slow
    def test_interruption_ends_the_rendering_of_a_page(self, tmp_path: Path) -> None:
        path = tmp_path / "scan.pdf"
        path.write_bytes(tile(0.0001))
        line = [sys.executable, "-m", "stages", "classify", str(path)]
        process = subprocess.Popen(line, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True)
        try:
            wait_until(lambda: find_renderers(process.pid), 60)
            (renderer,) = find_renderers(process.pid)
            process.send_signal(signal.SIGINT)  # to this process alone
            _, stderr = process.communicate(timeout=20)
            assert process.returncode == 130
            assert "Traceback" not in stderr
            wait_until(lambda: not renderer.is_running(), 5)
        finally:
            kill_tree(process.pid)
