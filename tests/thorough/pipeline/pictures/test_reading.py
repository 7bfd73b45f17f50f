"""Accuracy of the pretrained model on pictures of the sample's test images."""

import io

from PIL import Image

from pipeline.reader import PRETRAINED_READER, load
from tests.drawings import enlarge, sample_digits


def test_nearly_all_digits_are_read_in_pictures() -> None:
    reader, (images, labels) = load(PRETRAINED_READER), sample_digits()
    correct = 0
    for image, label in zip(images, labels, strict=True):
        file = io.BytesIO()
        Image.fromarray(255 - enlarge(image, 4)).save(file, "PNG")
        file.seek(0)
        correct += reader.read(file).text == str(label)
    assert correct >= 0.97 * len(labels)
