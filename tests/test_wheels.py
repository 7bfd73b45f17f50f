"""The wheel of the program, installed read-only in a fresh environment outside of the clone, reads pictures."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.model import PRETRAINED_MODEL
from tests.drawings import enlarge, sample_digits, write_row
from tests.processes import ROOT, capture

pytestmark = pytest.mark.slow

SCRIPT = """\
import json
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.reader import PRETRAINED, load

reader = load()
images: np.ndarray[tuple[int, ...], np.dtype[np.uint8]] = np.load("images.npy")
probabilities = reader.predict_proba(images)
assert reader.classes_[probabilities.argmax(axis=1)].tolist() == reader.predict(images).tolist()
results = [reader.read("photo.jpg"), reader.read(Path("photo.jpg")), load(PRETRAINED).read(Image.open("photo.jpg"))]
print(json.dumps([[result.text, result.confidence, len(result.boxes)] for result in results]))
"""


def install(project: Path, folder: Path) -> Path:
    """Build the wheel of a project and install it into folder / ".venv"; return the folder of its packages."""
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    wheel = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(project)]
    subprocess.run(wheel, check=True)
    venv.create(folder / ".venv", symlinks=True)
    (site,) = (folder / ".venv").glob("lib/python*/site-packages")
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        archive.extractall(site)
    # A line in a .pth file does not read the .pth files of that folder, such as that of the editable installation.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return site


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return the command of a Python with the wheel installed, which cannot write to its folder."""
    folder = tmp_path_factory.mktemp("fresh")
    site = install(ROOT, folder)
    for path in [*site.rglob("*"), site]:
        path.chmod(path.stat().st_mode & ~0o222)
    powerless = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"] if os.geteuid() == 0 else []
    return [*powerless, str(folder / ".venv/bin/python")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a read-only folder with a photograph and images."""
    images, _ = sample_digits()
    np.save(tmp_path / "images.npy", images[:50])
    Image.fromarray(255 - enlarge(write_row([images[index] for index in (3, 4, 17)], 8), 8)).save(
        tmp_path / "photo.jpg"
    )
    (tmp_path / "script.py").write_text(SCRIPT)
    tmp_path.chmod(0o555)
    return tmp_path


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return capture(command, cwd=folder, env=environment)


def test_script_reads_a_photograph(python: list[str], folder: Path) -> None:
    result = run([*python, "script.py"], folder)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    truth = "".join(str(sample_digits()[1][index]) for index in (3, 4, 17))
    for text, confidence, boxes in json.loads(result.stdout):
        assert (text, boxes) == (truth, 3)
        assert confidence > 0.9


def test_command_reads_a_photograph(python: list[str], folder: Path) -> None:
    result = run([*python, "-m", "stages.commands.classify", "photo.jpg"], folder)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("photo.jpg: ")


def test_script_passes_strict_type_checks(
    python: list[str], folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    options = ["--strict", "--cache-dir", str(tmp_path_factory.mktemp("mypy")), "--python-executable", python[-1]]
    result = run([sys.executable, "-m", "mypy", *options, "script.py"], folder)
    assert result.returncode == 0, result.stdout


def test_wheel_has_the_model_and_the_licence(python: list[str]) -> None:
    (site,) = Path(python[-1]).parent.parent.glob("lib/python*/site-packages")
    assert (site / PRETRAINED_MODEL.relative_to(ROOT)).read_bytes() == PRETRAINED_MODEL.read_bytes()
    assert (site / PRETRAINED_MODEL.relative_to(ROOT).with_name("MODEL_CARD.md")).exists()
    metadata = next(site.glob("handwriting-*.dist-info/METADATA")).read_text(encoding="utf-8")
    fonts = "LicenseRef-Hershey AND OFL-1.1 AND Bitstream-Vera AND LicenseRef-BaKoMa"
    assert f"License-Expression: MIT AND CC-BY-SA-3.0 AND {fonts}\n" in metadata
    assert next(site.glob("handwriting-*.dist-info/licenses/LICENSE")).read_bytes() == (ROOT / "LICENSE").read_bytes()
