"""Measure the accuracy of `classify` on handwriting fonts on several papers, on MNIST as files, and on rows of digits.

    python -m tests.benchmarks.fonts [--fonts FOLDER]

Needs artifacts/parse in the current folder, and the fonts of the Debian packages fonts-breip, fonts-bwht,
fonts-dancingscript, fonts-dkg-handwriting, fonts-femkeklaver, fonts-humor-sans, fonts-klee, fonts-kristi,
fonts-rufscript, fonts-seto, fonts-sjfonts and fonts-yusei-magic.
"""

import argparse
import io
import itertools
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pipeline.reader import PRETRAINED, Reader, load
from tests.benchmarks.markdown import table

FONTS = {
    "Because We Build": "opentype/bwht/BecauseWeBuild-Regular.otf",
    "Because We Connect": "opentype/bwht/BecauseWeConnect-Regular.otf",
    "Because We Create": "opentype/bwht/BecauseWeCreate-Regular.otf",
    "Because We Learn": "opentype/bwht/BecauseWeLearn-Regular.otf",
    "Because We Mentor": "opentype/bwht/BecauseWeMentor-Regular.otf",
    "Because We Organize": "opentype/bwht/BecauseWeOrganize-Regular.otf",
    "Breip": "truetype/breip/Breip.ttf",
    "Dancing Script": "opentype/dancingscript/DancingScript-Regular.otf",
    "Delphine": "truetype/sjfonts/Delphine.ttf",
    "dkg": "truetype/fifthhorseman/dkg.ttf",
    "Femke Klaver": "truetype/femkeklaver/femkeklaver.ttf",
    "Humor Sans": "truetype/humor-sans/Humor-Sans.ttf",
    "Klee One": "truetype/klee/KleeOne-Regular.ttf",
    "Kristi": "truetype/kristi/Kristi.ttf",
    "Rufscript": "truetype/rufscript/Rufscript010.ttf",
    "Seto": "truetype/seto/setofont.ttf",
    "Steve": "truetype/sjfonts/SteveHand.ttf",
    "Yusei Magic": "truetype/yusei-magic/YuseiMagic-Regular.ttf",
}
SIZES = (20, 60, 150, 400)
ANGLES = (-10, 0, 10)
ROWS = 500

Grey = NDArray[np.float64]


def list_papers() -> dict[str, Callable[[Grey, np.random.Generator], Grey]]:
    """Return functions from a page, (h, w) with ink 0 and paper 1, to grey levels in [0, 255]."""

    def shade(page: Grey, generator: np.random.Generator) -> Grey:
        y, x = (np.linspace(-1, 1, size) for size in page.shape)
        angle = generator.uniform(0, 2 * np.pi)
        light = 0.7 + 0.25 * (np.cos(angle) * x + np.sin(angle) * y[:, np.newaxis])
        return np.asarray(light - 0.15 * (x**2 + y[:, np.newaxis] ** 2) / 2)

    def photograph(page: Grey, generator: np.random.Generator) -> Grey:
        levels = 255 * shade(page, generator) * (0.25 + 0.7 * page)
        return levels + generator.normal(0, 5, page.shape)

    def shadow(page: Grey, generator: np.random.Generator) -> Grey:
        y, x = (np.linspace(-1, 1, size) for size in page.shape)
        edge = x * generator.uniform(0.5, 1) + y[:, np.newaxis] * generator.uniform(-0.5, 0.5)
        light = 1 - 0.3 / (1 + np.exp(-(edge - generator.uniform(-0.3, 0.3)) * 12))
        return 255 * light * (0.2 + 0.75 * page) + generator.normal(0, 3, page.shape)

    return {
        "white paper": lambda page, generator: 255 * page,
        "white on black": lambda page, generator: 255 * (1 - page),
        "tinted paper, blue ink": lambda page, generator: 60 + 150 * page,
        "shaded paper": lambda page, generator: 255 * shade(page, generator) * (0.15 + 0.85 * page),
        "photograph, with noise": photograph,
        "soft shadow": shadow,
    }


def render(font: Path, text: str, size: int, angle: float) -> Grey:
    """Render a text in black, 0, on a page of 1, rotated by `angle` degrees."""
    face = ImageFont.truetype(str(font), size)
    left, top, right, bottom = face.getbbox(text)
    page = Image.new("L", (int(right - left + size), int(bottom - top + size)), 255)
    ImageDraw.Draw(page).text((size // 2 - left, size // 2 - top), text, font=face, fill=0)
    return np.asarray(page.rotate(angle, Image.Resampling.BICUBIC, fillcolor=255), float) / 255


def as_file(levels: NDArray[np.floating], kind: str = "png") -> io.BytesIO:
    file = io.BytesIO()
    Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8)).save(file, kind, quality=85)
    file.seek(0)
    return file


def measure_fonts(reader: Reader, folder: Path) -> dict[str, dict[object, Counter[str]]]:
    """Count by font, size, angle and paper what is read: "correct", or an error such as "1 as 7"."""
    counts: dict[str, dict[object, Counter[str]]] = {name: {} for name in ("font", "size", "angle", "paper")}
    generator = np.random.default_rng(1)
    for (font, path), size, angle, digit in itertools.product(FONTS.items(), SIZES, ANGLES, "0123456789"):
        page = render(folder / path, digit, size, angle)
        for paper, expose in list_papers().items():
            predicted = reader.read(as_file(expose(page, generator))).text
            outcome = "correct" if predicted == digit else f"{digit} as {predicted or 'none'}"
            for values, value in zip(counts.values(), (font, size, angle, paper), strict=True):
                values.setdefault(value, Counter())[outcome] += 1
    return counts


def measure_files(reader: Reader, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> str:
    """Return the accuracy on the images as PNG files, four times as large, black on white."""
    correct = 0
    for image, label in zip(images, labels, strict=True):
        large = Image.fromarray(255 - image).resize((4 * image.shape[1], 4 * image.shape[0]), Image.Resampling.BICUBIC)
        correct += reader.read(as_file(np.asarray(large, float))).text == str(label)
    return f"{correct / len(images):.2%}"


def measure_rows(reader: Reader, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> str:
    """Return the accuracy on rows of five test images, not touching, with random gaps and heights."""
    generator, correct = np.random.default_rng(1), 0
    for _ in range(ROWS):
        chosen = generator.integers(0, len(images), 5)
        canvas, end = np.zeros((48, 240), np.uint8), 4
        for index in chosen:
            inked = images[index][:, images[index].any(axis=0)]
            top = generator.integers(4, 16)
            canvas[top : top + 28, end : end + inked.shape[1]] = inked
            end += inked.shape[1] + generator.integers(2, 14)
        truth = "".join(map(str, labels[chosen]))
        correct += reader.read(as_file(255.0 - canvas[:, : end + 4])).text == truth
    return f"{correct / ROWS:.1%}"


def accuracy(counts: Counter[str]) -> str:
    return f"{counts['correct'] / counts.total():.2%}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fonts", type=Path, default=Path("/usr/share/fonts"))
    given = parser.parse_args()
    reader = load(PRETRAINED)
    images, labels = (np.load(f"artifacts/parse/test-{kind}.npy") for kind in ("images", "labels"))
    counts = measure_fonts(reader, given.fonts)
    everything = sum(counts["paper"].values(), Counter[str]())
    rows = [
        [f"the {len(images):,} test images as arrays", f"{np.mean(reader.predict(images) == labels):.2%}"],
        ["the same as PNG files, black on white, four times as large", measure_files(reader, images, labels)],
        [f"{ROWS} rows of five test images, at uneven distances and heights", measure_rows(reader, images, labels)],
        [f"{everything.total():,} digits of {len(FONTS)} handwriting fonts", accuracy(everything)],
    ]
    for name, form in (("paper", "{}"), ("angle", "rotated by {} degrees"), ("size", "{} pixels per em")):
        rows += [["fonts: " + form.format(value), accuracy(each)] for value, each in counts[name].items()]
    print(table(["pictures", "correct"], rows))
    fonts = sorted(counts["font"].items(), key=lambda item: -item[1]["correct"])
    found = [
        [font, accuracy(each), ", ".join(f"{error} ({n})" for error, n in each.most_common(4) if error != "correct")]
        for font, each in fonts
    ]
    print(f"\n{table(['font', 'correct', 'most frequent errors'], found)}")


if __name__ == "__main__":
    main()
