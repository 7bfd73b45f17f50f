"""Copy pictures with a box and the class of each digit, so that people can check a reading."""

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.reader.pages.result import Number, Result

COLOUR, UNSURE_COLOUR, TEXT_COLOUR = (0, 80, 230), (214, 0, 60), (255, 255, 255)  # blue, red, white
CERTAIN = 0.9  # probability from which a digit is not marked, and a row need not be checked
LINE_WIDTH = 1 / 400  # of the longer side of the picture
TEXT_SIZE = 1 / 3, 1 / 40  # of the height of the box, but at least of the longer side of the picture
MIN_TEXT_SIZE = 8  # pixels
PAGE_SIDE = 1754  # pixels of the longer side of the image of a page, at most: A4 with 150 to an inch

Box = tuple[int, int, int, int]  # left, top, right, bottom, in pixels of the picture


def encode_with_boxes(picture: Image.Image, result: Result, class_names: Sequence[str]) -> bytes:
    """Return a copy of a picture, upright, as PNG, with what was read in it, and empty boxes of possible digits."""
    image = picture.copy()
    scale = [image.width / result.size[1], image.height / result.size[0]] * 2
    boxes = np.rint(np.concatenate([result.boxes, result.possible]) * scale).astype(np.int64)
    digits = [digit for row in result.rows for number in row.numbers for digit in list_digits(number, class_names)]
    digits += [("", 0.0)] * len(result.possible)
    draw_boxes(image, boxes, [text for text, _ in digits], [probability for _, probability in digits])
    encoded = io.BytesIO()
    image.save(encoded, "PNG", compress_level=1)  # the default takes three times as long
    return encoded.getvalue()


def list_digits(number: Number, class_names: Sequence[str]) -> list[tuple[str, float]]:
    """Return each digit of a number with the separators after it, and the probability of its class.

    Separators are left out if class names have several characters.
    """
    if len(number.digits) != len(number.boxes):  # such names, or a number without a text
        labels = number.probabilities.argmax(axis=1).tolist()
        texts = [class_names[label] for label in labels]
    else:
        labels, texts = [class_names.index(digit) for digit in number.digits], []
        for character in "".join(number.text.split()):
            if number.digits[len(texts) : len(texts) + 1] == character:
                texts.append(character)
            else:
                texts[-1] += character
    return list(zip(texts, number.probabilities[np.arange(len(labels)), labels].tolist(), strict=True))


def encode_page(page: Image.Image) -> str:
    """Return an image of a page, in grey, as a data URI."""
    reduced = page.convert("L")
    reduced.thumbnail((PAGE_SIDE, PAGE_SIDE))
    encoded = io.BytesIO()
    reduced.save(encoded, "JPEG", quality=60)
    return f"data:image/jpeg;base64,{base64.b64encode(encoded.getvalue()).decode()}"


def draw_boxes(
    image: Image.Image, boxes: NDArray[np.integer[Any]], texts: Sequence[str], probabilities: Sequence[float]
) -> None:
    """Draw boxes, (k, 4): left, top, right, bottom in pixels, on an RGB image, and the text of each above it.

    Those with a probability below CERTAIN have another colour and a question mark.
    """
    from PIL import ImageDraw, ImageFont  # only now: fonts take time to load

    draw = ImageDraw.Draw(image)
    longer = max(image.size)
    width = max(1, round(LINE_WIDTH * longer))
    for (left, top, right, bottom), name, probability in zip(boxes.tolist(), texts, probabilities, strict=True):
        text, colour = (name, COLOUR) if probability >= CERTAIN else (f"{name}?", UNSURE_COLOUR)
        left, top, right, bottom = left - width, top - width, right + width - 1, bottom + width - 1
        draw.rectangle((left, top, right, bottom), outline=colour, width=width)
        size = max(TEXT_SIZE[0] * (bottom - top), TEXT_SIZE[1] * longer, MIN_TEXT_SIZE)
        font, margin = ImageFont.load_default(size), round(size / 6)
        _, _, wide, tall = draw.textbbox((0, 0), text, font, "lt")
        wide, tall = wide + 2 * margin, tall + 2 * margin
        x = max(0, min(left, image.width - wide))
        y = top - tall if top >= tall else max(0, min(bottom, image.height - tall))
        draw.rectangle((x, y, x + wide, y + tall), fill=colour)
        draw.text((x + margin, y + margin), text, TEXT_COLOUR, font, "lt")
