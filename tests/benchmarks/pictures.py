"""Measure the accuracy of `classify` on handwriting fonts on several papers, on MNIST as files, and on rows of digits.

    python -m tests.benchmarks.pictures [--images 10000] [--rows 500] [--model FOLDER]

Needs artifacts/parse in the current folder, and the fonts of the Debian packages fonts-breip, fonts-bwht,
fonts-dancingscript, fonts-dkg-handwriting, fonts-femkeklaver, fonts-humor-sans, fonts-klee, fonts-kristi,
fonts-rufscript, fonts-seto, fonts-sjfonts and fonts-yusei-magic.
"""

import argparse
import io
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from threadpoolctl import threadpool_limits

from pipeline.model.files import Model
from pipeline.model.prediction import predict
from pipeline.pictures.files import load_grey
from pipeline.pictures.reading import format_digits, read
from pipeline.reader import PRETRAINED, load

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


def read_file(model: Model, file: io.BytesIO) -> str:
    """Return what `classify` reads in the file, "" for no digit."""
    return format_digits(read(model, load_grey(file, "picture")).labels, model.class_names)


def measure_fonts(model: Model, folder: Path) -> Iterator[str]:
    """Yield lines with the accuracy and errors by font, size, angle and paper."""
    counts: dict[str, Counter[object]] = {name: Counter() for name in ("font", "size", "angle", "paper")}
    correct: dict[str, Counter[object]] = {name: Counter() for name in counts}
    errors: dict[str, Counter[str]] = {}
    generator = np.random.default_rng(1)
    for font, path in FONTS.items():
        if not (folder / path).exists():
            yield f"{font}: not installed"
            continue
        for size in SIZES:
            for angle in ANGLES:
                for digit in "0123456789":
                    page = render(folder / path, digit, size, angle)
                    for paper, expose in list_papers().items():
                        predicted = read_file(model, as_file(expose(page, generator)))
                        values: tuple[object, ...] = (font, size, angle, paper)
                        for name, value in zip(counts, values, strict=True):
                            counts[name][value] += 1
                            correct[name][value] += predicted == digit
                        if predicted != digit:
                            errors.setdefault(font, Counter())[f"{digit} as {predicted or 'none'}"] += 1
    for name, totals in counts.items():
        for value, count in totals.items():
            of_font = errors.get(value, Counter()) if name == "font" and isinstance(value, str) else Counter()
            most = ", ".join(f"{error} ({times})" for error, times in of_font.most_common(4))
            yield f"  {name:<6} {value!s:<24} {correct[name][value] / count:7.2%} of {count:,}  {most}"
    yield f"  all    {'':<24} {sum(correct['font'].values()) / sum(counts['font'].values()):7.2%}"


def measure_files(model: Model, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> str:
    """Return the accuracy on the test images as PNG files, four times as large, black on white."""
    started, correct, rejected = time.perf_counter(), 0, 0
    for image, label in zip(images, labels, strict=True):
        large = Image.fromarray(255 - image).resize((4 * image.shape[1], 4 * image.shape[0]), Image.Resampling.BICUBIC)
        predicted = read_file(model, as_file(np.asarray(large, float)))
        correct += predicted == model.class_names[label]
        rejected += predicted == ""
    plain = float(np.mean(predict(model, images).argmax(axis=1) == labels))
    each = 1000 * (time.perf_counter() - started) / len(images)
    return (
        f"{len(images):,} test images as PNG, x 4, inverted: {correct / len(images):.2%}, plain {plain:.2%}; "
        f"no digit found in {rejected}; {each:.1f} ms each"
    )


def measure_rows(model: Model, images: NDArray[np.uint8], labels: NDArray[np.uint8], count: int) -> str:
    """Return the accuracy on rows of five test images, not touching, with random gaps and heights."""
    generator, correct, errors = np.random.default_rng(1), 0, []
    for _ in range(count):
        chosen = generator.integers(0, len(images), 5)
        canvas, end = np.zeros((48, 240), np.uint8), 4
        for index in chosen:
            inked = images[index][:, images[index].any(axis=0)]
            top = generator.integers(4, 16)
            canvas[top : top + 28, end : end + inked.shape[1]] = inked
            end += inked.shape[1] + generator.integers(2, 14)
        predicted = read_file(model, as_file(255.0 - canvas[:, : end + 4]))
        truth = "".join(model.class_names[label] for label in labels[chosen])
        correct += predicted == truth
        errors += [f"{truth} as {predicted or 'none'}"] * (predicted != truth)
    return f"{correct} of {count} rows of five correct ({correct / count:.1%}); errors: {', '.join(errors)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--model", type=Path, default=PRETRAINED)
    parser.add_argument("--fonts", type=Path, default=Path("/usr/share/fonts"))
    given = parser.parse_args()
    model = load(given.model).model
    images = np.load("artifacts/parse/test-images.npy")
    labels = np.load("artifacts/parse/test-labels.npy")
    with threadpool_limits(1, "blas"):
        print(measure_rows(model, images, labels, given.rows), flush=True)
        print(measure_files(model, images[: given.images], labels[: given.images]), flush=True)
        print("Digits of fonts:", flush=True)
        for line in measure_fonts(model, given.fonts):
            print(line, flush=True)


if __name__ == "__main__":
    main()
